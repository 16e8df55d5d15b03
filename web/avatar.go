package web

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
)

// initials returns the one or two letters of an avatar. Of a name in Chinese, Japanese or Korean script it is the first
// character. js/person.js has the same rule.
func initials(first, last, name string) string {
	words := strings.Fields(strings.TrimSuffix(first, " (@"+name+")") + " " + last) // the suffix that tells namesakes apart
	if len(words) == 0 {
		words = strings.Fields(name)
	}
	if len(words) == 0 {
		return ""
	}
	begin, end := []rune(words[0])[0], []rune(words[len(words)-1])[0]
	if unicode.In(end, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return string(end)
	}
	if len(words) == 1 {
		return string(unicode.ToUpper(begin))
	}
	return string(unicode.ToUpper(begin)) + string(unicode.ToUpper(end))
}

// hues is the number of colours of avatars: the classes hue-0 to hue-11.
const hues = 12

// hue returns the class of a username's colour.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(name)))
	return fmt.Sprintf("hue-%d", h.Sum32()%hues)
}
