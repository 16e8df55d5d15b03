package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// maxDepth is how deep quotes and lists may be nested. A list counts twice, for itself and for its item. Markers beyond it
// stay text. This bounds the work and the nesting of the page, which browsers limit to 512 elements.
const maxDepth = 12

// maxIndent is how far the marker of a block may be indented, in columns.
const maxIndent = 3

// depthOf returns how many quotes, lists and items contain the children of a block.
func depthOf(parent ast.Node) int {
	n := 0
	for ; parent != nil; parent = parent.Parent() {
		switch parent.(type) {
		case *quote, *list, *item:
			n++
		}
	}
	return n
}

// block has the methods that most block parsers share. None accepts lines that are indented by more than maxIndent.
type block struct{}

func (block) Close(ast.Node, text.Reader, parser.Context) {}
func (block) CanInterruptParagraph() bool                 { return true }
func (block) CanAcceptIndentedLine() bool                 { return false }

// line returns the current line without its end, and its segment.
func (st *state) line(reader text.Reader) (string, text.Segment) {
	_, segment := reader.Position()
	line := st.text[segment.Start:segment.Stop]
	if segment.Padding > 0 { // a part of a tab
		line = strings.Repeat(" ", segment.Padding) + line
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), segment
}

// paragraphParser is the parser of lines without a marker. Unlike in Markdown, such a line does not continue the quote or list
// item above it: in a chat, it is usually the answer.
type paragraphParser struct{ block }

func (paragraphParser) Trigger() []byte             { return nil }
func (paragraphParser) CanAcceptIndentedLine() bool { return true }

func (p paragraphParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if last := pc.LastOpenedBlock().Node; ast.IsParagraph(last) && last.Parent() == parent {
		return nil, parser.NoChildren // continues it
	}
	if _, ok := parent.(*list); ok {
		return nil, parser.NoChildren
	}
	st := stateOf(pc)
	line, segment := st.line(reader)
	if isBlank(line) {
		return nil, parser.NoChildren
	}
	tags := len("<p></p>")
	if parent.Kind() == kindItem {
		tags = 0 // most lists are tight
	}
	if (st.full || !st.spendBlock(tags)) && parent.Kind() == ast.KindDocument {
		number, _ := reader.Position()
		reader.SetPosition(number, text.NewSegment(len(st.text), len(st.text)))
		return &remainder{from: segment.Start}, parser.NoChildren
	}
	n := st.pool.paragraphs.next()
	p.Continue(n, reader, pc)
	return n, parser.NoChildren
}

var kindRemainder = ast.NewNodeKind("Remainder")

// remainder is the text behind the last block that a message may have. It is shown as it was typed, but for mentions.
type remainder struct {
	ast.BaseBlock
	from int
}

func (*remainder) Kind() ast.NodeKind              { return kindRemainder }
func (*remainder) IsRaw() bool                     { return true }
func (n *remainder) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

func (paragraphParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	st := stateOf(pc)
	line, segment := st.line(reader)
	if isBlank(line) {
		return parser.Close
	}
	if st.hasEscape {
		if at := escapedBlock(line, n); at >= 0 {
			st.hide(segment.Start - segment.Padding + at)
		}
	}
	segment.Padding = 0
	n.Lines().Append(segment)
	reader.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (paragraphParser) Close(n ast.Node, reader text.Reader, _ parser.Context) {
	if n.Kind() == ast.KindParagraph {
		trimEnd(n, reader.Source())
	}
}

// trimEnd removes the line feed and the white space at the end of a paragraph.
func trimEnd(n ast.Node, source []byte) {
	lines := n.Lines()
	last := lines.Len() - 1
	segment := lines.At(last)
	lines.Set(last, segment.TrimRightSpace(source))
}

var kindBare = ast.NewNodeKind("BareParagraph")

// bare is a paragraph without any character that could be a marker, so that goldmark need not look for inlines in it.
type bare struct{ ast.BaseBlock }

func (*bare) Kind() ast.NodeKind              { return kindBare }
func (*bare) IsRaw() bool                     { return true }
func (n *bare) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// special has the bytes that the inline parsers look for, and the first byte of "＠".
var special = func() (is [256]bool) {
	for _, c := range []byte("*_~`[]@:.\\" + wideAt[:1]) {
		is[c] = true
	}
	return is
}()

// replaceBare replaces n by a bare paragraph if it has no special bytes. A full stop is special only after a "w".
func (st *state) replaceBare(n *ast.Paragraph) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		for i := line.Start; i < line.Stop; i++ {
			if c := st.text[i]; special[c] && (c != '.' || i > 0 && st.text[i-1]|0x20 == 'w') {
				return
			}
		}
	}
	b := st.pool.bares.next()
	b.SetLines(n.Lines())
	n.Parent().ReplaceChild(n.Parent(), n, b)
	trimEnd(b, st.source)
}

