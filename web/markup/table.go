package markup

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

var kindTable, kindRow, kindCell = ast.NewNodeKind("ChatTable"), ast.NewNodeKind("ChatRow"), ast.NewNodeKind("ChatCell")

// table is a table. Its children are rows; the first one is the header.
type table struct{ ast.BaseBlock }

func (*table) Kind() ast.NodeKind              { return kindTable }
func (n *table) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// row is a row of a table. Its children are cells.
type row struct{ ast.BaseBlock }

func (*row) Kind() ast.NodeKind              { return kindRow }
func (n *row) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// cell is a cell of a table.
type cell struct {
	ast.BaseBlock
	align string // center, right, or ""
}

func (*cell) Kind() ast.NodeKind              { return kindCell }
func (n *cell) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// tableTransformer finds tables in paragraphs. It also replaces paragraphs without any marker.
//
// As in GFM, a table begins with a header and a line of dashes with as many
// columns. Unlike there, a row ends the table if it has no "|", and a row with more cells than the header keeps them.
type tableTransformer struct{}

func (tableTransformer) Transform(n *ast.Paragraph, reader text.Reader, pc parser.Context) {
	st := stateOf(pc)
	for n != nil {
		next := st.table(n)
		if n.Parent() != nil {
			st.replaceBare(n)
		}
		n = next
	}
}

// table makes a table of the first lines of a paragraph that look like one. It returns the paragraph behind the table, if there
// is one.
func (st *state) table(n *ast.Paragraph) (behind *ast.Paragraph) {
	const cost = len(`<div tabindex="0"><table><thead><tr></tr></thead><tbody></tbody></table></div>`)
	lines := n.Lines().Sliced(0, n.Lines().Len())
	for i := 1; i < len(lines); i++ {
		if st.text[lines[i].Start] > '|' { // most lines
			continue
		}
		align, ok := alignments(st.text[lines[i].Start:lines[i].Stop])
		if !ok {
			continue
		}
		header := st.cells(lines[i-1])
		if len(header) != len(align) || !hasPipe(st.source, lines[i-1]) {
			continue
		}
		if st.left < cost+len(header)*cellTags || !st.spendBlock(cost) {
			st.full = true
			return nil
		}
		t := &table{}
		st.row(t, header, align)
		to := i + 1
		for to < len(lines) && hasPipe(st.source, lines[to]) && st.row(t, st.cells(lines[to]), align) {
			to++
		}
		parent := n.Parent()
		parent.InsertAfter(parent, n, t)
		if to < len(lines) {
			behind = ast.NewParagraph()
			behind.Lines().AppendAll(lines[to:])
			trimEnd(behind, st.source)
			parent.InsertAfter(parent, t, behind)
		}
		if i == 1 {
			parent.RemoveChild(parent, n)
			return behind
		}
		before := text.NewSegments()
		before.AppendAll(lines[:i-1])
		n.SetLines(before)
		trimEnd(n, st.source)
		return behind
	}
	return nil
}

// row adds a row to a table. It returns false if too few bytes of maxTags are left.
func (st *state) row(t *table, cells []text.Segment, align []string) bool {
	if n := len("<tr></tr>") + len(cells)*cellTags; st.left < n || !st.spendBlock(n) {
		st.full = true
		return false
	}
	st.blocks -= len(cells)
	r := st.pool.rows.next()
	for i, segment := range cells {
		c := st.pool.cells.next()
		if i < len(align) {
			c.align = align[i]
		}
		if !segment.IsEmpty() {
			c.Lines().Append(segment)
		}
		r.AppendChild(r, c)
	}
	t.AppendChild(t, r)
	return true
}

// alignments parses the line below a header, such as |---|:-:|. It returns the alignment of each column.
func alignments(line string) (align []string, ok bool) {
	if strings.IndexByte("|:- \t", line[0]) < 0 || strings.IndexByte(line, '|') < 0 {
		return nil, false
	}
	line = strings.TrimSpace(line)
	line = strings.TrimSuffix(strings.TrimPrefix(line, "|"), "|")
	for column := range strings.SplitSeq(line, "|") {
		column = strings.TrimSpace(column)
		left, right := strings.HasPrefix(column, ":"), strings.HasSuffix(column, ":")
		if dashes := strings.Trim(column, ":"); dashes == "" || strings.Trim(dashes, "-") != "" || len(column)-len(dashes) > 2 ||
			len(strings.TrimPrefix(column, ":"))-len(dashes) > 1 || len(strings.TrimSuffix(column, ":"))-len(dashes) > 1 {
			return nil, false
		}
		switch {
		case left && right:
			align = append(align, "center")
		case right:
			align = append(align, "right")
		default:
			align = append(align, "")
		}
	}
	return align, true
}

func hasPipe(source []byte, segment text.Segment) bool {
	for i := segment.Start; i < segment.Stop; i++ {
		if source[i] == '|' && (i == segment.Start || source[i-1] != '\\') {
			return true
		}
	}
	return false
}

// cells divides a line into the cells of a row. A backslash before a "|" is a marker: the "|" belongs to the cell.
func (st *state) cells(line text.Segment) []text.Segment {
	line = line.TrimLeftSpace(st.source)
	line = line.TrimRightSpace(st.source)
	from, to := line.Start, line.Stop
	if from < to && st.source[from] == '|' {
		from++
	}
	if to > from && st.source[to-1] == '|' && !st.escapes(to-2) {
		to--
	}
	var found []text.Segment
	for i := from; i <= to; i++ {
		if i < to && st.source[i] == '|' && st.escapes(i-1) {
			st.hide(i - 1)
			continue
		}
		if i == to || st.source[i] == '|' {
			found = append(found, text.NewSegment(from, i))
			from = i + 1
		}
	}
	for i := range found {
		found[i] = found[i].TrimLeftSpace(st.source)
		found[i] = found[i].TrimRightSpace(st.source)
	}
	return found
}
