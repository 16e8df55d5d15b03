// Package emoji knows the emoji of Unicode and their shortcodes, such as :tada:. The data are those of emojibase-data, in
// emoji.txt: see fetch.sh.
package emoji

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed emoji.txt
var data string

// variation has the variation selectors, which ask for the text or the emoji form of the character before them.
var variation = strings.NewReplacer("\ufe0e", "", "\ufe0f", "")

// Bare returns s without variation selectors. Two emoji are the same one if they are equal without these.
func Bare(s string) string { return variation.Replace(s) }

// Emoji is an emoji with its shortcodes.
type Emoji struct {
	Text       string   // as it is sent: with the variation selectors that show it as an emoji
	Shortcodes []string // without colons; those of GitHub come before those of Slack
	tones      []string // with skin tones, in the order of emojibase: for one person, from light to dark
}

// table is what emoji.txt contains.
type table struct {
	all         []Emoji
	byShortcode map[string]*Emoji
	byBare      map[string]string // the emoji with variation selectors, by the emoji without
}

// read parses emoji.txt at the first use, which takes a millisecond or two.
var read = sync.OnceValue(func() table {
	lines := strings.Split(strings.TrimSuffix(data, "\n"), "\n")
	t := table{all: make([]Emoji, len(lines)), byShortcode: make(map[string]*Emoji, 3000), byBare: make(map[string]string, 4500)}
	for i, line := range lines {
		e := &t.all[i]
		text, rest, _ := strings.Cut(line, "\t")
		names, tones, _ := strings.Cut(rest, "\t")
		*e = Emoji{Text: text, Shortcodes: strings.Fields(names), tones: strings.Fields(tones)}
		t.byBare[Bare(text)] = text
		for _, name := range e.Shortcodes {
			t.byShortcode[name] = e
		}
		for _, s := range e.tones {
			t.byBare[Bare(s)] = s
		}
	}
	return t
})

// All returns all emoji in the order of Unicode, for example to complete shortcodes from. The caller must not change them.
func All() []Emoji { return read().all }

// Find returns the emoji with a shortcode, which is given without colons. It may end in a skin tone, as Slack writes them:
// "+1::skin-tone-2" to "+1::skin-tone-6".
func Find(shortcode string) (emoji string, ok bool) {
	name, tone, toned := strings.Cut(shortcode, "::skin-tone-")
	e := read().byShortcode[name]
	if e == nil {
		return "", false
	}
	if !toned {
		return e.Text, true
	}
	if len(tone) != 1 || tone[0] < '2' || tone[0] > '6' {
		return "", false
	}
	modifier := string(rune(0x1f3fb) + rune(tone[0]-'2'))
	for _, s := range e.tones { // of two people with tones, those with the same
		if n := strings.Count(s, modifier); n > 0 && n == countTones(s) {
			return s, true
		}
	}
	return "", false
}

func countTones(s string) int {
	n := 0
	for _, r := range s {
		if r >= 0x1f3fb && r <= 0x1f3ff {
			n++
		}
	}
	return n
}

// One reports whether s is exactly one emoji, with or without variation selectors. It returns the emoji with those that show it
// as an emoji.
func One(s string) (emoji string, ok bool) {
	if len(s) > 64 { // the longest has 35 bytes
		return "", false
	}
	emoji, ok = read().byBare[Bare(s)]
	return emoji, ok
}
