package markup

import (
	"strings"
	"unicode/utf8"
)

// inline is the parser of a paragraph. Each of its steps passes over the paragraph once: scan finds the nodes from left to
// right, pair finds the stars and underscores that belong together, and write writes the nodes.
type inline struct {
	*writer
	text     string    // the lines, without the markers of blocks, joined by line feeds
	mentions []mention // mentions in text

	start     int // of the text that is in no node yet
	nodes     []node
	runs      []run
	brackets  []bracket
	tags      []tag
	openers   []int32
	addresses []string
	rows      []row
	row       int // the index of the current row
	mentioned int // how many of the mentions are before the current position
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

// node is a part of a paragraph. The text of a run is what is left of it between its end tags and its start tags.
type node struct {
	kind          nodeKind
	from, to      int32 // the position in inline.text
	closes, opens int32 // the indexes in inline.tags of the first end tag and the first start tag; 0: none
	lastClose     int32 // the index of the last end tag
	about         int32 // the index of a link target in inline.addresses, or of a mention in inline.mentions
}

// bracket is a "[" that may begin a link: the index of its node, and how many runs are before it.
type bracket struct{ node, runs int32 }

// special has the bytes that may begin or end markup.
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

// join sets text and mentions. It drops white space at the ends of lines, which has no meaning.
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

// add adds a text node for the text before from that is in no node yet, and a node for the text between from and to.
func (p *inline) add(kind nodeKind, from, to, about int) {
	p.flush(from)
	p.nodes = append(p.nodes, node{kind: kind, from: int32(from), to: int32(to), about: int32(about)})
	p.start = to
}

// flush adds a text node for the text before to that is in no node yet.
func (p *inline) flush(to int) {
	if p.start < to {
		p.nodes = append(p.nodes, node{kind: textNode, from: int32(p.start), to: int32(to)})
	}
	p.start = to
}

// backslash makes the punctuation character after it text. It drops the backslash only before "*", "`", "~", "[" and "@".
// Elsewhere people mean the backslash itself, as in paths and emoticons.
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

// code reads a code span, in which all characters are text. The span ends at the next row of as many backticks.
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

// row is the position of a row of backticks, and of the next row of the same length (0: none).
type row struct{ at, next int }

// maxRow is the most backticks that can begin a code span.
const maxRow = 64

// closing returns the position of the row of backticks that ends the code span at i. It returns -1 if there is none, or if a
// backslash before i takes a part of the row.
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
	var last [maxRow + 1]int // the position of the next row of each length
	for i := len(p.rows) - 1; i >= 0; i-- {
		r := &p.rows[i]
		if n := endOfRow(p.text, r.at) - r.at; n <= maxRow {
			r.next, last[n] = last[n], r.at
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' }

// endOfRow returns the end of the row of equal bytes that begins at i.
func endOfRow(s string, i int) int {
	j := i
	for j < len(s) && s[j] == s[i] {
		j++
	}
	return j
}

// bracket reads the "[" at i and returns its end.
func (p *inline) bracket(i int) int {
	p.flush(i)
	p.brackets = append(p.brackets, bracket{int32(len(p.nodes)), int32(len(p.runs))})
	p.add(textNode, i, i+1, 0)
	return i + 1
}

// mention reads the mention at i, if there is one, and returns its end.
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

// write writes the nodes. It joins adjacent texts.
func (p *inline) write() {
	from, to := int32(0), int32(0) // text that is not written yet
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

// line writes text, with <br> for its line feeds.
func (p *inline) line(s string) { p.escape(s, &lineEscapes) }
