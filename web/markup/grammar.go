package markup

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// maxBlocks is how deep quotes and lists may nest (a list counts twice: itself and its item). What is
// deeper stays text. It bounds both the work and the page: browsers stop nesting at 512.
const maxBlocks = 12

// grammar is what messages may contain. Left out of goldmark's own: ATX and setext headings, thematic
// breaks, indented code, HTML blocks and tags, <…> links, link definitions. The numbers are the order in
// which parsers are asked.
var grammar = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(listParser{parser.NewListParser()}, 300),
		util.Prioritized(parser.NewListItemParser(), 400),
		util.Prioritized(fenceParser{parser.NewFencedCodeBlockParser()}, 700),
		util.Prioritized(quoteParser{parser.NewBlockquoteParser()}, 800),
		util.Prioritized(paragraphParser{}, 1000),
	),
	parser.WithInlineParsers(
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(linkParser{parser.NewLinkParser()}, 200),
		util.Prioritized(bareLinkParser{}, 300),
		util.Prioritized(mentionParser{}, 400),
		util.Prioritized(parser.NewEmphasisParser(), 500),
		util.Prioritized(strikeParser{extension.NewStrikethroughParser()}, 600),
	),
)

var budgetKey = parser.NewContextKey()

// budget is what one message has used of what messages may use.
type budget struct {
	mentions []*mention
	brackets int
}

// tooDeep reports whether a block below parent would be nested more than maxBlocks deep.
func tooDeep(parent ast.Node) bool {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		depth++
	}
	return depth > maxBlocks
}

type quoteParser struct{ parser.BlockParser }

func (p quoteParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if tooDeep(parent) {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, reader, pc)
}

// fenceParser takes only fences of backticks: ~~~struck~~~ alone on a line is no code.
type fenceParser struct{ parser.BlockParser }

func (fenceParser) Trigger() []byte { return []byte{'`'} }

type listParser struct{ parser.BlockParser }

func (p listParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, _ := reader.PeekLine()
	if !beginsList(line) || tooDeep(parent) {
		return nil, parser.NoChildren
	}
	return p.BlockParser.Open(parent, reader, pc)
}

// beginsList is stricter than Markdown, so that a lone "-" or "2.", a "* * *" between paragraphs,
// "+ 1" and "5) what" stay as they were typed.
func beginsList(line []byte) bool {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || line[0] == '+' {
		return false
	}
	digits := 0
	for digits < len(line) && util.IsNumeric(line[digits]) {
		digits++
	}
	if digits == 0 {
		return len(bytes.Trim(line, string(line[0])+" \t")) > 0
	}
	return digits+1 < len(line) && line[digits] == '.'
}

// paragraphParser differs from goldmark's in three ways. It keeps the spaces at the beginning of lines.
// It takes lines indented by four and more, as there is no indented code here (and a line that
// no parser takes would end the parsing). And it does away with lazy continuation: in a chat, the line
// after a quote or a list item belongs to it only when it is marked so, else it is the answer.
type paragraphParser struct{}

func (paragraphParser) Trigger() []byte { return nil }

func (paragraphParser) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	if util.IsBlank(line) {
		return nil, parser.NoChildren
	}
	last := pc.LastOpenedBlock().Node
	if last != nil && ast.IsParagraph(last) && last.Parent() == parent {
		return nil, parser.NoChildren // the paragraph goes on
	}
	node := ast.NewParagraph()
	node.Lines().Append(segment)
	reader.AdvanceToEOL()
	return node, parser.NoChildren
}

func (paragraphParser) Continue(node ast.Node, reader text.Reader, _ parser.Context) parser.State {
	line, segment := reader.PeekLine()
	if util.IsBlank(line) {
		return parser.Close
	}
	node.Lines().Append(segment)
	reader.AdvanceToEOL()
	return parser.Continue | parser.NoChildren
}

func (paragraphParser) Close(node ast.Node, reader text.Reader, _ parser.Context) {
	lines := node.Lines()
	last := lines.At(lines.Len() - 1)
	lines.Set(lines.Len()-1, last.TrimRightSpace(reader.Source()))
}

// CanInterruptParagraph is asked for the lazy lines; Open sorts them out.
func (paragraphParser) CanInterruptParagraph() bool { return true }

func (paragraphParser) CanAcceptIndentedLine() bool { return true }

// strikeParser takes two tildes and not one, which people write for "about".
type strikeParser struct{ parser.InlineParser }

func (p strikeParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if block.PrecendingCharacter() == '~' || !bytes.HasPrefix(line, []byte("~~")) {
		return nil // goldmark would count the rest of a long row at each of its tildes
	}
	return p.InlineParser.Parse(parent, block, pc)
}
