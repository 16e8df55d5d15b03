package markup

import (
	"html"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

const (
	// maxTags is the most bytes of tags, line breaks and link targets in a message. It is enough for 29 links of 30 characters.
	// Markup beyond it stays text. With this bound, a message of 4000 characters costs about twice as much to serve as one without
	// markup (TestHostileMessagesAreCheapToServe). With 8 KiB, it would cost 2.7 times as much.
	maxTags = 3 << 10
	// maxGrowth is the most bytes of HTML for each byte of the text, in addition to maxTags. A quotation mark takes five. A
	// message that exceeds the bound is shown as it was typed.
	maxGrowth = 1.5
	// maxBlocks is the most blocks in a message: paragraphs, quotes, code blocks, lists, their items, and the rows and cells of
	// tables. It is enough for a list of 99 lines, of which each is an item and a paragraph. What follows the last block is shown
	// as it was typed, but for mentions. With maxInlines, it bounds what a message costs when it is read for the first time: to
	// about ten times as much as one without markup costs later.
	maxBlocks = 200
	// maxInlines is the most inline elements in a message: bold, italic and struck text, code, links and emoji. Further markers
	// stay text.
	maxInlines = 120
	// maxStyles is how deep bold, italic and struck text is nested in the HTML. Deeper nesting looks the same.
	maxStyles = 8
	// maxRuns is the most delimiter runs in a message: rows of stars, underscores or tildes that may begin or end emphasis. It is
	// enough for 90 bold or italic words.
	maxRuns = 180
	// maxEscapes is the most backslashes before characters of markers. If a message has more, they stay text. With up to that many,
	// the message is parsed twice, so it may have only half as many inline elements and runs, and three quarters of the blocks.
	maxEscapes = 100
	// maxTries is the most pairs of delimiter runs that are tried in a message. Each run is tried with the runs before it.
	maxTries = 20 * maxRuns
	// maxAhead bounds how many bytes are read ahead, for each byte of the text, to find the end of a possible link.
	maxAhead = 2
)

var (
	startTags = [...]string{em: "<em>", strong: "<strong>", del: "<del>"}
	endTags   = [...]string{em: "</em>", strong: "</strong>", del: "</del>"}
)

const (
	codeTags = len("<code></code>")
	cellTags = len(`<td align="center"></td>`)
	taskTags = len(` class="task"<label><input type="checkbox" disabled checked></label>`)
)

// The parts of a link to another site. With noreferrer, the site does not learn the address of the reader's page. With
// noopener, it cannot control the chat's window. With nofollow, search engines do not count the link.
const (
	linkOpen  = `<a href="`
	linkRest  = `" rel="nofollow noopener noreferrer" target="_blank">`
	linkClose = "</a>"

	linkTags = len(linkOpen + linkRest + linkClose)
)

// writer writes the HTML of one message. It is reused for further messages, with its memory.
type writer struct {
	state
	html   []byte
	people []slot // mentions in html
	typed  []byte // their texts
	marked bool   // the message has markup
	depth  int    // the nesting of bold, italic and struck text
	inLink bool   // the text of a link is being written; links are not nested
	wide   int    // the first mention with a full-width @ that is not written yet
}

var writers = sync.Pool{New: func() any { return &writer{} }}

// release returns w to the pool, without references to the message.
func (w *writer) release() {
	w.pool.reset()
	*w = writer{html: w.html[:0], people: w.people[:0], typed: w.typed[:0], state: state{source: w.source[:0], brackets: w.brackets[:0], pool: w.pool}}
	clear(w.brackets[:cap(w.brackets)])
	writers.Put(w)
}

// escapes has the HTML of each byte that html.EscapeString escapes, and "" for all other bytes. lineEscapes also has <br> for
// line feeds.
var escapes, lineEscapes = func() (escapes, lines [256]string) {
	for c := range escapes {
		if s := html.EscapeString(string(rune(c))); len(s) > 1 && c < utf8.RuneSelf {
			escapes[c] = s
		}
	}
	lines = escapes
	lines['\n'] = "<br>"
	return escapes, lines
}()

// escape writes text of the sender. It is often called with a few bytes, for which a strings.Replacer takes three times as
// long.
func (w *writer) escape(s []byte, escapes *[256]string) {
	out, from := w.html, 0
	for i, c := range s {
		if e := escapes[c]; e != "" {
			out = append(append(out, s[from:i]...), e...)
			from = i + 1
		}
	}
	w.html = append(out, s[from:]...)
}

// add writes HTML.
func (w *writer) add(s string) { w.html = append(w.html, s...) }

// tag writes a tag that shows that the message has markup.
func (w *writer) tag(s string) {
	w.marked = true
	w.html = append(w.html, s...)
}

// text writes a part of the source. Mentions with a full-width "＠" are found here, because goldmark calls inline parsers only
// for ASCII characters.
func (w *writer) text(from, to int) {
	for w.wide < len(w.mentions) && w.mentions[w.wide].at < from {
		w.wide++
	}
	for w.wide < len(w.mentions) && w.mentions[w.wide].end <= to {
		m := w.mentions[w.wide]
		w.wide++
		if w.source[m.at] == '@' {
			continue // the mentionParser has refused it
		}
		w.escape(w.source[from:m.at], &lineEscapes)
		w.person(m)
		from = m.end
	}
	w.escape(w.source[from:to], &lineEscapes)
}

// person writes a mention.
func (w *writer) person(m mention) {
	w.marked = true
	w.typed = append(w.typed, w.source[m.at:m.end]...)
	w.people = append(w.people, slot{at: len(w.html), id: m.id, typedEnd: len(w.typed), inLink: w.inLink})
}

// children writes the children of a block.
func (w *writer) children(n ast.Node, tight bool) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.block(c, tight)
	}
}

