package markup

import (
	"unicode"
	"unicode/utf8"
)

// run is a row of stars, underscores or tildes that may begin or end something.
type run struct {
	node          int32
	length, left  int32 // in the beginning, and not used yet
	char          byte
	opens, closes bool
}

// tag is one of the tags that stand at a run; they are linked lists.
type tag struct {
	name byte
	next int32
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

// run reads a row of stars, underscores or tildes. Of tildes it takes two: one is written for "about".
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

// side is what stands beside a run.
type side uint8

const (
	letter side = iota
	space
	sign
)

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

// flanks reports whether a run may begin and end something, by the rules of CommonMark 0.31 (6.2): what it begins
// doesn't begin with a space, and underscores within a word mean nothing.
func flanks(c byte, before, after side) (opens, closes bool) {
	left := after != space && (after != sign || before != letter)
	right := before != space && (before != sign || after != letter)
	if c == '_' {
		return left && (!right || before == sign), right && (!left || after == sign)
	}
	return left, right
}

// kinds of runs that end something: a search for what they end goes no further back than the last one that failed
// for the same kind. Thereby all searches together take a time that grows with the number of runs.
const kinds = 3 * 2 * 3

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

// pair finds the runs that belong together and gives them their tags.
func (p *inline) pair(runs []run) {
	var searched [kinds]int // how many of the openers are of no use for a kind
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

// matches reports whether what begin begins can be ended by end (rules 9 and 10 of CommonMark).
func matches(begin, end *run) bool {
	if begin.char != end.char {
		return false
	}
	if begin.char == '~' || !begin.closes && !end.opens {
		return true
	}
	return (begin.length+end.length)%3 != 0 || begin.length%3 == 0 && end.length%3 == 0
}

// wrap puts tags around what is between two runs, unless there were too many.
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
	first.to -= n // what is left stands before the start tags and behind the end tags
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

// writeTags writes a list of tags, but of those that are nested deeper than maxInlines.
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
