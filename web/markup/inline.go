package markup

import (
	"strings"
	"unicode/utf8"
)

// inline is the text of one paragraph while it is parsed. Each step goes over it once: nodes are found from left to
// right, stars and underscores are paired, the nodes are written.
type inline struct {
	*writer
	text     string // lines without what they are in, joined by line feeds
	mentions []mention

	start     int // of the text that is no node yet
	nodes     []node
	runs      []run
	brackets  []bracket
	tags      []tag
	openers   []int32
	addresses []string
	rows      []row
	row       int // the one that was come to
	mentioned int // how many of the mentions were passed
}

type nodeKind uint8

const (
	textNode nodeKind = iota
	runNode
	codeNode
	addressNode
	personNode
	linkStart
	linkStop
)

// node is a part of a paragraph: its text, or for a run what is left of it between end and start tags.
type node struct {
	kind          nodeKind
	from, to      int32
	closes, opens int32 // tags, by the place of the first in inline.tags; 0: none
	lastClose     int32 // the last of closes
	about         int32 // the place of a link's address in inline.addresses, or of a person in inline.mentions
}

// bracket is one that a link may begin with.
type bracket struct{ node, runs int32 }

// special are the bytes that may begin or end something.
var special = func() (is [256]bool) {
	for _, c := range []byte("*_~`[]@:\\") {
		is[c] = true
	}
	return is
}()

func hasSpecial(s string) bool {
	for i := range len(s) {
		if special[s[i]] {
			return true
		}
	}
	return false
}

// inlines writes the text of a paragraph.
func (w *writer) inlines(lines []line) {
	p := &w.inline
	p.start, p.mentioned, p.row = 0, 0, 0
	p.nodes, p.runs, p.brackets, p.addresses, p.rows = p.nodes[:0], p.runs[:0], p.brackets[:0], p.addresses[:0], p.rows[:0]
	p.tags = append(p.tags[:0], tag{})
	p.join(lines)
	if !hasSpecial(p.text) {
		p.line(p.text)
		return
	}
	p.scan()
	p.pair(p.runs)
	p.write()
}

// join sets the text, and what is mentioned in it. White space at the ends of lines means nothing.
func (p *inline) join(lines []line) {
	var b strings.Builder
	length := 0
	p.mentions = p.mentions[:0]
	if len(lines) > 1 {
		b.Grow(lines[len(lines)-1].to - lines[0].from)
	}
	for i, l := range lines {
		for l.from < l.to && isBlank(p.source[l.to-1:l.to]) {
			l.to--
		}
		s := p.source[l.from:l.to]
		for len(p.writer.mentions) > 0 && p.writer.mentions[0].at < l.to {
			if m := p.writer.mentions[0]; m.at >= l.from {
				m.at, m.end = m.at-l.from+length, m.end-l.from+length
				p.mentions = append(p.mentions, m)
			}
			p.writer.mentions = p.writer.mentions[1:]
		}
		if len(lines) == 1 {
			p.text = s
			return
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s)
		length = b.Len() + 1
	}
	p.text = b.String()
}

// scan finds the nodes.
func (p *inline) scan() {
	i := 0
	for i < len(p.text) {
		if !special[p.text[i]] {
			i++
			continue
		}
		switch p.text[i] {
		case '*', '_', '~':
			i = p.run(i)
		case '`':
			i = p.code(i)
		case '[':
			i = p.bracket(i)
		case ']':
			i = p.link(i)
		case '@':
			i = p.mention(i)
		case ':':
			i = p.address(i)
		case '\\':
			i = p.backslash(i)
		}
	}
	p.flush(len(p.text))
}

// add makes a node of the text up to from, and another of what follows, up to to.
func (p *inline) add(kind nodeKind, from, to, about int) {
	p.flush(from)
	p.nodes = append(p.nodes, node{kind: kind, from: int32(from), to: int32(to), about: int32(about)})
	p.start = to
}

func (p *inline) flush(to int) {
	if p.start < to {
		p.nodes = append(p.nodes, node{kind: textNode, from: int32(p.start), to: int32(to)})
	}
	p.start = to
}

// backslash takes the meaning of the punctuation after it. It is left out only before these: elsewhere people mean
// it, in paths and in faces.
func (p *inline) backslash(i int) int {
	if i+1 == len(p.text) || !asciiPunctuation(p.text[i+1]) {
		return i + 1
	}
	if strings.IndexByte("*`~[@", p.text[i+1]) >= 0 {
		p.marked = true
		p.flush(i)
		p.start = i + 1
	}
	return i + 2
}

