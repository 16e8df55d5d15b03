package markup

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// maxName is the length of the longest username, in characters.
	maxName = 150
	// maxMentions is the most people whom a message can mention, and the most names that are looked up for it. More mentions in
	// one message are of no use to anybody.
	maxMentions = 50
	// maxForms is the most names that one mention can stand for. For example, "@ada-mai." can stand for ada-mai, "ada-mai." or
	// ada.
	maxForms = 6
)

// candidate is an "@" in a text. It mentions a user if one of its forms is a username; the first such form counts.
type candidate struct {
	at    int      // the position of the @
	row   string   // the characters after it that a username may contain
	forms []string // the names that it may stand for; only the likeliest is set until all are needed
}

// names returns the forms of all candidates without duplicates, at most maxMentions. The likeliest form of each comes first.
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

// candidates finds the first maxMentions places in a text with an "@" before a possible name. An "@" after a name does not
// count, as in an e-mail address.
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

// belongsBefore reports whether an "@" after the character r belongs to something else, such as an e-mail address. An
// underscore may begin italic text, and Chinese, Japanese and Thai have no space before the "@".
func belongsBefore(r rune) bool {
	return r == '/' || r != '_' && isNameRune(r) && !isUnspaced(r)
}

// nameAt returns the longest text at the beginning of s that could be a username.
func nameAt(s string) string {
	count := 0
	for i, r := range s {
		if count++; count > maxName || !isNameRune(r) {
			return s[:i]
		}
	}
	return s
}

// punctuation has the characters besides letters and digits that usernames may contain. New usernames neither begin nor end
// with them.
const punctuation = "@.+-_"

// likely returns the likeliest name in a row of characters after an "@": the row without the punctuation at its end ("@ada.").
// If the row is only punctuation, it returns the first character.
func likely(row string) string {
	if name := strings.TrimRight(row, punctuation); name != "" {
		return name
	}
	return row[:1]
}

// others returns the other names that a row may stand for. First come the names with some of the punctuation at the end,
// because old usernames may end in punctuation. Then come shorter names, as of shorter.
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

// shorter returns a name without the last part that may not belong to it, or "" if there is no such part. With punctuation in the
// name, the part begins at the last punctuation ("@ada-mai"). Otherwise it begins at the first letter of a script that has no
// spaces ("@ada你好").
func shorter(name string) string {
	if i := strings.LastIndexAny(name, punctuation); i >= 0 {
		return strings.TrimRight(name[:i], punctuation)
	}
	return name[:max(0, strings.IndexFunc(name, isUnspaced))]
}

// mention is a mention of a user in a text.
type mention struct {
	at, end int // the position in the text, with the @
	id      int64
}

// mentions finds the users whom a text mentions, in order. open is the result of Document.Open.
func mentions(text string, lookup Lookup) (found []mention, open bool) {
	all := candidates(text)
	if len(all) == 0 {
		return nil, false
	}
	known := lookup(names(all))
	for _, c := range all {
		i := slices.IndexFunc(c.forms, func(name string) bool { return known[name] != 0 })
		open = open || i != 0 // somebody may take a name that comes before this one
		if i >= 0 {
			found = append(found, mention{at: c.at, end: c.at + 1 + len(c.forms[i]), id: known[c.forms[i]]})
		}
	}
	return found, open
}

// isNameRune reports whether usernames may contain r.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' || strings.IndexByte(punctuation, byte(r)) >= 0
	}
	return unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark)
}

// isUnspaced reports whether r is of a script without spaces between words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
