package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindAddress = ast.NewNodeKind("Address")

// address is an address in the text, which becomes a link.
type address struct {
	ast.BaseInline
	from, to int
	prefix   string // of the target of the link: http:// or mailto:, if it was not typed
}

func (*address) Kind() ast.NodeKind              { return kindAddress }
func (n *address) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// maxBack is how many bytes before an "@" may belong to an e-mail address.
const maxBack = 64

// before returns the text before the current position that is in texts of parent, at most maxBack bytes.
func (st *state) before(parent ast.Node, at int) string {
	from := at
	for n := parent.LastChild(); n != nil && at-from < maxBack; n = n.PreviousSibling() {
		t, ok := n.(*ast.Text)
		if !ok || t.Segment.Stop != from || t.SoftLineBreak() || t.HardLineBreak() {
			break
		}
		from = t.Segment.Start
	}
	return st.text[max(from, at-maxBack):at]
}

// takeBack removes the last n bytes from the texts of parent.
func takeBack(parent ast.Node, n int) {
	for n > 0 {
		t := parent.LastChild().(*ast.Text)
		if size := t.Segment.Len(); size > n {
			t.Segment.Stop -= n
			return
		} else {
			n -= size
		}
		parent.RemoveChild(parent, t)
	}
}

// link makes a link of back bytes before the current position and on bytes after it.
func (st *state) link(parent ast.Node, reader text.Reader, back, on int, prefix string) ast.Node {
	_, segment := reader.Position()
	from, to := segment.Start-back, segment.Start+on
	if !st.spend(linkTags + to - from + len(prefix)) {
		return nil
	}
	takeBack(parent, back)
	reader.Advance(on)
	n := st.pool.addresses.next()
	n.from, n.to, n.prefix = from, to, prefix
	return st.unmarkedAfter(parent, reader, n)
}

// addressParser finds addresses by their colon or full stop, and looks back for the scheme or "www". So an address needs no
// space before it, which Chinese and Japanese texts do not have.
type addressParser struct{}

func (addressParser) Trigger() []byte { return []byte(":.") }

func (addressParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	if st.ahead <= 0 || !st.affords(linkTags) || len(line) < 3 {
		return nil
	}
	// Most colons and full stops do not follow the last letter of https, http, mailto or www.
	if i := segment.Start; i == 0 || line[0] == '.' && st.source[i-1]|0x20 != 'w' || line[0] == ':' && !endsScheme(st.source[i-1]) {
		return nil
	}
	before := st.before(parent, segment.Start)
	prefix := ""
	back := 0
	if line[0] == '.' {
		back, prefix = wwwLength(before), "http://"
	} else {
		back = schemeLength(before)
	}
	if back == 0 {
		return nil
	}
	quoted := false
	if at := segment.Start - back; at > 0 {
		quoted = st.source[at-1] == '\''
	}
	s := line
	on, read := addressLength(s, quoted)
	st.ahead -= read
	whole := st.text[segment.Start-back : segment.Start+on]
	if prefix != "" && (!allowed(prefix+whole) || !isDomain(whole)) || prefix == "" && !allowed(whole) {
		return nil
	}
	return st.link(parent, reader, back, on, prefix)
}

// endsScheme reports whether c is the last letter of https, http or mailto.
func endsScheme(c byte) bool { return c|0x20 == 's' || c|0x20 == 'p' || c|0x20 == 'o' }

// schemeLength returns the length of the scheme at the end of a text, or 0 if there is none. A scheme does not follow an ASCII
// letter, an ASCII digit or one of @ . + -, because then it is a part of a word.
func schemeLength(before string) int {
	for _, scheme := range []string{"https", "http", "mailto"} {
		if n := suffixLength(before, scheme); n > 0 {
			return n
		}
	}
	return 0
}

// suffixLength returns len(word) if the text ends with the word, in upper or lower case.
func suffixLength(before, word string) int {
	n := len(word)
	if len(before) < n || !strings.EqualFold(before[len(before)-n:], word) {
		return 0
	}
	last, _ := utf8.DecodeLastRuneInString(before[:len(before)-n])
	if last < utf8.RuneSelf && last != '_' && isNameRune(last) {
		return 0
	}
	return n
}

// wwwLength is schemeLength for www.
func wwwLength(before string) int {
	n := suffixLength(before, "www")
	if n > 0 && strings.HasSuffix(before[:len(before)-n], "/") {
		return 0
	}
	return n
}

// isDomain reports whether an address without scheme begins with a domain name such as www.example.org.
func isDomain(s string) bool {
	if i := strings.IndexAny(s, "/?#:"); i >= 0 {
		s = s[:i]
	}
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" {
			return false
		}
	}
	return len(labels) > 2
}

