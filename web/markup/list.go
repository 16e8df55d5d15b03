package markup

import (
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxDigits is the most digits in the number of a list item.
const maxDigits = 9

// mark is the marker of a list item.
type mark struct {
	char   byte // - or *, or the full stop after a number
	number int
	length int // of the marker with the white space before and after it, in bytes
	width  int // the same in columns; further lines of the item are indented by it
}

// markOf reads the marker at the beginning of a line.
func markOf(s string) (m mark, ok bool) {
	indent, at := indentOf(s)
	if at == len(s) || indent > maxIndent {
		return m, false
	}
	digits := at
	for digits < len(s) && digits-at < maxDigits && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	switch m.char = s[min(digits, len(s)-1)]; {
	case digits == at && (m.char == '-' || m.char == '*'):
	case digits > at && digits < len(s) && m.char == '.' && (s[at] != '0' || digits == at+1): // "007." would be shown as 7
		m.number, _ = strconv.Atoi(s[at:digits]) // does not fail for up to maxDigits digits
	default:
		return m, false
	}
	m.length, m.width = digits+1, indent+digits+1-at
	rest := s[m.length:]
	switch space, bytes := indentFrom(rest, m.width); {
	case isBlank(rest[bytes:]):
		m.length, m.width = len(s), m.width+1
	case space == 0:
		return m, false
	case space > 4: // the text of the item begins with white space
		m.length, m.width = m.length+1, m.width+1
	default:
		m.length, m.width = m.length+bytes, m.width+space
	}
	return m, true
}

// beginsList reports whether the line s begins a list. The rule is stricter than Markdown's, so that a lone "-" or "2.", a "* *
// *" between paragraphs, "+ 1" and "5) what" stay as they were typed.
func beginsList(s string) bool {
	m, ok := markOf(s)
	if !ok {
		return false
	}
	for i := m.length; i < len(s); i++ {
		if c := s[i]; c != ' ' && c != '\t' && c != '\r' && (c != m.char || m.char == '.') {
			return true
		}
	}
	return false
}

var kindList, kindItem = ast.NewNodeKind("ChatList"), ast.NewNodeKind("ChatListItem")

// list is a list. Its children are items.
type list struct {
	ast.BaseBlock
	char  byte // of its marks
	start int  // the number of the first item
	next  mark // of the item that begins on the current line
	loose bool // blank lines are inside the list
	empty bool // the last line was blank
}

func (*list) Kind() ast.NodeKind              { return kindList }
func (n *list) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// item is an item of a list.
type item struct {
	ast.BaseBlock
	mark
	task, done bool // it begins with a check box
}

func (*item) Kind() ast.NodeKind              { return kindItem }
func (n *item) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type listParser struct{ block }

var listTriggers = []byte("-*0123456789")

func (listParser) Trigger() []byte { return listTriggers }

func (listParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	st := stateOf(pc)
	if _, ok := parent.(*list); st.full || ok || depthOf(parent)+2 > maxDepth {
		return nil, parser.NoChildren
	}
	line, _ := st.line(reader)
	if !beginsList(line) {
		return nil, parser.NoChildren
	}
	m, _ := markOf(line)
	// A line of a paragraph may begin with any number by chance, but seldom with 1, and seldom indented below an item.
	if last := pc.LastOpenedBlock().Node; ast.IsParagraph(last) && last.Parent() == parent && !m.interrupts(parent) {
		return nil, parser.NoChildren
	}
	tags := len(`<ul></ul><li></li>`)
	if m.number > 1 {
		tags += len(` start="123456789"`)
	}
	if !st.spendBlock(tags) {
		return nil, parser.NoChildren
	}
	l := st.pool.lists.next()
	l.char, l.start, l.next = m.char, m.number, m
	return l, parser.HasChildren
}

// interrupts reports whether an item with the marker m may follow a line of a paragraph in parent.
func (m mark) interrupts(parent ast.Node) bool {
	_, nested := parent.(*item)
	return m.char != '.' || m.number == 1 || nested
}

func (listParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	l := n.(*list)
	st := stateOf(pc)
	line, _ := st.line(reader)
	if st.full {
		return parser.Close
	}
	if isBlank(line) {
		l.empty = true
		return parser.Continue | parser.HasChildren
	}
	last := l.LastChild().(*item)
	if indent, _ := indentOf(line); indent < last.width {
		m, ok := markOf(line)
		if !ok || m.char != l.char {
			return parser.Close
		}
		tags := len("<li></li>")
		if m.char == '.' && m.number != last.number+1 {
			tags += len(` value="123456789"`)
		}
		if !st.spendBlock(tags) {
			return parser.Close
		}
		l.next = m
	}
	l.loose = l.loose || l.empty
	l.empty = false
	return parser.Continue | parser.HasChildren
}

type itemParser struct{ block }

func (itemParser) Trigger() []byte { return listTriggers }

func (itemParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	l, ok := parent.(*list)
	if !ok || l.next.char == 0 {
		return nil, parser.NoChildren
	}
	n := stateOf(pc).pool.items.next()
	n.mark = l.next
	l.next = mark{}
	reader.Advance(n.length)
	return n, parser.HasChildren
}

func (itemParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	line, _ := stateOf(pc).line(reader)
	if isBlank(line) {
		return parser.Continue | parser.HasChildren
	}
	if n.Parent().(*list).next.char != 0 {
		return parser.Close
	}
	raw, _ := reader.PeekLine()
	reader.AdvanceAndSetPadding(util.IndentPosition(raw, reader.LineOffset(), n.(*item).width))
	return parser.Continue | parser.HasChildren
}

// taskParser parses the check box at the beginning of a list item.
type taskParser struct{}

func (taskParser) Trigger() []byte { return []byte{'['} }

func (taskParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	x, ok := parent.Parent().(*item)
	if !ok || x.FirstChild() != parent || x.task {
		return nil
	}
	st := stateOf(pc)
	line, segment := st.rest(reader)
	if len(line) < 5 || line[2] != ']' || line[3] != ' ' && line[3] != '\t' || isBlank(strings.TrimSpace(line[4:])) {
		return nil
	}
	if first := parent.Lines().At(0).Start; segment.Start != first && !(st.first && segment.Start == first+1 && st.source[first] == '\\') {
		return nil
	}
	if c := line[1]; c != ' ' && c != 'x' && c != 'X' || !st.spend(taskTags) {
		return nil
	}
	st.tookEffect(segment.Start)
	x.task, x.done = true, line[1] != ' '
	reader.Advance(3)
	return &nothing{}
}

var kindNothing = ast.NewNodeKind("Nothing")

// nothing is a marker that its item shows.
type nothing struct{ ast.BaseInline }

func (*nothing) Kind() ast.NodeKind              { return kindNothing }
func (n *nothing) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }
