package web

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initials returns the one or two letters of an avatar: the first letters or digits of the first and last word of a display name,
// or of the username if there is none. Words without any, such as emoji, count only if there are no others. If the last word is
// in Chinese, Japanese or Korean script, it is that letter alone. js/person.js has the same rule.
func initials(display, username string) string {
	display = strings.TrimSuffix(display, " (@"+username+")") // the suffix that tells namesakes apart
	words := slices.DeleteFunc(strings.Fields(display), func(word string) bool { return !strings.ContainsFunc(word, lettered) })
	if len(words) == 0 {
		words = strings.Fields(cmp.Or(display, username))
	}
	if len(words) == 0 {
		return ""
	}
	begin, end := initial(words[0]), initial(words[len(words)-1])
	if unicode.In(end, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return string(end)
	}
	if len(words) == 1 {
		return string(unicode.ToUpper(begin))
	}
	return string(unicode.ToUpper(begin)) + string(unicode.ToUpper(end))
}

// initial returns the first letter or digit of a word, its first character if it has none.
func initial(word string) rune {
	r, _ := utf8.DecodeRuneInString(word[max(0, strings.IndexFunc(word, lettered)):])
	return r
}

func lettered(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// hues is the number of colours of avatars: the classes hue-0 to hue-11.
const hues = 12

// hue returns the class of a username's colour.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(name)))
	return fmt.Sprintf("hue-%d", h.Sum32()%hues)
}