// closers has the closing bracket of each ASCII bracket.
var closers = map[byte]byte{'(': ')', '[': ']', '{': '}'}

// addressLength returns how much of a line belongs to an address, from the colon on, and how much of it was
// read. The address ends before white space, a
// quotation mark, full-width punctuation, or a bracket without its counterpart. Punctuation at its end belongs to the sentence
// instead. In an address between two apostrophes, an apostrophe ends it.
func addressLength(line string, quoted bool) (length, read int) {
	end, ticks := len(line), 0
	for i, r := range line {
		if endsAddress(r) || quoted && r == '\'' {
			end = i
			break
		}
		if r == '`' {
			ticks++
		}
	}
	read = end
	if ticks > 1 {
		end = strings.IndexByte(line, '`')
	}
	for {
		was := end
		end = unbalanced(line[:end])
		for end > 0 {
			r, size := utf8.DecodeLastRuneInString(line[:end])
			if !endsSentence(r) {
				break
			}
			end -= size
		}
		if end == was {
			return end, read
		}
	}
}

// endsAddress reports whether r cannot be in an address.
func endsAddress(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' || r == '\\'
	}
	if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf) {
		return true
	}
	return isSentenceEnd(r) && r != '…' || r == '＜' || r == '＞' || r == '｜'
}

// isInnerSign reports whether r is punctuation that is in words and addresses, although Unicode has it in the same category as
// the full stop.
func isInnerSign(r rune) bool {
	return strings.ContainsRune("·‧・･•§¶†‡‰‱′″‴※＠＃％＆＊／＼", r)
}

// endsSentence reports whether r at the end of an address does not belong to it.
func endsSentence(r rune) bool {
	return strings.ContainsRune("?!.,:;*_~'`|^…–—〜～([{", r)
}

// unbalanced returns the position of the first bracket that has no counterpart, or the length of s.
func unbalanced(s string) int {
	var few [8]int
	open := few[:0]
	for i := range len(s) {
		switch c := s[i]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) == 0 || closers[s[open[len(open)-1]]] != c {
				if len(open) > 0 {
					return min(i, open[0])
				}
				return i
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return open[0]
	}
	return len(s)
}

// emailParser finds e-mail addresses by their "@".
type emailParser struct{}

func (emailParser) Trigger() []byte { return []byte{'@'} }

func (emailParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	line, segment := st.rest(reader)
	if st.ahead <= 0 || !st.affords(linkTags) {
		return nil
	}
	before := st.before(parent, segment.Start)
	back := localLength(before)
	if back == 0 {
		return nil
	}
	on := domainLength(line[1:])
	if on == 0 {
		st.ahead -= back
		return nil
	}
	return st.link(parent, reader, back, on+1, "mailto:")
}

// inLocal reports whether the part of an e-mail address before the "@" may contain c.
func inLocal(c byte) bool { return isASCIIWord(c) || strings.IndexByte("._%+-", c) >= 0 }

// localLength returns the length of the part of an e-mail address before the "@", at the end of a text.
func localLength(before string) int {
	from := len(before)
	for from > 0 && inLocal(before[from-1]) {
		from--
	}
	word := before[strings.LastIndexAny(before[:from], " \t\n")+1 : from]
	if strings.ContainsAny(word, "/@\\") || len(before)-from >= maxBack { // ssh://git@example.org
		return 0
	}
	for from < len(before) && strings.IndexByte("._%+-", before[from]) >= 0 {
		from++
	}
	if strings.HasSuffix(before, ".") {
		return 0
	}
	return len(before) - from
}

// domainLength returns the length of the domain name at the beginning of a text, or 0 if there is none.
func domainLength(s string) int {
	end, dot := 0, -1
	for i, r := range s {
		if i > 255 {
			return 0
		}
		switch {
		case r == '.' && i == end && i > 0 && s[i-1] != '.' && s[i-1] != '-':
			if i+1 < len(s) && isDomainRune(rune(s[i+1])) || i+1 < len(s) && s[i+1] >= 0x80 && startsDomain(s[i+1:]) {
				dot = i
				end = i + 1
			}
		case i == end && isDomainRune(r) && (r != '-' || i > 0):
			end = i + utf8.RuneLen(r)
		}
		if end <= i {
			break
		}
	}
	if dot < 0 || end < dot+3 || strings.ContainsAny(s[dot+1:end], "0123456789") || s[end-1] == '-' {
		return 0
	}
	if end < len(s) && strings.IndexByte("@_", s[end]) >= 0 || end+1 < len(s) && s[end] == ':' && s[end+1] > ' ' { // git@example.org:path
		return 0
	}
	return end
}

func isDomainRune(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '-' || isASCIILetter(byte(r)) || r >= '0' && r <= '9'
	}
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) && !isUnspaced(r)
}

func startsDomain(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isDomainRune(r)
}
