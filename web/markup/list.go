package markup

import "strconv"

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

// list writes the list at the beginning of lines and returns how many lines it has.
func (w *writer) list(lines []line, depth int) int {
	first, _ := markOf(w.part(lines[0]))
	items, n, loose := w.items(lines, first)
	open, end := "<ul>", "</ul>"
	if first.char == '.' {
		open, end = "<ol>", "</ol>"
		if first.number != 1 {
			open = `<ol start="` + strconv.Itoa(first.number) + `">`
		}
	}
	w.open(open, len(end))
	number := first.number
	for i, x := range items {
		to := n
		if i+1 < len(items) {
			to = items[i+1].line
		}
		if x.number == number {
			w.html = append(w.html, "<li>"...)
		} else {
			w.html = append(strconv.AppendInt(append(w.html, `<li value="`...), int64(x.number), 10), `">`...)
		}
		number = x.number + 1
		w.blocks(lines[x.line:to], depth+2, !loose)
		w.html = append(w.html, "</li>"...)
	}
	w.html = append(w.html, end...)
	return n
}

// item is an item of a list: the index of its first line, and its number.
type item struct{ line, number int }

// items finds the items of the list at the beginning of lines, and removes their markers and indentation. It returns the items,
// how many lines the list has, and whether blank lines are inside it.
func (w *writer) items(lines []line, first mark) (items []item, n int, loose bool) {
	const each, value = len("<li></li>"), len(` value="123456789"`)
	width, empty, next := 0, false, first.number
	for ; n < len(lines); n++ {
		s := w.part(lines[n])
		if isBlank(s) {
			empty = true
			continue
		}
		if indent, _ := indentOf(s); len(items) > 0 && indent >= width {
			lines[n] = lines[n].without(w.source, width)
		} else if m, ok := markOf(s); ok && m.char == first.char && w.left > 0 {
			w.left -= each
			if m.char != '.' {
				m.number = next
			} else if m.number != next {
				w.left -= value
			}
			next = m.number + 1
			items = append(items, item{n, m.number})
			lines[n].from += m.length
			width = m.width
		} else {
			break
		}
		loose = loose || empty
		empty = false
	}
	return items, n, loose
}
