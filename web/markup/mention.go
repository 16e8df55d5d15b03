package markup

import (
	"bytes"
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
	forms []string
}

// Names are the names that a text may mention, at most maxMentions. Parse wants to know which of them are somebody's.
func Names(text string) []string { return names(candidates([]byte(text))) }

// names are the forms of all candidates, each once: all the first ones before all the second ones and so on, until they
// are maxMentions.
func names(found []candidate) []string {
	var all []string
	seen := map[string]bool{}
	for rank := range maxForms {
		for _, c := range found {
			if rank >= len(c.forms) || seen[c.forms[rank]] {
				continue
			}
			if len(all) == maxMentions {
				return all
			}
			seen[c.forms[rank]] = true
			all = append(all, c.forms[rank])
		}
	}
	return all
}

// candidates finds the first maxMentions places in a text where an @ with a name after it doesn't follow a name itself,
// as in an e-mail address.
func candidates(source []byte) []candidate {
	var found []candidate
	for at := 0; len(found) < maxMentions; at++ {
		i := bytes.IndexByte(source[at:], '@')
		if i < 0 {
			break
		}
		at += i
		if before, _ := utf8.DecodeLastRune(source[:at]); at > 0 && belongsBefore(before) {
			continue
		}
		if forms := forms(nameAt(source[at+1:])); len(forms) > 0 {
			found = append(found, candidate{at, forms})
		}
	}
	return found
}

// belongsBefore reports whether an @ after this character is part of something else, such as an e-mail
// address. An underscore begins italics, and Chinese, Japanese and Thai have no space before the @.
func belongsBefore(r rune) bool {
	return r == '/' || r != '_' && isNameRune(r) && !isUnspaced(r)
}

// nameAt returns what could be a user name at the beginning of a line.
func nameAt(line []byte) []byte {
	count := 0
	end := bytes.IndexFunc(line, func(r rune) bool {
		count++
		return count > maxName || !isNameRune(r)
	})
	if end < 0 {
		return line
	}
	return line[:end]
}

// punctuation is what names may contain beside letters and digits, but neither begin nor end with.
const punctuation = "@.+-_"

// forms are the names that a row of characters after an @ may stand for, the most likely first: without the
// punctuation at its end ("@ada."), with some of it, as old names may end so, and then without what follows the last
// punctuation ("@ada-mai") or, failing that, without letters of scripts that have no spaces ("@ada你好").
func forms(row []byte) []string {
	var found []string
	name := bytes.TrimRight(row, punctuation)
	if len(name) > 0 {
		found = append(found, string(name))
	}
	for end := len(name) + 1; end <= len(row) && len(found) < 3; end++ {
		found = append(found, string(row[:end]))
	}
	if end := string(row); len(found) > 0 && found[len(found)-1] != end {
		found = append(found, end)
	}
	for name = shorter(name); len(name) > 0 && len(found) < maxForms; name = shorter(name) {
		found = append(found, string(name))
	}
	return found
}

// shorter makes a name shorter by what may not belong to it; nil if there is nothing of that kind.
func shorter(name []byte) []byte {
	if i := bytes.LastIndexAny(name, punctuation); i >= 0 {
		return bytes.TrimRight(name[:i], punctuation)
	}
	if i := bytes.IndexFunc(name, isUnspaced); i > 0 {
		return name[:i]
	}
	return nil
}

// mention is a person named in a message.
type mention struct {
	at, end int // of the text, from the @ on
	id      int64
}

// mentions finds out who is mentioned, in the order of the text. open means that there is a name that nobody has.
func mentions(source []byte, known map[string]int64) (found []mention, open bool) {
	for _, c := range candidates(source) {
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
		return strings.ContainsRune(punctuation, r) || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark)
}

// isUnspaced reports whether the character is of a script without spaces between its words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
