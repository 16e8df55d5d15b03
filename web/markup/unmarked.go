package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// unmarkedParser reads what no other parser has taken for a marker, up to the next possible one. So goldmark does not look at each
// character of it.
type unmarkedParser struct{}

func (unmarkedParser) Trigger() []byte { return []byte("*_~`[]@:.\\") }

func (unmarkedParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	line, segment := st.rest(reader)
	return st.literal(parent, reader, segment, st.unmarked(line, 1, segment.Start))
}

// unmarked returns the position of the next byte from i on that may begin a marker, or of the white space at the end of the line.
// What is passed over need not be looked at by goldmark. This includes markers for which nothing is left, and backslashes before
// delimiters then. The line begins at start.
func (st *state) unmarked(line string, i, start int) int {
	end := len(line)
	for end > 0 && strings.IndexByte(" \t\r\n", line[end-1]) >= 0 {
		end--
	}
	if end < len(line) && end > 0 && line[end-1] == '\\' {
		end-- // goldmark takes it for a line break
	}
	for ; i < end; i++ {
		switch c := line[i]; {
		case !special[c]:
		case c == '.' && i > 0 && line[i-1]|0x20 != 'w', c == ']' && len(st.brackets) == 0:
		case c == ':' && !(st.affords(linkTags) && i > 0 && endsScheme(line[i-1])) && (st.inlines == 0 || shortcodeLength(line[i:]) == 0):
		case st.runs == 0 && isDelimiter(c):
		case c == '`' && !st.affords(codeTags), c == '[' && !st.affords(linkTags):
		case c == '@' && i > 0 && !inLocal(line[i-1]) && !st.mentionedAt(start+i):
		case c == '\\' && st.runs == 0 && i+1 < end && isDelimiter(line[i+1]):
			i++
		default:
			return i
		}
	}
	return i
}

// mentionedAt reports whether there may be a mention at i.
func (st *state) mentionedAt(i int) bool {
	for _, m := range st.mentions[st.next:] {
		if m.at >= i {
			return m.at == i
		}
	}
	return false
}

// unmarkedAfter appends n to parent and returns the text behind it up to the next marker, which goldmark appends. If there is
// none, it returns n.
func (st *state) unmarkedAfter(parent ast.Node, reader text.Reader, n ast.Node) ast.Node {
	line, segment := st.rest(reader)
	i := st.unmarked(line, 0, segment.Start)
	if i == 0 {
		return n
	}
	parent.AppendChild(parent, n)
	reader.Advance(i)
	t := st.pool.texts.next()
	t.Segment = segment.WithStop(segment.Start + i)
	return t
}

// literal reads n characters as text, so that the parser does not look at each of them again. It returns a node that goldmark
// appends to parent: if possible, the text before them, which is there already, to save a node.
func (st *state) literal(parent ast.Node, reader text.Reader, segment text.Segment, n int) ast.Node {
	reader.Advance(n)
	if last, ok := parent.LastChild().(*ast.Text); ok && last.Segment.Stop == segment.Start && !last.SoftLineBreak() && !last.HardLineBreak() {
		last.Segment.Stop += n
		return last
	}
	return st.pool.text(segment.WithStop(segment.Start + n))
}
