package markup

import "strings"

// maxBlocks is how deep quotes and lists may be nested. A list counts twice, for itself and for its item. Markers beyond it
// stay text. This bounds the work and the nesting of the page, which browsers limit to 512 elements.
const maxBlocks = 12

// maxIndent is how far the marker of a block may be indented, in columns.
const maxIndent = 3

// line is the part of a line of the text that follows the markers of the quotes and lists that contain it.
type line struct{ from, to int }

func (w *writer) part(l line) string { return w.source[l.from:l.to] }

// appendLines appends the lines of a text. A line feed at the end of the text does not begin another line.
func appendLines(all []line, s string) []line {
	s = strings.TrimSuffix(s, "\n")
	from := 0
	for i := range len(s) {
		if s[i] == '\n' {
			all = append(all, line{from, i})
			from = i + 1
		}
	}
	return append(all, line{from, len(s)})
}

type blockKind uint8

const (
	blank blockKind = iota
	paragraph
	quote
	fence
	bullets
	numbers
)

// kind returns the kind of the block that begins with the line s inside depth other blocks.
func (w *writer) kind(s string, depth int) blockKind {
	indent, from := indentOf(s)
	if isBlank(s[from:]) {
		return blank
	}
	if indent > maxIndent || w.left <= 0 {
		return paragraph
	}
	switch c := s[from]; {
	case c == '>' && depth < maxBlocks && isQuoteMark(s[from:]):
		return quote
	case c == '`' && ticksOf(s[from:]) > 0:
		return fence
	case (c == '-' || c == '*') && depth+2 <= maxBlocks && beginsList(s):
		return bullets
	case c >= '0' && c <= '9' && depth+2 <= maxBlocks && beginsList(s):
		return numbers
	}
	return paragraph
}

// blocks writes lines that are inside depth other blocks. In a tight list, paragraphs are written without <p>.
func (w *writer) blocks(lines []line, depth int, tight bool) {
	for len(lines) > 0 {
		n := 1
		switch w.kind(w.part(lines[0]), depth) {
		case paragraph:
			n = w.paragraph(lines, depth, tight)
		case quote:
			n = w.quote(lines, depth)
		case fence:
			n = w.fence(lines)
		case bullets, numbers:
			n = w.list(lines, depth)
		}
		lines = lines[n:]
	}
}

// paragraph writes the paragraph at the beginning of lines and returns how many lines it has. Unlike in Markdown, a line
// without a marker does not continue the quote or list item above it: in a chat, it is usually the answer.
func (w *writer) paragraph(lines []line, depth int, tight bool) int {
	n := 1
	for n < len(lines) && !w.interrupts(w.part(lines[n]), depth) {
		n++
	}
	if !tight {
		w.html = append(w.html, "<p>"...)
	}
	w.inlines(lines[:n])
	if !tight {
		w.html = append(w.html, "</p>"...)
	}
	return n
}

// interrupts reports whether the line s ends the paragraph before it. A numbered list does so only if it begins with 1, because
// a line of a paragraph may begin with any other number by chance.
func (w *writer) interrupts(s string, depth int) bool {
	switch w.kind(s, depth) {
	case paragraph:
		return false
	case numbers:
		m, _ := markOf(s)
		return m.number == 1
	}
	return true
}

// isQuoteMark reports whether s begins with ">" and white space, or is only ">". Texts such as ">:(" and ">=5" are not quotes.
func isQuoteMark(s string) bool {
	after, ok := strings.CutPrefix(s, ">")
	return ok && (isBlank(after) || after[0] == ' ' || after[0] == '\t')
}

// quote writes the quote at the beginning of lines and returns how many lines it has.
func (w *writer) quote(lines []line, depth int) int {
	n := 0
	for n < len(lines) {
		s := w.part(lines[n])
		indent, from := indentOf(s)
		if indent > maxIndent || !isQuoteMark(s[from:]) {
			break
		}
		if from++; from < len(s) && (s[from] == ' ' || s[from] == '\t') {
			from++
		}
		lines[n].from += from
		n++
	}
	w.open("<blockquote>", len("</blockquote>"))
	w.blocks(lines[:n], depth+1, false)
	w.html = append(w.html, "</blockquote>"...)
	return n
}

// ticksOf returns how many backticks open a code block at the beginning of body, or 0 if none is opened.
func ticksOf(body string) int {
	rest := strings.TrimLeft(body, "`")
	ticks := len(body) - len(rest)
	if ticks < 3 || strings.Contains(rest, "`") {
		return 0
	}
	return ticks
}

// fence writes the fenced code block at the beginning of lines and returns how many lines it has. A block that is not closed
// ends with the block that contains it.
func (w *writer) fence(lines []line) int {
	first := w.part(lines[0])
	indent, from := indentOf(first)
	ticks := ticksOf(first[from:])
	n := 1
	for n < len(lines) && !closes(w.part(lines[n]), ticks) {
		n++
	}
	w.open("<pre><code>", len("</code></pre>"))
	for i, l := range lines[1:n] {
		if i > 0 {
			w.html = append(w.html, '\n')
		}
		w.escape(strings.TrimSuffix(w.part(l.without(w.source, indent)), "\r"), &escapes)
	}
	w.html = append(w.html, "</code></pre>"...)
	return min(n+1, len(lines))
}

// closes reports whether the line s closes a code block that ticks backticks opened.
func closes(s string, ticks int) bool {
	indent, from := indentOf(s)
	body := strings.TrimRight(s[from:], " \t\r")
	return indent <= maxIndent && len(body) >= ticks && strings.Trim(body, "`") == ""
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

// without returns l without white space at its beginning, up to a width of n columns.
func (l line) without(source string, n int) line {
	for at := 0; at < n && l.from < l.to; l.from++ {
		switch source[l.from] {
		case ' ':
			at++
		case '\t':
			at += 4 - at%4
		default:
			return l
		}
	}
	return l
}
