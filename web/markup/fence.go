package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// maxLanguage is the length of the longest name of a language behind a fence.
const maxLanguage = 24

var kindFence = ast.NewNodeKind("Fence")

// fence is a block of code between two fences.
type fence struct {
	ast.BaseBlock
	ticks, indent int
	first         text.Segment // the opening fence
	behind        text.Segment // the text behind it
	language      bool         // that text looks like the name of a language
	last          text.Segment // the closing fence
	closed        bool
}

func (*fence) Kind() ast.NodeKind              { return kindFence }
func (*fence) IsRaw() bool                     { return true }
func (n *fence) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type fenceParser struct{ block }

func (fenceParser) Trigger() []byte { return []byte{'`'} }

func (fenceParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	st := stateOf(pc)
	line, segment := st.line(reader)
	indent, from := indentOf(line)
	ticks := ticksOf(line[from:])
	if _, ok := parent.(*list); ok || ticks == 0 || !st.spendBlock(len(`<pre><code></code></pre>`)) {
		return nil, parser.NoChildren
	}
	n := &fence{ticks: ticks, indent: indent}
	begin := segment.Start - segment.Padding + from
	n.first = text.NewSegment(begin, begin+ticks)
	n.behind = text.NewSegment(begin+ticks, segment.Start-segment.Padding+len(line))
	n.behind = n.behind.TrimLeftSpace(st.source)
	n.behind = n.behind.TrimRightSpace(st.source)
	n.language = isLanguage(string(n.behind.Value(st.source)))
	return n, parser.NoChildren
}

// isLanguage reports whether s looks like the name of a programming language, such as go, c++ or objective-c.
func isLanguage(s string) bool {
	if s == "" || len(s) > maxLanguage || !isASCIILetter(s[0]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isASCIIWord(c) && !strings.ContainsRune("+#-._", rune(c)) {
			return false
		}
	}
	return true
}

func isASCIILetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// ticksOf returns how many backticks open a code block at the beginning of body, or 0 if none is opened.
func ticksOf(body string) int {
	rest := strings.TrimLeft(body, "`")
	ticks := len(body) - len(rest)
	if ticks < 3 || strings.Contains(rest, "`") {
		return 0
	}
	return ticks
}

func (fenceParser) Continue(node ast.Node, reader text.Reader, pc parser.Context) parser.State {
	n := node.(*fence)
	st := stateOf(pc)
	line, segment := st.line(reader)
	from, to := n.closing(line, st.text[segment.Stop:])
	if n.closed {
		begin := segment.Start - segment.Padding
		n.last = text.NewSegment(begin+from, begin+len(strings.TrimRight(line[:to], " \t")))
	}
	if n.closed && isBlank(line[:from]) {
		reader.Advance(to)
		return parser.Close
	}
	// The line loses as much indentation as the fence has. A tab is lost as a whole, also if only a part of it was that wide.
	code := text.NewSegment(segment.Start, segment.Start-segment.Padding+len(line))
	for column := segment.Padding; column < n.indent && code.Start < code.Stop && isBlank(line[code.Start-segment.Start+segment.Padding:][:1]); code.Start++ {
		column++
		if line[code.Start-segment.Start+segment.Padding] == '\t' {
			column = n.indent
		}
	}
	if n.closed {
		code.Stop = segment.Start - segment.Padding + from
	}
	n.Lines().Append(code)
	if n.closed {
		reader.Advance(to)
		return parser.Close
	}
	reader.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

// closing finds the closing fence in a line, and sets closed if there is one. A fence is alone on its line, or at the end of the
// last line of code. The text can go on behind it, but with a letter or digit only if no other fence follows in the text (after). There
// is no other fence in the line.
func (n *fence) closing(line, after string) (from, to int) {
	fence := strings.Repeat("`", n.ticks)
	if from = strings.Index(line, fence); from < 0 {
		return 0, 0
	}
	to = endOfRow(line, from)
	for to < len(line) && (line[to] == ' ' || line[to] == '\t') {
		to++
	}
	rest := line[to:]
	if indent, begin := indentOf(line); begin == from && indent > maxIndent || strings.Contains(rest, fence) || begin == from && strings.Contains(rest, "`") {
		return 0, 0
	}
	n.closed = rest == "" || line[to-1] != '`' || !isASCIIWord(rest[0]) || !strings.Contains(after, fence)
	return from, to
}