// block writes a block. In a tight list, paragraphs are written without <p>.
func (w *writer) block(n ast.Node, tight bool) {
	switch n := n.(type) {
	case *ast.Paragraph:
		w.paragraph(n, tight)
	case *bare:
		w.bare(n, tight)
	case *quote:
		if !n.HasChildren() {
			w.add("<p>&gt;" + strings.Repeat("<br>&gt;", n.lines-1) + "</p>") // an empty quotation stays as it was typed
			return
		}
		w.tag("<blockquote>")
		w.children(n, false)
		w.add("</blockquote>")
	case *fence:
		w.fence(n)
	case *list:
		w.list(n)
	case *table:
		w.table(n)
	case *remainder:
		w.remainder(n)
	}
}

func (w *writer) remainder(n *remainder) {
	w.add("<p>")
	from, to := n.from, len(strings.TrimRight(w.state.text, " \t\r\n"))
	for _, m := range w.mentions {
		if m.at >= from && !w.escapes(m.at-1) {
			w.escape(w.source[from:m.at], &lineEscapes)
			w.person(m)
			from = m.end
		}
	}
	w.escape(w.source[from:to], &lineEscapes)
	w.add("</p>")
}

func (w *writer) bare(n *bare, tight bool) {
	if !tight {
		w.add("<p>")
	}
	for i := range n.Lines().Len() {
		if i > 0 {
			w.add("<br>")
		}
		line := n.Lines().At(i)
		line = line.TrimRightSpace(w.source)
		w.escape(line.Value(w.source), &escapes)
	}
	if !tight {
		w.add("</p>")
	}
}

func (w *writer) paragraph(n *ast.Paragraph, tight bool) {
	x, ok := n.Parent().(*item)
	task := ok && x.task && n.PreviousSibling() == nil
	if !tight {
		w.add("<p>")
	}
	if task {
		w.tag(`<label><input type="checkbox" disabled`)
		if x.done {
			w.add(" checked")
		}
		w.add(">")
	}
	w.inlines(n)
	if task {
		w.add("</label>")
	}
	if !tight {
		w.add("</p>")
	}
}

func (w *writer) list(n *list) {
	end := "</ul>"
	if n.char == '.' {
		end = "</ol>"
		w.tag("<ol")
		if n.start != 1 {
			w.add(` start="` + strconv.Itoa(n.start) + `"`)
		}
		w.add(">")
	} else {
		w.tag("<ul>")
	}
	number := n.start
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		x := c.(*item)
		w.add("<li")
		if n.char == '.' && x.number != number {
			w.add(` value="` + strconv.Itoa(x.number) + `"`)
		}
		number = x.number + 1
		if x.task {
			w.add(` class="task"`)
		}
		w.add(">")
		w.children(x, !n.loose)
		w.add("</li>")
	}
	w.add(end)
}

