package markup

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// dialect is goldmark's CommonMark parser with the blocks and inlines of messages only. It is safe for concurrent use.
var dialect = parser.NewParser(
	parser.WithBlockParsers(
		util.Prioritized(listParser{}, 100),
		util.Prioritized(itemParser{}, 200),
		util.Prioritized(fenceParser{}, 300),
		util.Prioritized(quoteParser{}, 400),
		util.Prioritized(paragraphParser{}, 1000),
	),
	parser.WithParagraphTransformers(util.Prioritized(tableTransformer{}, 100)),
	parser.WithInlineParsers(
		util.Prioritized(backslashParser{}, 100),
		util.Prioritized(codeParser{}, 200),
		util.Prioritized(taskParser{}, 250),
		util.Prioritized(linkParser{}, 300),
		util.Prioritized(addressParser{}, 400),
		util.Prioritized(shortcodeParser{}, 500),
		util.Prioritized(mentionParser{}, 600),
		util.Prioritized(emailParser{}, 700),
		util.Prioritized(emphasisParser{}, 800),
		util.Prioritized(unmarkedParser{}, 900),
	),
)

var stateKey = parser.NewContextKey()

// state is what the parsers know about the text that they parse. It belongs to one call of Parse.
type state struct {
	text   string
	source []byte // the same, for goldmark
	left   int    // how many bytes of maxTags are left
	ahead  int    // how many bytes may still be read ahead

	blocks  int  // how many more blocks the message may have
	inlines int  // how many more inline elements it may have
	full    bool // there was a block for which nothing was left; it and what follows are text

	pool nodes // the memory of nodes

	mentions []mention // in the order of their positions
	next     int       // the mention that the inline parsers look at next

	// A backslash is a marker only if the marker behind it would take effect without the backslash. So a text with such
	// backslashes is parsed twice. In the first pass, the backslashes are ignored, and those before a marker that took effect
	// are collected in hidden. In the second pass, the hidden ones are not shown, and all others are text.
	first     bool
	hidden    map[int]bool // the positions of backslashes that are not shown
	hasEscape bool         // the text has a backslash

	block      ast.Node        // the block whose inlines are parsed
	runs       int             // how many more delimiter runs the message may have
	openers    [3]int          // how many of the block may begin emphasis, for each delimiter
	tries      int             // how many more pairs of runs goldmark may try
	brackets   []*openBracket  // that may begin a link
	noTicks    [maxRow + 1]int // for each length, the position from which on no row of backticks has this length; 0: not known
	emojiEnd   int             // the end of the last shortcode
	letterAt   int             // the result of the last nextLetter, which was called with letterFrom
	letterFrom int
	emphasis   pairing // decides for goldmark which delimiters belong together
}

// rest returns the rest of the current line, without a copy, and its segment.
func (st *state) rest(reader text.Reader) (string, text.Segment) {
	_, segment := reader.Position()
	return st.text[segment.Start:segment.Stop], segment
}

func stateOf(pc parser.Context) *state { return pc.Get(stateKey).(*state) }

// enter is called by each inline parser. It resets what belongs to one block.
func (st *state) enter(parent ast.Node) {
	if parent == st.block {
		return
	}
	st.block, st.openers, st.brackets = parent, [3]int{}, st.brackets[:0]
	st.noTicks = [maxRow + 1]int{}
}

// spend takes an inline element with n bytes of tags from what is left. If that is not enough, it takes nothing and returns
// false.
func (st *state) spend(n int) bool {
	if !st.affords(n) {
		return false
	}
	st.left -= n
	st.inlines--
	return true
}

// affords reports whether another inline element with n bytes of tags may follow.
func (st *state) affords(n int) bool { return st.left >= n && st.inlines > 0 }

// spendBlock takes a block with n bytes of tags from what is left. If nothing is left, what follows is text, and spendBlock
// returns false.
func (st *state) spendBlock(n int) bool {
	if st.left <= 0 || st.blocks <= 0 {
		st.full = true
		return false
	}
	st.left -= n
	st.blocks--
	return true
}

// hide notes that the backslash at i is a marker.
func (st *state) hide(i int) {
	if st.hidden == nil {
		st.hidden = map[int]bool{}
	}
	st.hidden[i] = true
}

// tookEffect is called for each marker that takes effect. In the first pass, it hides the backslash before the marker.
func (st *state) tookEffect(at int) {
	if st.first && st.escapes(at-1) {
		st.hide(at - 1)
	}
}

// escapes reports whether there is a backslash at i that may escape the character after it. In a row of backslashes, each one
// escapes the next.
func (st *state) escapes(i int) bool {
	n := 0
	for i-n >= 0 && st.source[i-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// tree parses the text, twice if backslashes may be markers. The second pass has the budget of the first one.
func (st *state) tree() ast.Node {
	if n := countEscapes(st.text, maxEscapes); n > 0 && n <= maxEscapes {
		left, ahead := st.left, st.ahead
		st.first = true
		st.reset(maxBlocks*3/4, 2)
		st.parse()
		st.first = false
		st.left, st.ahead = left, ahead
		st.reset(maxBlocks*3/4, 2)
		return st.parse()
	}
	st.reset(maxBlocks, 1)
	return st.parse()
}

// reset prepares for one of so many passes.
func (st *state) reset(blocks, passes int) {
	st.block, st.next, st.emojiEnd, st.letterAt, st.full = nil, 0, 0, 0, false
	st.blocks, st.inlines, st.runs, st.tries = blocks, maxInlines/passes, maxRuns/passes, maxTries/passes
}

// parse parses the text once.
func (st *state) parse() ast.Node {
	pc := parser.NewContext(parser.WithIDs(noIDs{}))
	pc.Set(stateKey, st)
	return dialect.Parse(text.NewReader(st.source), parser.WithContext(pc))
}

// noIDs is used because no element of a message has an id.
type noIDs struct{}

func (noIDs) Generate([]byte, ast.NodeKind) []byte { return nil }
func (noIDs) Put([]byte)                           {}
