package markup

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// escapable has the markers before which a backslash may be a marker too.
const escapable = "*_~`[]@:|"

// backslashParser parses backslashes. A backslash before a marker that would take effect is not shown, and the marker does not
// take effect. All other backslashes stay.
type backslashParser struct{}

func (backslashParser) Trigger() []byte { return []byte{'\\'} }

func (backslashParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	n := 1
	for n < len(line) && line[n] == '\\' {
		n++
	}
	hidden := st.hidden[segment.Start+n-1]
	switch {
	case hidden && n > 1:
		return st.literal(parent, reader, segment, n-1) // the last one comes next
	case hidden:
		reader.Advance(1)
		taken := 0
		if len(line) > 1 {
			taken = 1 + countTicks(line[2:], line[1])
		}
		reader.Advance(taken)
		return st.pool.text(text.NewSegment(segment.Start+1, segment.Start+1+taken))
	case n%2 == 0 || n == len(line) || strings.IndexByte(escapable, line[n]) < 0 || st.first:
		return st.literal(parent, reader, segment, n)
	}
	n += 1 + countTicks(line[n+1:], line[n])
	for n = st.unmarked(line, n, segment.Start); len(st.hidden) == 0 && n+1 < len(line) && line[n] == '\\' && line[n+1] > ' ' && line[n+1] != '\\'; {
		n = st.unmarked(line, n+2+countTicks(line[n+2:], line[n+1]), segment.Start)
	}
	return st.literal(parent, reader, segment, n)
}

// countTicks returns how many backticks are at the beginning of line, if c is a backtick too.
func countTicks(line string, c byte) int {
	if c != '`' {
		return 0
	}
	return len(line) - len(strings.TrimLeft(line, "`"))
}

// maxRow is the most backticks that can begin a code span.
const maxRow = 64

var kindCode = ast.NewNodeKind("Code")

// code is a code span. Its children are texts.
type code struct{ ast.BaseInline }

func (*code) Kind() ast.NodeKind              { return kindCode }
func (n *code) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// codeParser parses code spans, in which all characters are text. The span ends at the next row of as many backticks.
type codeParser struct{}

func (codeParser) Trigger() []byte { return []byte{'`'} }

func (codeParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	n := endOfRow(line, 0)
	if n > maxRow || st.noTicks[n] != 0 && segment.Start >= st.noTicks[n] || !st.affords(codeTags) {
		return st.literal(parent, reader, segment, st.unmarked(line, n, segment.Start))
	}
	reader.Advance(n)
	number, position := reader.Position()
	node := st.pool.codes.next()
	for {
		line, part := reader.PeekLine()
		if line == nil {
			st.noTicks[n] = max(segment.Start, 1)
			reader.SetPosition(number, position)
			return st.pool.text(segment.WithStop(segment.Start + n))
		}
		if at := rowOf(line, n); at >= 0 {
			end := part.Start - part.Padding + at
			node.AppendChild(node, st.pool.text(part.WithStop(end)))
			reader.Advance(at + n)
			st.spend(codeTags)
			if st.first && st.escapes(segment.Start-1) {
				st.tookEffect(segment.Start)
				st.tookEffect(end)
			}
			node.trim(st.text)
			return st.unmarkedAfter(parent, reader, node)
		}
		node.AppendChild(node, st.pool.text(part))
		reader.AdvanceLine()
	}
}

// rowOf returns the position of a row of exactly n backticks, or -1.
func rowOf(line []byte, n int) int {
	for i := 0; i < len(line); {
		j := bytes.IndexByte(line[i:], '`')
		if j < 0 {
			return -1
		}
		i += j
		end := i
		for end < len(line) && line[end] == '`' {
			end++
		}
		if end-i == n {
			return i
		}
		i = end
	}
	return -1
}

// trim removes a space at each end, which separates backticks in the code from those of the markers.
func (n *code) trim(source string) {
	first, last := n.FirstChild().(*ast.Text), n.LastChild().(*ast.Text)
	blank := true
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		blank = blank && strings.Trim(valueOf(c, source), " \t\r\n") == ""
	}
	a, b := first.Segment, last.Segment
	if blank || a.IsEmpty() || b.IsEmpty() || !isSpace(source[a.Start]) || !isSpace(source[b.Stop-1]) {
		return
	}
	first.Segment.Start++
	last.Segment.Stop--
}

// valueOf returns the text of an ast.Text, without padding.
func valueOf(n ast.Node, source string) string {
	segment := n.(*ast.Text).Segment
	return source[segment.Start:segment.Stop]
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

var kindPerson = ast.NewNodeKind("Person")

// person is a mention.
type person struct {
	ast.BaseInline
	mention
}

func (*person) Kind() ast.NodeKind              { return kindPerson }
func (n *person) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'@'} }

func (mentionParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	_, segment := reader.PeekLine()
	m, ok := st.mentionAt(segment.Start)
	if !ok || m.end > segment.Stop || st.escapes(segment.Start-1) && !st.first {
		return nil
	}
	st.tookEffect(segment.Start)
	reader.Advance(m.end - m.at)
	n := st.pool.people.next()
	n.mention = m
	return st.unmarkedAfter(parent, reader, n)
}

// mentionAt returns the mention at i. It is called with ascending positions.
func (st *state) mentionAt(i int) (mention, bool) {
	for st.next < len(st.mentions) && st.mentions[st.next].at < i {
		st.next++
	}
	if st.next < len(st.mentions) && st.mentions[st.next].at == i {
		return st.mentions[st.next], true
	}
	return mention{}, false
}
