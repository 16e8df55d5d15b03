package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mentions reports whether a text calls u by @name, without regard to case. What follows the name
// must not be able to be part of it, but for a full stop that ends a sentence.
func Mentions(text string, u *User) bool {
	text, name := strings.ToLower(text), "@"+strings.ToLower(u.Name)
	for {
		before, after, found := strings.Cut(text, name)
		if !found {
			return false
		}
		prev, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, "."))
		if !inName(prev) && (after == "" || !inName(next) || after[0] == '.' && unicode.IsSpace(next)) {
			return true
		}
		text = after
	}
}

func inName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-' || r == '+' || r == '@'
}
