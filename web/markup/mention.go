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
	// ada, and "@小明你好" for 小明你好, 小明你, 小明 or 小.
	maxForms = 16
	// maxDomain is how many bytes before the "/@" are searched for the domain of an address.
	maxDomain = 64

	wideAt = "＠" // U+FF20, which keyboards for Chinese and Japanese produce
)

// candidate is an "@" in a text. It mentions a user if one of its forms is a username; the first such form counts.
type candidate struct {
	at, from int      // the positions of the @ and of the name
	row      string   // the characters after it that a username may contain
	likely   string   // the likeliest name that it may stand for
	forms    []string // all such names, the likeliest first; nil if there is no other, or before findForms
	order    []int    // the order in which the forms are looked up
}

// find returns the first form for which ok returns true, and its index, or -1.
func (c *candidate) find(ok func(name string) bool) (form string, i int) {
	if ok(c.likely) {
		return c.likely, 0
	}
	for i, form := range c.forms {
		if ok(form) {
			return form, i
		}
	}
	return "", -1
}

// names returns the forms of all candidates without duplicates, at most maxMentions. The likeliest form of each comes first.
func names(found []candidate) []string {
	all := make([]string, 0, len(found))
	for i := range found {
		if form := found[i].likely; !slices.Contains(all, form) {
			all = append(all, form)
		}
	}
	for rank := 1; rank < maxForms && len(all) < maxMentions; rank++ {
		for i := range found {
			c := &found[i]
			if rank == 1 {
				c.findForms()
			}
			if rank < len(c.order) && len(all) < maxMentions {
				if form := c.forms[c.order[rank]]; !slices.Contains(all, form) {
					all = append(all, form)
				}
			}
		}
	}
	return all
}

// candidates finds the first maxMentions places in a text with an "@" before a possible name. An "@" after a name does not
// count, as in an e-mail address.
func candidates(text string) []candidate {
	found := make([]candidate, 0, min(maxMentions, strings.Count(text, "@")))
	wide := strings.Contains(text, wideAt)
	for at := 0; len(found) < maxMentions; at++ {
		i := strings.IndexByte(text[at:], '@')
		if wide { // strings.IndexAny takes ten times as long as IndexByte
			i = strings.IndexAny(text[at:], "@"+wideAt)
		}
		if i < 0 {
			break
		}
		at += i
		if belongsBefore(text[:at]) {
			continue
		}
		from := at + 1
		if text[at] != '@' {
			from = at + len(wideAt)
		}
		if row := nameAt(text[from:]); row != "" {
			found = append(found, candidate{at: at, from: from, row: row, likely: likely(row)})
		}
	}
	return found
}

// belongsBefore reports whether an "@" after this text belongs to something else, such as an e-mail address or the address of a
// page. An underscore may begin italic text, and Chinese, Japanese, Korean and Thai have no space before the "@". A backslash is
// in D:\@x, unless it begins a word.
func belongsBefore(text string) bool {
	r, size := utf8.DecodeLastRuneInString(text)
	switch {
	case size == 0:
		return false
	case r == '\\':
		before, _ := utf8.DecodeLastRuneInString(text[:len(text)-size])
		b := sideOf(before)
		return len(text) > size && b != space && b != opening && b != quotation
	case r == '/':
		from := max(0, len(text)-maxDomain)
		if i := strings.LastIndexAny(text[from:], " \t\n@"); i >= 0 {
			from += i
		}
		return text[from:] != "/" && text[from] != '@' && strings.Contains(text[from:], ".")
	}
	return r != '_' && isNameRune(r) && !isUnspaced(r)
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

// findForms finds the other names that the row may stand for. First come the names with some of the punctuation at the end,
// because old usernames may end in punctuation. Then come shorter names, the longest first: up to punctuation ("@ada-mai"), or up
// to a character after which a text without spaces can go on ("@ada你好", "@小明你好"). Most names are short, so the shortest
// ones are looked up first.
func (c *candidate) findForms() {
	name := c.likely
	if len(name) == len(c.row) && isASCIIWordOnly(name) {
		return
	}
	c.forms, c.order = append(c.forms, name), append(c.order, 0)
	for end := len(name) + 1; end <= len(c.row) && len(c.forms) < 3; end++ {
		c.order = append(c.order, len(c.forms))
		c.forms = append(c.forms, c.row[:end])
	}
	if last := c.forms[len(c.forms)-1]; len(c.forms) == 3 && last != c.row {
		c.order = append(c.order, len(c.forms))
		c.forms = append(c.forms, c.row)
	}
	var ends []int // of the shorter names, the shortest first
	before := rune(utf8.RuneError)
	for i, r := range name {
		if i > 0 && len(c.forms)+len(ends) < maxForms && endsName(before, r) {
			ends = append(ends, i)
		}
		before = r
	}
	first := len(c.forms)
	for i, end := range slices.Backward(ends) {
		c.order = append(c.order, first+i)
		c.forms = append(c.forms, name[:end])
	}
}

func isASCIIWordOnly(s string) bool {
	for i := range len(s) {
		if !isASCIIWord(s[i]) {
			return false
		}
	}
	return true
}

// endsName reports whether a name may end between two characters.
func endsName(before, after rune) bool {
	if strings.ContainsRune(punctuation, before) || unicode.Is(unicode.Mark, after) {
		return false
	}
	return strings.ContainsRune(punctuation, after) || isUnspaced(after) || isUnspaced(before)
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
		form, i := c.find(func(name string) bool { return known[name] != 0 })
		open = open || i != 0 // somebody may take a name that comes before this one
		if i >= 0 {
			found = append(found, mention{at: c.at, end: c.from + len(form), id: known[form]})
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

// isUnspaced reports whether r is of a script without spaces between words, or, as in Korean, with particles that follow a word
// without a space.
func isUnspaced(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer,
		unicode.Myanmar) || r == 'ー' || r == '々' || r == '〆'
}
