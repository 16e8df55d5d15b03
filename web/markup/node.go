package markup

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// nodes has the memory of the nodes of one message. It is reused for further messages: to allocate nodes one by one and to
// collect them takes about half of the time of parsing.
type nodes struct {
	paragraphs slab[ast.Paragraph]
	bares      slab[bare]
	lists      slab[list]
	items      slab[item]
	rows       slab[row]
	cells      slab[cell]
	texts      slab[ast.Text]
	delimiters slab[parser.Delimiter]
	emphases   slab[emphasis]
	codes      slab[code]
	addresses  slab[address]
	people     slab[person]
	shortcodes slab[shortcode]
}

// text returns a text.
func (p *nodes) text(s text.Segment) *ast.Text {
	t := p.texts.next()
	t.Segment = s
	return t
}

// reset makes all memory available again. No node of the last message may be used after it.
func (p *nodes) reset() {
	p.resetParagraphs()
	p.bares.reset()
	p.lists.reset()
	p.items.reset()
	p.rows.reset()
	p.cells.reset()
	p.texts.reset()
	p.delimiters.reset()
	p.emphases.reset()
	p.codes.reset()
	p.addresses.reset()
	p.people.reset()
	p.shortcodes.reset()
}

// maxKept is the most lines for which a paragraph keeps the memory.
const maxKept = 4

// resetParagraphs is reset for the paragraphs, which keep the memory of their lines.
func (p *nodes) resetParagraphs() {
	used := p.paragraphs.chunk[:p.paragraphs.used]
	p.paragraphs.used = 0
	for i := range used {
		var lines text.Segments
		if n := used[i].Lines().Len(); n > 0 && n <= maxKept {
			lines = *used[i].Lines()
			lines.SetSliced(0, 0)
		}
		used[i] = ast.Paragraph{}
		used[i].SetLines(&lines)
	}
}

// firstChunk is how many nodes of a kind are allocated at first.
const firstChunk = 8

// slab has the memory of nodes of one kind.
type slab[T any] struct {
	chunk []T // a larger chunk replaces a full one, whose nodes stay valid
	used  int
}

// next returns a node with its zero value.
func (s *slab[T]) next() *T {
	if s.used == len(s.chunk) {
		s.chunk, s.used = make([]T, max(firstChunk, 2*len(s.chunk))), 0
	}
	s.used++
	return &s.chunk[s.used-1]
}

func (s *slab[T]) reset() {
	clear(s.chunk[:s.used])
	s.used = 0
}