func asciiPunctuation(c byte) bool {
	return c > ' ' && c < utf8.RuneSelf-1 && !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z')
}

// code reads a code span, in which nothing has a meaning: up to as many backticks as it begins with.
func (p *inline) code(i int) int {
	from := endOfRow(p.text, i)
	to := p.closing(i)
	if to < 0 || !p.spend(len("<code></code>")) {
		return from
	}
	end := to + from - i
	content := p.text[from:to]
	p.flush(i)
	p.start = from
	if len(content) > 1 && isSpace(content[0]) && isSpace(content[len(content)-1]) && strings.Trim(content, " \n") != "" {
		from, to = from+1, to-1
		p.start = from
	}
	p.add(codeNode, from, to, 0)
	p.start = end
	return end
}

// row is a row of backticks, and the next one that is as long (0: there is none).
type row struct{ at, next int }

// maxRow is how many backticks may begin a code span.
const maxRow = 64

// closing returns where the row of backticks begins that ends what the one at i begins; -1 if there is none, or if a
// backslash stands before a part of the row.
func (p *inline) closing(i int) int {
	if len(p.rows) == 0 {
		p.findRows()
	}
	for p.row < len(p.rows) && p.rows[p.row].at < i {
		p.row++
	}
	if p.row == len(p.rows) || p.rows[p.row].at != i || p.rows[p.row].next == 0 {
		return -1
	}
	return p.rows[p.row].next
}

// findRows finds all rows of backticks.
func (p *inline) findRows() {
	for i := strings.IndexByte(p.text, '`'); i < len(p.text); {
		p.rows = append(p.rows, row{at: i})
		i = endOfRow(p.text, i)
		next := strings.IndexByte(p.text[i:], '`')
		if next < 0 {
			break
		}
		i += next
	}
	var last [maxRow + 1]int // where the next row of a length begins
	for i := len(p.rows) - 1; i >= 0; i-- {
		r := &p.rows[i]
		if n := endOfRow(p.text, r.at) - r.at; n <= maxRow {
			r.next, last[n] = last[n], r.at
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' }

func endOfRow(s string, i int) int {
	j := i
	for j < len(s) && s[j] == s[i] {
		j++
	}
	return j
}

func (p *inline) bracket(i int) int {
	p.flush(i)
	p.brackets = append(p.brackets, bracket{int32(len(p.nodes)), int32(len(p.runs))})
	p.add(textNode, i, i+1, 0)
	return i + 1
}

func (p *inline) mention(i int) int {
	for p.mentioned < len(p.mentions) && p.mentions[p.mentioned].at < i {
		p.mentioned++
	}
	if p.mentioned == len(p.mentions) || p.mentions[p.mentioned].at != i {
		return i + 1
	}
	end := p.mentions[p.mentioned].end
	p.add(personNode, i, end, p.mentioned)
	return end
}

// write writes the nodes. Text that belongs together is written at once.
func (p *inline) write() {
	from, to := int32(0), int32(0) // text that was not written yet
	for i := range p.nodes {
		n := &p.nodes[i]
		if n.kind == textNode || n.kind == runNode && n.closes == 0 && n.opens == 0 {
			if n.from != to {
				p.line(p.text[from:to])
				from = n.from
			}
			to = n.to
			continue
		}
		p.line(p.text[from:to])
		p.writeNode(n)
		from, to = n.to, n.to
	}
	p.line(p.text[from:to])
}

func (p *inline) writeNode(n *node) {
	s := p.text[n.from:n.to]
	switch n.kind {
	case runNode:
		p.writeTags(n.closes, true)
		p.line(s)
		p.writeTags(n.opens, false)
	case codeNode:
		p.marked = true
		p.html = append(p.html, "<code>"...)
		p.escape(s, &escapes)
		p.html = append(p.html, "</code>"...)
	case addressNode:
		if p.inLink {
			p.line(s)
			return
		}
		p.startLink(s)
		p.line(s)
		p.html = append(p.html, linkClose...)
	case personNode:
		p.marked = true
		p.people = append(p.people, slot{at: len(p.html), id: p.mentions[n.about].id, typed: s, inLink: p.inLink})
	case linkStart:
		p.startLink(p.addresses[n.about])
		p.inLink = true
	case linkStop:
		p.html = append(p.html, linkClose...)
		p.inLink = false
	}
}

// line writes text, with its line feeds as line breaks.
func (p *inline) line(s string) { p.escape(s, &lineEscapes) }