// fence writes a block of code. A word behind the fence is code if there is no other. A block without code stays as it was
// typed.
func (w *writer) fence(n *fence) {
	lines := n.Lines()
	word := n.language && !n.blank(w.source)
	if lines.Len() == 0 && n.behind.IsEmpty() {
		w.add("<p>")
		w.escape(n.first.Value(w.source), &escapes)
		if n.closed {
			w.add("<br>")
			w.escape(n.last.Value(w.source), &escapes)
		}
		w.add("</p>")
		return
	}
	w.tag("<pre><code>")
	between := false
	if !n.behind.IsEmpty() && !word {
		w.escape(n.behind.Value(w.source), &escapes)
		between = true
	}
	for i := range lines.Len() {
		if between {
			w.html = append(w.html, '\n')
		}
		between = true
		line := lines.At(i)
		w.escape(line.Value(w.source), &escapes)
	}
	w.add("</code></pre>")
}

// blank reports whether there is only white space between the fences.
func (n *fence) blank(source []byte) bool {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if !isBlank(string(line.Value(source))) {
			return false
		}
	}
	return true
}

func (w *writer) table(n *table) {
	w.tag(`<div tabindex="0"><table><thead>`)
	name := "th"
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.add("<tr>")
		for x := c.FirstChild(); x != nil; x = x.NextSibling() {
			w.add("<" + name)
			if align := x.(*cell).align; align != "" {
				w.add(` align="` + align + `"`)
			}
			w.add(">")
			w.inlines(x)
			w.add("</" + name + ">")
		}
		w.add("</tr>")
		if name == "th" {
			w.add("</thead>")
			if c.NextSibling() != nil {
				w.add("<tbody>")
			}
			name = "td"
		}
	}
	if n.FirstChild() != n.LastChild() {
		w.add("</tbody>")
	}
	w.add("</table></div>")
}

// inlines writes the children of a block or of an inline.
func (w *writer) inlines(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.inline(c)
	}
}

func (w *writer) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n.Segment.Start, n.Segment.Stop)
		if n.HardLineBreak() && n.Segment.Stop < len(w.source) && w.source[n.Segment.Stop] == '\\' {
			w.add(`\`) // goldmark takes it for a marker
		}
		if n.HardLineBreak() || n.SoftLineBreak() {
			w.add("<br>")
		}
	case *openBracket:
		w.add("[")
	case *emphasis:
		w.depth++
		if w.depth <= maxStyles {
			w.tag(startTags[n.name])
		}
		w.inlines(n)
		if w.depth <= maxStyles {
			w.add(endTags[n.name])
		}
		w.depth--
	case *code:
		w.tag("<code>")
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			w.code(c.(*ast.Text).Segment)
		}
		w.add("</code>")
	case *link:
		w.startLink("", []byte(n.address))
		w.inLink = true
		w.inlines(n)
		w.inLink = false
		w.add(linkClose)
	case *address:
		s := w.source[n.from:n.to]
		if w.inLink {
			w.escape(s, &escapes)
			return
		}
		w.startLink(n.prefix, s)
		w.escape(s, &escapes)
		w.add(linkClose)
	case *person:
		w.person(n.mention)
	case *shortcode:
		w.tag(n.emoji)
	}
}

// code writes a line of a code span, without the backslashes before the "|" of a table.
func (w *writer) code(line text.Segment) {
	from := line.Start
	for i := from; i < line.Stop; i++ {
		if w.hidden[i] && w.source[i+1] == '|' {
			w.escape(w.source[from:i], &escapes)
			from = i + 1
		}
	}
	w.escape(w.source[from:line.Stop], &escapes)
}

// startLink writes the start tag of a link to another site.
func (w *writer) startLink(prefix string, address []byte) {
	w.tag(linkOpen + prefix)
	w.escape(address, &escapes)
	w.add(linkRest)
}
