// Package label cleans short texts that people type and other people see: names, topics, descriptions of browsers. A clean
// label contains nothing that is invisible, changes the direction of the text around it, or controls a terminal.
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
	emojiSign = '\ufe0f' // VARIATION SELECTOR-16: shows the character before it as an emoji
	keycap    = '\u20e3' // COMBINING ENCLOSING KEYCAP: the box around a digit

	// maxMarks is the most combining marks in a row. UTS #39, section 5.4 forbids more than four.
	maxMarks = 4
)

// Clean returns s as a clean label. It removes control characters, invisible characters, and characters that change the
// direction of text. It keeps one space of each run of spaces, none at the ends, and at most four combining marks in a row. It
// keeps U+200C and U+200D where RFC 5892, appendix A allows them. Inside an emoji, it also keeps U+200D and U+FE0F.
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

// plain reports whether s is printable ASCII with single spaces inside, which is clean. Nearly all labels are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == ' ' && (i == 0 || i == len(s)-1 || s[i-1] == ' ') {
			return false
		}
	}
	return true
}

// appendSpace appends a space, unless out is empty or ends in one. An ideographic space stays ideographic.
func appendSpace(out []rune, r rune) []rune {
	if len(out) == 0 || unicode.IsSpace(out[len(out)-1]) {
		return out
	}
	if r != '\u3000' {
		r = ' '
	}
	return append(out, r)
}

// Visible reports whether r is visible, by itself or by its effect on the character before it.
func Visible(r rune) bool {
	switch {
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r): // of category Cf, but visible
		return true
	case r == '\u2800': // the empty Braille pattern
		return false
	}
	return !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		unicode.IsGraphic(r)
}

// joins reports whether the joiner r may stand between before and after: inside an emoji, or in a word where RFC 5892 allows
// it.
func joins(before []rune, r rune, after []rune) bool {
	if r == joiner && len(after) > 0 && pictograph(after[0]) && pictograph(lastBase(before)) {
		return true
	}
	word := append(lastWord(before), r)
	return allowed(append(word, firstWord(after)...))
}

// allowed reports whether a word conforms to the rules of RFC 5892 for contextual characters, which PRECIS (RFC 8264) applies.
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

// lastBase returns the last character that is neither a skin tone nor U+FE0F.
func lastBase(before []rune) rune {
	for i := len(before) - 1; i >= 0; i-- {
		if r := before[i]; r != emojiSign && !(r >= 0x1f3fb && r <= 0x1f3ff) {
			return r
		}
	}
	return utf8.RuneError
}

// pictograph reports whether r can be part of an emoji. Nearly all such characters are in Unicode's category So.
func pictograph(r rune) bool {
	return unicode.Is(unicode.So, r) && Visible(r)
}

// shownAsEmoji reports whether U+FE0F makes an emoji of the last character of before: a symbol, or a digit if the keycap
// follows.
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
