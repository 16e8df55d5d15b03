package markup

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// link reads the "]" at i. If it ends the text of [text](address) and the address is allowed, it makes a link. Otherwise all of
// it stays as it was typed. There are no images: in ![text](address), the exclamation mark is text.
func (p *inline) link(i int) int {
	last := len(p.brackets) - 1
	if last < 0 {
		return i + 1
	}
	begin := p.brackets[last]
	p.brackets = p.brackets[:last]
	target, end, ok := p.target(i + 1)
	if !ok {
		return i + 1
	}
	empty := int(begin.node) == len(p.nodes)-1 && p.start == i
	if empty || !allowed(target) || !p.spend(linkTags+len(target)) {
		return end
	}
	p.nodes[begin.node] = node{kind: linkStart, about: int32(len(p.addresses))}
	p.addresses = append(p.addresses, target)
	p.flush(i)
	p.pair(p.runs[begin.runs:])
	p.runs = p.runs[:begin.runs]
	p.brackets = p.brackets[:0] // links are not nested
	p.add(linkStop, i, end, 0)
	return end
}

// target reads (address), (<address>) or (address "title") at i. It returns the address and the end. Text that is not a target
// may be read again for the next bracket, so p.ahead bounds how much of it is read.
func (p *inline) target(i int) (address string, end int, ok bool) {
	if i == len(p.text) || p.text[i] != '(' || p.ahead <= 0 || p.left < linkTags {
		return "", 0, false
	}
	from := skipSpace(p.text, i+1)
	to := addressEnd(p.text, from)
	if address = p.text[from:to]; strings.HasPrefix(address, "<") {
		address = strings.TrimSuffix(address[1:], ">")
	}
	end = skipSpace(p.text, to)
	if end > to && end < len(p.text) && (p.text[end] == '"' || p.text[end] == '\'') {
		n := strings.IndexByte(p.text[end+1:], p.text[end])
		if n < 0 {
			p.ahead -= len(p.text) - i
			return "", 0, false
		}
		end = skipSpace(p.text, end+n+2)
	}
	if end == len(p.text) || p.text[end] != ')' {
		p.ahead -= end - i
		return "", 0, false
	}
	return unescape(address), end + 1, true
}

func skipSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n') {
		i++
	}
	return i
}

// addressEnd returns the end of the address at i. An address that begins with "<" ends after its ">". Any other address ends
// before white space, or before a closing parenthesis that it did not open.
func addressEnd(s string, i int) int {
	if i < len(s) && s[i] == '<' {
		n := strings.IndexAny(s[i+1:], "<>\n")
		if n < 0 || s[i+1+n] != '>' {
			return i
		}
		return i + n + 2
	}
	open := 0
	for ; i < len(s) && s[i] > ' '; i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) && asciiPunctuation(s[i+1]) {
				i++
			}
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				return i
			}
		}
	}
	return i
}

// unescape removes the backslashes before punctuation from an address.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && asciiPunctuation(s[i+1]) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// allowed reports whether messages may link to the address: it must be absolute, and its scheme may only show a page or write
// an e-mail.
func allowed(address string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Hostname() != ""
	case "mailto":
		return strings.Contains(u.Opaque, "@")
	}
	return false
}

// address finds a bare address by its colon and looks back for the scheme. So an address needs no space before it, which
// Chinese and Japanese texts do not have.
func (p *inline) address(colon int) int {
	from := colon - schemeLength(p.text[p.start:colon])
	if from == colon || p.ahead <= 0 || p.left < linkTags {
		return colon + 1
	}
	to := colon + addressLength(p.text[colon:])
	s := p.text[from:to]
	if !allowed(s) || !p.spend(linkTags+len(s)) {
		p.ahead -= to - colon
		return colon + 1
	}
	p.add(addressNode, from, to, 0)
	return to
}

// schemeLength returns the length of the scheme at the end of a text, or 0 if there is none. A scheme does not follow an ASCII
// letter, an ASCII digit or one of @ . + -, because then it is a part of a word.
func schemeLength(before string) int {
	for _, scheme := range []string{"https", "http", "mailto"} {
		n := len(scheme)
		if len(before) < n || !strings.EqualFold(before[len(before)-n:], scheme) {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(before[:len(before)-n])
		if last < utf8.RuneSelf && last != '_' && isNameRune(last) {
			return 0
		}
		return n
	}
	return 0
}

// addressLength returns how much of line belongs to an address, from the colon on. The address ends before white space, a
// character that addresses do not contain, or punctuation and symbols outside ASCII. Punctuation at its end belongs to the
// sentence instead.
func addressLength(line string) int {
	end := strings.IndexFunc(line, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`[]{}|\\^", r) ||
			r >= utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r))
	})
	if end < 0 {
		end = len(line)
	}
	unmatched := strings.Count(line[:end], ")") - strings.Count(line[:end], "(")
	for ; end > 0; end-- {
		c := line[end-1]
		if c == ')' && unmatched > 0 {
			unmatched--
			continue
		}
		if c == ')' || !strings.ContainsRune("?!.,:;*_~'", rune(c)) {
			break
		}
	}
	return end
}
