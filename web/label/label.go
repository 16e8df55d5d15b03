// Package label cleans what people type and others see as a label: names, topics, descriptions of
// browsers. Nothing in a label may be invisible, change the direction of what stands around it, or control
// a terminal.
package label

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	nonJoiner = '\u200c' // ZERO WIDTH NON-JOINER
	joiner    = '\u200d' // ZERO WIDTH JOINER
	emojiSign = '\ufe0f' // VARIATION SELECTOR-16: show the sign before it as an emoji
	keycap    = '\u20e3' // the box around a digit

	// maxMarks is how many combining marks may follow each other: UTS #39, section 5.4 has four.
	maxMarks = 4
)

// Clean is s as a label: without control characters, invisible characters and those that change the
// direction of text, with one space for each run of spaces, none at its ends, and at most four combining
// marks in a row. U+200C and U+200D stay where RFC 5892 (appendix A) allows them, and, with U+FE0F,
// inside an emoji.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	in := []rune(strings.ToValidUTF8(s, "\ufffd"))
	out := make([]rune, 0, len(in))
	marks := 0
	for i, r := range in {
		switch {
		case unicode.Is(unicode.Zs, r), unicode.IsControl(r) && unicode.IsSpace(r):
			out = appendSpace(out, r)
			marks = 0
		case r == nonJoiner || r == joiner:
			if joins(out, r, in[i+1:]) {
				out = append(out, r)
			}
		case r == emojiSign:
			if shownAsEmoji(out, in[i+1:]) {
				out = append(out, r)
			}
		case !Visible(r):
		case unicode.Is(unicode.M, r):
			if marks++; marks <= maxMarks {
				out = append(out, r)
			}
		default:
			out = append(out, r)
			marks = 0
		}
	}
	return strings.TrimFunc(string(out), func(r rune) bool { return unicode.IsSpace(r) })
}

// plain reports whether s is clean beyond doubt, as nearly all labels are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// appendSpace adds a space, unless one stands there already. An ideographic space stays one.
func appendSpace(out []rune, r rune) []rune {
	if len(out) == 0 || unicode.IsSpace(out[len(out)-1]) {
		return out
	}
	if r != '\u3000' {
		r = ' '
	}
	return append(out, r)
}

// Visible reports whether r shows, by itself or in what it does to the sign before it.
func Visible(r rune) bool {
	switch {
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // of category Cf, but signs all the same
		return true
	case r == '\u2800': // an empty Braille pattern
		return false
	}
	return !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		unicode.IsGraphic(r)
}

// joins reports whether a joiner may stand between what was kept and what follows: inside an emoji, or
// where RFC 5892 allows it, in a word.
func joins(before []rune, r rune, after []rune) bool {
	if r == joiner && len(after) > 0 && pictograph(after[0]) && pictograph(lastBase(before)) {
		return true
	}
	word := append(lastWord(before), r)
	return allowed(append(word, firstWord(after)...))
}

// allowed asks the rules for contextual characters of RFC 5892, which PRECIS (RFC 8264) refers to.
func allowed(word []rune) bool {
	_, err := precis.NewFreeform().String(string(word))
	return err == nil
}

func inWord(r rune) bool { return unicode.In(r, unicode.L, unicode.M) && Visible(r) }

func lastWord(before []rune) []rune {
	i := len(before)
	for i > 0 && inWord(before[i-1]) {
		i--
	}
	return append([]rune{}, before[i:]...)
}

func firstWord(after []rune) []rune {
	for i, r := range after {
		if !inWord(r) {
			return after[:i]
		}
	}
	return after
}

// lastBase returns the last sign but for what colours it or has it shown as an emoji.
func lastBase(before []rune) rune {
	for i := len(before) - 1; i >= 0; i-- {
		if r := before[i]; r != emojiSign && !(r >= 0x1f3fb && r <= 0x1f3ff) {
			return r
		}
	}
	return utf8.RuneError
}

// pictograph reports whether r can be a part of an emoji: nearly all are symbols to Unicode.
func pictograph(r rune) bool {
	return unicode.Is(unicode.So, r) && Visible(r)
}

// shownAsEmoji reports whether U+FE0F makes an emoji of the last sign: a symbol, or a digit in a box.
func shownAsEmoji(before, after []rune) bool {
	if len(before) == 0 {
		return false
	}
	r := before[len(before)-1]
	if strings.ContainsRune("0123456789#*", r) {
		return len(after) > 0 && after[0] == keycap
	}
	return pictograph(r) || strings.ContainsRune("‼⁉〰〽↔", r) || unicode.Is(unicode.Sm, r) && r > utf8.RuneSelf
}
