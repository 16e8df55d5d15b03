package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// side is the kind of the character beside a delimiter run: a row of stars, underscores or tildes.
type side uint8

const (
	space     side = iota // white space, or the edge of a paragraph
	letter                // of a script with spaces between words
	digit                 // a decimal digit
	unspaced              // a letter of a script in which emphasis has no spaces around it
	opening               // ( “ ¿
	ending                // ) ” . , ! 。
	quotation             // " ' « », which open in some languages and close in others
	sign                  // all others: / - + #, emoji
)

// sideOf returns the kind of r.
func sideOf(r rune) side {
	if r >= 0 && r < utf8.RuneSelf {
		return asciiSides[r]
	}
	return findSide(r)
}

var asciiSides = func() (sides [utf8.RuneSelf]side) {
	for r := range sides {
		sides[r] = findSide(rune(r))
	}
	return sides
}()

func findSide(r rune) side {
	switch {
	case unicode.IsSpace(r):
		return space
	case isUnspaced(r):
		return unspaced
	case unicode.IsDigit(r):
		return digit
	case unicode.In(r, unicode.Letter, unicode.Number, unicode.Mark):
		return letter
	case r == '"' || r == '\'' || unicode.In(r, unicode.Pi, unicode.Pf):
		return quotation
	case r == '¿' || r == '¡' || unicode.Is(unicode.Ps, r):
		return opening
	case unicode.Is(unicode.Pe, r) || isSentenceEnd(r):
		return ending
	}
	return sign
}

// isSentenceEnd reports whether r is punctuation that follows a word, in any script.
func isSentenceEnd(r rune) bool {
	if r < utf8.RuneSelf {
		return r == '.' || r == ',' || r == ';' || r == ':' || r == '!' || r == '?'
	}
	return unicode.Is(unicode.Po, r) && !isInnerSign(r)
}

func (s side) word() bool { return s == letter || s == digit }

// flanks reports whether a delimiter run can begin and end emphasis. CommonMark's rules (section 6.2) find emphasis in
// calculations, file names and programs, and miss it beside the punctuation of scripts without spaces. So these rules are
// other ones. Emphasis begins at the beginning of a word, after white space, an opening bracket, or text without spaces; it
// ends in the reverse way. before2 and after2 are the characters beyond before and after.
func flanks(c byte, n int, before2, before, after, after2 rune) (opens, closes bool) {
	b, a := sideOf(before), sideOf(after)
	one := n == 1
	switch {
	case a == space:
	case a == ending: // COUNT(*), but **…and so on**
		opens = b == space && !one && (after == '.' || after == '…' || after == ':' || after == '!' || after == '?') || b == space && after == ':'
	case b == space, b == opening:
		opens = a != sign || !glob(after, after2, one)
	case b == quotation:
		opens = a != quotation // '*' and '*'
	case b == unspaced:
		opens = c != '_'
	case b == letter:
		opens = c != '_' && (a == unspaced || !one && a == letter) // checked again by pairing
	case b == digit:
	case b == ending:
		opens = a != sign && (!isASCII(before) || c != '_' && (!one || isBracket(before) && (a == letter || a == unspaced)))
	default:
		opens = (a == letter || a == digit || a == unspaced || a != sign && (unicode.In(before, unicode.Pd, unicode.So))) && before != '/' && before != '\\' ||
			before == '/' && before2 == rune(c)
	}
	switch {
	case b == space || b == opening:
	case b == sign && a == sign:
	case a == space:
		closes = true
	case a == quotation:
		closes = b != quotation
	case a == ending:
		closes = c != '_' || !sideOf(after2).word()
	case a == unspaced:
		closes = c != '_'
	case a == letter || a == digit:
		closes = c != '_' && (b == ending && !(isASCII(before) && isBracket(before)) || !one && b != sign)
	case a == opening:
		closes = c != '_' && (!one || !isASCII(after) || b == ending)
	default:
		closes = !(c == '_' && sideOf(after2).word())
	}
	return opens, closes
}

// glob reports whether a run before these characters looks like a pattern of file names or times, such as **/*.js or */5.
func glob(after, after2 rune, one bool) bool {
	return after == '/' && (one || after2 == '*')
}

func isASCII(r rune) bool   { return r < utf8.RuneSelf }
func isBracket(r rune) bool { return r == ')' || r == ']' || r == '}' }

const (
	em = iota
	strong
	del
)

var kindEmphasis = ast.NewNodeKind("ChatEmphasis")

// emphasis is bold, italic or struck text.
type emphasis struct {
	ast.BaseInline
	name uint8
}

func (*emphasis) Kind() ast.NodeKind              { return kindEmphasis }
func (n *emphasis) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

type emphasisParser struct{}

// delimiters are the characters of delimiter runs.
const delimiters = "*_~"

func (emphasisParser) Trigger() []byte { return []byte(delimiters) }