// escapedBlock returns the position of a backslash that prevents a line of the paragraph n from beginning a block, or -1.
func escapedBlock(line string, n ast.Node) int {
	at := strings.IndexByte(line, '\\')
	if at < 0 {
		return -1
	}
	rest := line[:at] + line[at+1:]
	indent, from := indentOf(rest)
	if indent > maxIndent || from == len(rest) || isBlank(rest) {
		return -1
	}
	switch {
	case at == from && (isQuoteMark(rest[from:]) || ticksOf(rest[from:]) > 0):
		return at
	case beginsList(rest):
		m, _ := markOf(rest)
		marker := from
		if m.char == '.' {
			marker = strings.IndexByte(rest, '.')
		}
		if at == marker && (n.Lines().Len() == 0 || m.interrupts(n.Parent())) {
			return at
		}
	}
	return -1
}

var kindQuote = ast.NewNodeKind("Quote")

// quote is a quotation.
type quote struct {
	ast.BaseBlock
	lines int
}

func (*quote) Kind() ast.NodeKind              { return kindQuote }
func (n *quote) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type quoteParser struct{ block }

func (quoteParser) Trigger() []byte { return []byte{'>'} }

func (p quoteParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	const tags = len("<blockquote></blockquote>")
	st := stateOf(pc)
	if _, ok := parent.(*list); ok || st.full || depthOf(parent) >= maxDepth {
		return nil, parser.NoChildren
	}
	number, position := reader.Position()
	if !p.mark(st, reader) {
		return nil, parser.NoChildren
	}
	if !st.spendBlock(tags) {
		reader.SetPosition(number, position)
		return nil, parser.NoChildren
	}
	return &quote{lines: 1}, parser.HasChildren
}

func (p quoteParser) Continue(n ast.Node, reader text.Reader, pc parser.Context) parser.State {
	if st := stateOf(pc); !st.full && p.mark(st, reader) {
		n.(*quote).lines++
		return parser.Continue | parser.HasChildren
	}
	return parser.Close
}

// mark reads the marker of a quote. It reports whether there is one.
func (quoteParser) mark(st *state, reader text.Reader) bool {
	line, _ := st.line(reader)
	indent, from := indentOf(line)
	if indent > maxIndent || !isQuoteMark(line[from:]) {
		return false
	}
	if from++; from < len(line) && (line[from] == ' ' || line[from] == '\t') {
		from++
	}
	reader.Advance(from)
	return true
}

// isQuoteMark reports whether s begins with ">" and white space, or is only ">". Texts such as ">:(" and ">=5" are not quotes.
func isQuoteMark(s string) bool {
	after, ok := strings.CutPrefix(s, ">")
	return ok && (isBlank(after) || after[0] == ' ' || after[0] == '\t')
}

// indentOf returns how far a line is indented, in columns and in bytes.
func indentOf(s string) (columns, bytes int) { return indentFrom(s, 0) }

// indentFrom returns the width of the white space at the beginning of s, which begins at a column. A tab extends to the next
// multiple of four columns.
func indentFrom(s string, column int) (columns, bytes int) {
	at := column
	for ; bytes < len(s) && (s[bytes] == ' ' || s[bytes] == '\t'); bytes++ {
		at++
		if s[bytes] == '\t' {
			at += (4 - at%4) % 4
		}
	}
	return at - column, bytes
}

// isBlank reports whether a line is empty or has only white space.
func isBlank(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
