package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName is the length of the longest user name, in characters.
	maxName = 150
	// maxMentions is how many people one message can mention, and how many names are looked up for it. Nobody reads a
	// message that means more.
	maxMentions = 50
	// maxForms is how many names one mention may stand for: "@ada-mai.", say, for ada-mai, "ada-mai." or ada.
	maxForms = 6
)

// candidate is a place in a text that mentions somebody if one of its forms is a name, the first that is.
type candidate struct {
	at    int // of the @
	row   string
	forms []string // the likely one at first, the others too if that is not enough
}

// names returns the forms of all candidates, each once: all the likely ones before the others, until they are maxMentions.
func names(found []candidate) []string {
	all := make([]string, 0, len(found))
	for i := range found {
		if form := found[i].forms[0]; !slices.Contains(all, form) {
			all = append(all, form)
		}
	}
	for rank := 1; rank < maxForms && len(all) < maxMentions; rank++ {
		for i := range found {
			c := &found[i]
			if rank == 1 {
				c.forms = append(c.forms, others(c.row, c.forms[0])...)
			}
			if rank < len(c.forms) && len(all) < maxMentions && !slices.Contains(all, c.forms[rank]) {
				all = append(all, c.forms[rank])
			}
		}
	}
	return all
}

// candidates finds the first maxMentions places in a text where an @ with a name after it doesn't follow a name itself,
// as in an e-mail address.
func candidates(text string) []candidate {
	var found []candidate
	for at := 0; len(found) < maxMentions; at++ {
		i := strings.IndexByte(text[at:], '@')
		if i < 0 {
			break
		}
		at += i
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); at > 0 && belongsBefore(before) {
			continue
		}
		if row := nameAt(text[at+1:]); row != "" {
			found = append(found, candidate{at, row, []string{likely(row)}})
		}
	}
	return found
}

// belongsBefore reports whether an @ after this character is part of something else, such as an e-mail
// address. An underscore begins italics, and Chinese, Japanese and Thai have no space before the @.
func belongsBefore(r rune) bool {
	return r == '/' || r != '_' && isNameRune(r) && !isUnspaced(r)
}

// nameAt returns what could be a user name at the beginning of a text.
func nameAt(s string) string {
	count := 0
	for i, r := range s {
		if count++; count > maxName || !isNameRune(r) {
			return s[:i]
		}
	}
	return s
}

// punctuation is what names may contain beside letters and digits, but neither begin nor end with.
const punctuation = "@.+-_"

// likely returns the name that a row of characters after an @ stands for first of all: without the punctuation at its
// end ("@ada."). Of a row that is nothing else it is the first.
func likely(row string) string {
	if name := strings.TrimRight(row, punctuation); name != "" {
		return name
	}
	return row[:1]
}

// others returns the other names that a row may stand for: with some of the punctuation at its end, as old names may end
// so, and then without what follows the last punctuation within ("@ada-mai") or, failing that, without letters of scripts
// that have no spaces ("@ada你好").
func others(row, likely string) []string {
	var found []string
	for end := len(likely) + 1; end <= len(row) && len(found) < 2; end++ {
		found = append(found, row[:end])
	}
	if len(likely)+len(found) < len(row) {
		found = append(found, row)
	}
	for name := shorter(likely); name != "" && len(found) < maxForms-1; name = shorter(name) {
		found = append(found, name)
	}
	return found
}

// shorter makes a name shorter by what may not belong to it; "" if there is nothing of that kind.
func shorter(name string) string {
	if i := strings.LastIndexAny(name, punctuation); i >= 0 {
		return strings.TrimRight(name[:i], punctuation)
	}
	return name[:max(0, strings.IndexFunc(name, isUnspaced))]
}

// mention is a person named in a message.
type mention struct {
	at, end int // of the text, from the @ on
	id      int64
}

// mentions finds out who is mentioned, in the order of the text. open means that there is a name that nobody has.
func mentions(text string, lookup Lookup) (found []mention, open bool) {
	all := candidates(text)
	if len(all) == 0 {
		return nil, false
	}
	known := lookup(names(all))
	for _, c := range all {
		i := slices.IndexFunc(c.forms, func(name string) bool { return known[name] != 0 })
		open = open || i != 0 // a name that comes first may be taken one day
		if i >= 0 {
			found = append(found, mention{at: c.at, end: c.at + 1 + len(c.forms[i]), id: known[c.forms[i]]})
		}
	}
	return found, open
}

// isNameRune reports whether user names may contain the character.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' || strings.IndexByte(punctuation, byte(r)) >= 0
	}
	return unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark)
}

// isUnspaced reports whether the character is of a script without spaces between its words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