func (emphasisParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	c := line[0]
	n := 1
	for n < len(line) && line[n] == c {
		n++
	}
	if !st.affords(len("<strong></strong>")) {
		st.runs = 0
	}
	if st.runs == 0 {
		return st.literal(parent, reader, segment, st.unmarked(line, n, segment.Start))
	}
	// Tildes must be two, because people write a single one for "about".
	if c == '~' && (n != 2 || reader.PrecendingCharacter() == '~') {
		return st.literal(parent, reader, segment, n)
	}
	if c == '_' && n == 2 {
		if name, _, ended := strings.Cut(line[n:min(len(line), n+maxDunder)], "__"); ended && dunders[name] {
			return st.literal(parent, reader, segment, n+len(name)+n)
		}
	}
	before2, before := st.runesBefore(reader, segment.Start)
	after, after2 := runesAfter(line[n:])
	opens, closes := flanks(c, n, before2, before, after, after2)
	if !opens && !closes {
		return st.literal(parent, reader, segment, n)
	}
	kind := strings.IndexByte(delimiters, c)
	if !opens && st.openers[kind] == 0 {
		return st.literal(parent, reader, segment, n) // goldmark would look at all delimiters before it
	}
	if opens {
		st.openers[kind]++
	}
	st.runs--
	st.emphasis.state = st
	d := st.pool.delimiters.next()
	d.CanOpen, d.CanClose, d.Length, d.OriginalLength, d.Char, d.Processor = opens, closes, n, n, c, &st.emphasis
	d.Segment = segment.WithStop(segment.Start + n)
	reader.Advance(n)
	pc.PushDelimiter(d)
	return st.unmarkedAfter(parent, reader, d)
}

func isDelimiter(c byte) bool { return c == '*' || c == '_' || c == '~' }

// runesBefore returns the two characters before i. In the first pass, it skips a backslash that may be a marker.
func (st *state) runesBefore(reader text.Reader, i int) (before2, before rune) {
	before = reader.PrecendingCharacter()
	if before == '\n' {
		return ' ', ' '
	}
	if st.first && before == '\\' && st.escapes(i-1) {
		i--
		before, _ = utf8.DecodeLastRune(st.source[:i])
		if i == 0 {
			before = ' '
		}
	}
	size := max(utf8.RuneLen(before), 1)
	if i <= size {
		return ' ', before
	}
	before2, _ = utf8.DecodeLastRune(st.source[:i-size])
	return before2, before
}

// runesAfter returns the first two characters of a line. The end of the line counts as white space.
func runesAfter(line string) (after, after2 rune) {
	if len(line) == 0 {
		return ' ', ' '
	}
	after, size := utf8.DecodeRuneInString(line)
	if len(line) == size {
		return after, ' '
	}
	after2, _ = utf8.DecodeRuneInString(line[size:])
	return after, after2
}

// pairing decides which delimiters belong together.
type pairing struct {
	state          *state
	opener, closer *parser.Delimiter // that match
}

func (*pairing) IsDelimiter(c byte) bool { return c == '*' || c == '_' || c == '~' }

func (p *pairing) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	if opener.Char != closer.Char || !p.state.affords(len("<strong></strong>")) || p.state.tries == 0 {
		return false
	}
	p.state.tries--
	from, to := opener.Segment.Start+opener.OriginalLength, closer.Segment.Start
	source := p.state.source
	if p.state.nextLetter(from) >= to {
		return false // nothing to emphasize: *_*
	}
	before, _ := utf8.DecodeLastRune(source[:opener.Segment.Start])
	after, _ := utf8.DecodeRune(source[min(closer.Segment.Start+closer.OriginalLength, len(source)):])
	first, _ := utf8.DecodeRune(source[from:])
	last, _ := utf8.DecodeLastRune(source[:to])
	begins := opener.Segment.Start == 0 || !sideOf(before).word() || sideOf(first) == unspaced
	ends := after == utf8.RuneError || !sideOf(after).word() || sideOf(last) == ending || sideOf(last) == unspaced
	if !begins || !ends { // within a word: un**believ**able, but not 2**3**4 or s**t and f**k
		if to-from > maxWord {
			return false
		}
		for _, c := range p.state.text[from:to] {
			if sideOf(c) == space || begins == ends && sideOf(c) != letter && c != '*' {
				return false
			}
		}
		if !begins && to-from < 2 {
			return false
		}
	}
	p.opener, p.closer = opener, closer
	return true
}

// maxWord is the longest part of a word that is emphasized, in bytes.
const maxWord = 100

// maxDunder is more than the length of the longest dunder with the underscores behind it.
const maxDunder = 20

// dunders are names of Python that are written between two underscores, such as __name__.
var dunders = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range strings.Fields(`abs add all and annotations await bool builtins bytes call cached class contains copy debug deepcopy del delattr delete
		delitem dict dir div doc enter eq exit file float floordiv format func future ge get getattr getattribute getitem getstate gt hash iadd import index
		init init_subclass int invert isub iter le len loader lshift lt main metaclass missing mod module mro mul name ne neg new next or package path
		pos post_init pow prepare pycache qualname radd reduce repr reversed rmul round rshift set set_name setattr setitem setstate sizeof slots spec
		str sub subclasses truediv version weakref xor`) {
		names[name] = true
	}
	return names
}()

func (p *pairing) OnMatch(consumed int) ast.Node {
	n := p.state.pool.emphases.next()
	switch {
	case p.opener.Char == '~':
		n.name = del
	case consumed == 2:
		n.name = strong
	}
	p.state.spend(len(startTags[n.name]) + len(endTags[n.name])) // affordable, as CanOpenCloser has checked
	if p.state.first {
		open := p.opener.Segment.Start + p.opener.Length
		end := p.closer.Segment.Start + p.closer.OriginalLength - p.closer.Length - consumed
		for i := range consumed {
			p.state.tookEffect(open + i)
			p.state.tookEffect(end + i)
		}
	}
	return n
}

// nextLetter returns the position of the first character from i on that is neither white space nor ASCII punctuation.
func (st *state) nextLetter(i int) int {
	if st.letterAt >= i && st.letterFrom <= i {
		return st.letterAt
	}
	st.letterFrom = i
	for i < len(st.source) && st.source[i] < utf8.RuneSelf && !isASCIIWord(st.source[i]) {
		i++
	}
	st.letterAt = i
	return i
}
