package markup

import (
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindLink, kindBracket = ast.NewNodeKind("ChatLink"), ast.NewNodeKind("Bracket")

// link is [text](address). Its children are the text.
type link struct {
	ast.BaseInline
	address string
}

func (*link) Kind() ast.NodeKind              { return kindLink }
func (n *link) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// openBracket is a "[" that may begin a link.
type openBracket struct {
	ast.BaseInline
	at     int
	bottom ast.Node // the last delimiter before it
}

func (*openBracket) Kind() ast.NodeKind              { return kindBracket }
func (n *openBracket) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// linkParser parses [text](address). There are no images: in ![text](address), the exclamation mark is text.
type linkParser struct{}

func (linkParser) Trigger() []byte { return []byte("[]") }

func (linkParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	if line[0] == '[' {
		n := &openBracket{at: segment.Start}
		if d := pc.LastDelimiter(); d != nil {
			n.bottom = d
		}
		st.brackets = append(st.brackets, n)
		reader.Advance(1)
		return n
	}
	last := len(st.brackets) - 1
	if last < 0 {
		return nil
	}
	begin := st.brackets[last]
	st.brackets = st.brackets[:last]
	number, _ := reader.Position()
	reader.Advance(1)
	address, ok := st.target(reader)
	if !ok {
		return nil // the parser resets the position
	}
	if begin.NextSibling() == nil && begin.at == segment.Start-1 || !allowed(address) || !st.spend(linkTags+len(address)) {
		now, position := reader.Position()
		if now != number {
			return nil
		}
		return ast.NewTextSegment(segment.WithStop(position.Start))
	}
	st.tookEffect(begin.at)
	st.tookEffect(segment.Start)
	parser.ProcessDelimiters(begin.bottom, pc)
	n := &link{address: address}
	for c := begin.NextSibling(); c != nil; {
		next := c.NextSibling()
		n.AppendChild(n, c)
		c = next
	}
	parent.RemoveChild(parent, begin)
	st.brackets = st.brackets[:0] // links are not nested
	return n
}

// target reads (address), (<address>) or (address "title"). Text that is not a target may be read again for the next bracket, so
// st.ahead bounds how much of it is read.
func (st *state) target(reader text.Reader) (address string, ok bool) {
	if reader.Peek() != '(' || st.ahead <= 0 || !st.affords(linkTags) {
		return "", false
	}
	reader.Advance(1)
	reader.SkipSpaces()
	line, _ := st.rest(reader)
	to := addressEnd(line, 0)
	if address = line[:to]; strings.HasPrefix(address, "<") {
		address = strings.TrimSuffix(address[1:], ">")
	}
	reader.Advance(to)
	_, spaces, _ := reader.SkipSpaces()
	if c := reader.Peek(); spaces > 0 && (c == '"' || c == '\'') {
		reader.Advance(1)
		if _, closed := reader.FindClosure(c, c, text.FindClosureOptions{Newline: true, Advance: true}); !closed {
			st.ahead -= len(st.source)
			return "", false
		}
		reader.SkipSpaces()
	}
	if reader.Peek() != ')' {
		st.ahead -= to + 1
		return "", false
	}
	reader.Advance(1)
	return unescape(address), true
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

func asciiPunctuation(c byte) bool {
	return c > ' ' && c < 0x7f && !isASCIIWord(c)
}

// allowed reports whether messages may link to the address: it must be absolute, and its scheme may only show a page or write
// an e-mail. Browsers accept more than net/url does, such as https://x.example/100%.
func allowed(address string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	scheme, rest, _ := strings.Cut(address, ":")
	switch strings.ToLower(scheme) {
	case "http", "https":
		after, ok := strings.CutPrefix(rest, "//")
		return ok && isHost(after)
	case "mailto":
		at := strings.IndexByte(rest, '@')
		return at > 0 && at < len(rest)-1
	}
	return false
}

// isHost reports whether an address without its scheme begins with a host.
func isHost(rest string) bool {
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if strings.HasPrefix(rest, "[") { // IPv6
		end := strings.IndexByte(rest, ']')
		return end > 2 && strings.Trim(rest[1:end], "0123456789abcdefABCDEF:.") == "" && strings.Contains(rest[:end], ":")
	}
	host, _, _ := strings.Cut(rest, ":")
	return strings.ContainsFunc(host, func(r rune) bool { return unicode.In(r, unicode.Letter, unicode.Number, unicode.So) }) &&
		!strings.ContainsAny(host, "[]{}()|^`%")
}
