package markup

import (
	"html"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extension "github.com/yuin/goldmark/extension/ast"
)

// maxInlines is how deep bold, italic and struck text are written into each other; deeper they don't
// look different any more.
const maxInlines = 8

// writer writes the HTML of one message.
type writer struct {
	html   strings.Builder
	people []slot
	source []byte
	marked bool // there is more than text and paragraphs
	depth  int  // of bold, italic and struck text
	inLink bool // there are no links in links
}

// open writes a start tag that makes the message more than plain text.
func (w *writer) open(tag string) {
	w.marked = true
	w.html.WriteString(tag)
}

func (w *writer) escape(s string) { w.html.WriteString(html.EscapeString(s)) }

func (w *writer) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.block(n)
	}
}

// block writes a block. An unknown one, which the grammar doesn't make, would be its escaped lines.
func (w *writer) block(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.html.WriteString("<p>")
		w.inlines(n)
		w.html.WriteString("</p>")
	case *ast.TextBlock: // a paragraph of a list without blank lines
		w.inlines(n)
	case *ast.Blockquote:
		w.open("<blockquote>")
		w.blocks(n)
		w.html.WriteString("</blockquote>")
	case *ast.List:
		w.list(n)
	case *ast.ListItem:
		w.open("<li>")
		w.blocks(n)
		w.html.WriteString("</li>")
	case *ast.FencedCodeBlock:
		w.open("<pre><code>")
		w.escape(strings.TrimSuffix(string(n.Lines().Value(w.source)), "\n"))
		w.html.WriteString("</code></pre>")
	default:
		w.escape(string(n.Lines().Value(w.source)))
	}
}

func (w *writer) list(n *ast.List) {
	if !n.IsOrdered() {
		w.open("<ul>")
		w.blocks(n)
		w.html.WriteString("</ul>")
		return
	}
	w.open("<ol")
	if n.Start != 1 {
		w.html.WriteString(` start="` + strconv.Itoa(n.Start) + `"`)
	}
	w.html.WriteString(">")
	w.blocks(n)
	w.html.WriteString("</ol>")
}

func (w *writer) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		w.inline(n)
	}
}

// inline writes a part of a line. Of an unknown one, which the grammar doesn't make, what is in it would remain.
func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.CodeSpan:
		w.code(n)
	case *ast.Emphasis:
		w.styled([...]string{"em", "strong"}[n.Level-1], n)
	case *extension.Strikethrough:
		w.styled("del", n)
	case *ast.Link:
		w.link(n)
	case *ast.AutoLink:
		address := string(n.Label(w.source))
		w.anchor(address, func() { w.escape(address) })
	case *mention:
		w.mention(n)
	default:
		w.inlines(n)
	}
}

func (w *writer) styled(tag string, n ast.Node) {
	if w.depth >= maxInlines {
		w.inlines(n)
		return
	}
	w.depth++
	w.open("<" + tag + ">")
	w.inlines(n)
	w.html.WriteString("</" + tag + ">")
	w.depth--
}

// text writes text as it was typed, without the backslashes that took away a character's meaning. Only
// before these: elsewhere people mean the backslash, in paths and in faces.
func (w *writer) text(n *ast.Text) {
	s := string(n.Segment.Value(w.source))
	from := 0
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '\\' {
			continue
		}
		if strings.IndexByte("*`~[@", s[i+1]) >= 0 {
			w.escape(s[from:i])
			w.marked = true
			from = i + 1
		}
		i++
	}
	w.escape(s[from:])
	if n.HardLineBreak() && w.source[n.Segment.Stop] == '\\' {
		w.escape("\\") // to goldmark, a backslash at the end of a line is the line break
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.html.WriteString("<br>")
	}
}

// code writes a code span, in which nothing has a meaning.
func (w *writer) code(n *ast.CodeSpan) {
	w.open("<code>")
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			w.escape(string(t.Segment.Value(w.source)))
		}
	}
	w.html.WriteString("</code>")
}

func (w *writer) link(n *ast.Link) {
	if tail, none := n.AttributeString(typed); none {
		w.escape("[")
		w.inlines(n)
		w.escape(string(tail.([]byte)))
		return
	}
	w.anchor(string(n.Destination), func() { w.inlines(n) })
}

// anchor writes a link to another site. That site learns neither where the reader comes from (noreferrer)
// nor gets a hold of the chat's window (noopener), and search engines don't count it (nofollow).
func (w *writer) anchor(address string, content func()) {
	if w.inLink {
		content()
		return
	}
	w.inLink = true
	w.open(`<a href="` + html.EscapeString(address) + `" rel="nofollow noopener noreferrer" target="_blank">`)
	content()
	w.html.WriteString("</a>")
	w.inLink = false
}

func (w *writer) mention(m *mention) {
	w.marked = true
	w.people = append(w.people, slot{at: w.html.Len(), id: m.id, typed: string(w.source[m.at:m.end]), inLink: w.inLink})
}
