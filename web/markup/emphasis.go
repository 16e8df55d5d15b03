package markup

import (
	"unicode"
	"unicode/utf8"
)

// run is a delimiter run: a row of stars, underscores or tildes that may begin or end emphasis.
type run struct {
	node          int32
	length, left  int32 // the number of its characters, and of those that are not used for a tag yet
	char          byte
	opens, closes bool
}

// tag is a tag of a run. The tags of a run are a linked list.
type tag struct {
	name byte
	next int32 // the index in inline.tags; 0: none
}

const (
	em = iota
	strong
	del
)

var (
	startTags = [...]string{em: "<em>", strong: "<strong>", del: "<del>"}
	endTags   = [...]string{em: "</em>", strong: "</strong>", del: "</del>"}
)

// run reads the delimiter run at i and returns its end. Tildes must be two, because people write a single one for "about".
func (p *inline) run(i int) int {
	end := endOfRow(p.text, i)
	c := p.text[i]
	if c == '~' && end-i != 2 || len(p.runs) == maxRuns {
		return end
	}
	before, _ := utf8.DecodeLastRuneInString(p.text[:i])
	after, _ := utf8.DecodeRuneInString(p.text[end:])
	opens, closes := flanks(c, around(before, i == 0), around(after, end == len(p.text)))
	if !opens && !closes {
		return end
	}
	p.flush(i)
	p.runs = append(p.runs, run{node: int32(len(p.nodes)), length: int32(end - i), left: int32(end - i), char: c, opens: opens, closes: closes})
	p.add(runNode, i, end, 0)
	return end
}

// side is the kind of the character beside a run.
type side uint8

const (
	letter side = iota
	space
	sign
)

// around returns the kind of r. The edge of a paragraph counts as white space.
func around(r rune, edge bool) side {
	if edge {
		return space
	}
	if r < utf8.RuneSelf {
		return asciiSides[r]
	}
	return sideOf(r)
}

func sideOf(r rune) side {
	switch {
	case unicode.IsSpace(r):
		return space
	case unicode.IsPunct(r) || unicode.IsSymbol(r):
		return sign
	}
	return letter
}

var asciiSides = func() (sides [utf8.RuneSelf]side) {
	for r := range sides {
		sides[r] = sideOf(rune(r))
	}
	return sides
}()

// flanks reports whether a run may begin and end emphasis, by the rules of CommonMark 0.31, section 6.2. For example,
// emphasized text does not begin with a space, and underscores within a word are text.
func flanks(c byte, before, after side) (opens, closes bool) {
	left := after != space && (after != sign || before != letter)
	right := before != space && (before != sign || after != letter)
	if c == '_' {
		return left && (!right || before == sign), right && (!left || after == sign)
	}
	return left, right
}

// kinds is the number of kinds of runs. A search for the run that a closing run belongs to goes no further back than the last
// failed search for the same kind. So all searches together take time in proportion to the number of runs.
const kinds = 3 * 2 * 3

// kind returns the kind of r: runs of a kind match the same openers.
func (r *run) kind() int {
	k := int(r.length % 3)
	if r.opens {
		k += 3
	}
	switch r.char {
	case '_':
		k += 6
	case '~':
		k += 12
	}
	return k
}

// pair finds the runs that belong together and adds their tags.
func (p *inline) pair(runs []run) {
	var searched [kinds]int // for each kind, how many of the openers do not match it
	openers := p.openers[:0]
	for i := range runs {
		end := &runs[i]
		for kind := end.kind(); end.closes && end.left > 0; {
			at := len(openers) - 1
			for at >= searched[kind] && !matches(&runs[openers[at]], end) {
				at--
			}
			if at < searched[kind] {
				searched[kind] = len(openers)
				break
			}
			begin := &runs[openers[at]]
			if !p.wrap(begin, end) {
				return
			}
			openers = openers[:at+1]
			if begin.left == 0 {
				openers = openers[:at]
			}
			for k := range searched {
				searched[k] = min(searched[k], len(openers))
			}
		}
		if end.opens && end.left > 0 {
			openers = append(openers, int32(i))
		}
	}
	p.openers = openers
}

// matches reports whether end can end the emphasis that begin begins (rules 9 and 10 of CommonMark).
func matches(begin, end *run) bool {
	if begin.char != end.char {
		return false
	}
	if begin.char == '~' || !begin.closes && !end.opens {
		return true
	}
	return (begin.length+end.length)%3 != 0 || begin.length%3 == 0 && end.length%3 == 0
}

// wrap adds tags around the text between two runs. It returns false if too few bytes of maxTags are left.
func (p *inline) wrap(begin, end *run) bool {
	name, n := byte(em), int32(1)
	if begin.left >= 2 && end.left >= 2 {
		name, n = strong, 2
	}
	if begin.char == '~' {
		name = del
	}
	if !p.spend(len(startTags[name]) + len(endTags[name])) {
		return false
	}
	begin.left -= n
	end.left -= n
	first, last := &p.nodes[begin.node], &p.nodes[end.node]
	first.to -= n // unused characters stay before the start tags and after the end tags
	last.from += n
	p.tags = append(p.tags, tag{name, first.opens})
	first.opens = int32(len(p.tags) - 1)
	p.tags = append(p.tags, tag{name, 0})
	added := int32(len(p.tags) - 1)
	if last.closes == 0 {
		last.closes = added
	} else {
		p.tags[last.lastClose].next = added
	}
	last.lastClose = added
	return true
}

// writeTags writes a list of tags, except those that are nested deeper than maxInlines.
func (p *inline) writeTags(i int32, end bool) {
	for ; i != 0; i = p.tags[i].next {
		written := startTags[p.tags[i].name]
		if end {
			written = endTags[p.tags[i].name]
			p.depth--
		}
		if p.depth < maxInlines {
			p.marked = true
			p.html = append(p.html, written...)
		}
		if !end {
			p.depth++
		}
	}
}
