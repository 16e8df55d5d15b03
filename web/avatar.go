package web

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
)

// initials are the one or two letters of somebody's avatar. A family name in Chinese, Japanese or
// Korean stands alone: its first character says enough. js/person.js has the same rule.
func initials(first, last, name string) string {
	words := strings.Fields(strings.TrimSuffix(first, " (@"+name+")") + " " + last) // as what tells namesakes apart ends
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

// hues is how many colours avatars have, classes hue-0 to hue-11.
const hues = 12

// hue is the class of the colour that goes with a name.
func hue(name string) string {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(name)))
	return fmt.Sprintf("hue-%d", h.Sum32()%hues)
}
