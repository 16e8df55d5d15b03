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

// initials returns the one or two letters of an avatar: the first letter or digit of the first word and of the last word of a
// display name, or of the username if there is no display name. A word without letters and digits, such as an emoji, counts
// only if all words are of that kind. If the last word begins in Chinese, Japanese or Korean script, its first letter is the
// only one. js/person.js has the same rule.
func initials(display, username string) string {
	display = strings.TrimSuffix(display, " (@"+username+")") // the suffix that distinguishes people with the same name
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

// initial returns the first letter or digit of a word, or its first character if it has neither.
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
