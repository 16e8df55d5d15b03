package markup

import (
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"hearth/web/emoji"
)

var kindShortcode = ast.NewNodeKind("Shortcode")

// shortcode is the :name: of an emoji.
type shortcode struct {
	ast.BaseInline
	emoji string
}

func (*shortcode) Kind() ast.NodeKind              { return kindShortcode }
func (n *shortcode) Dump(source []byte, level int) { ast.DumpHelper(n, source, level, nil, nil) }

// maxShortcode is more than the length of the longest shortcode.
const maxShortcode = 64

// shortcodeParser parses shortcodes. They are not a part of a word, such as std::cout::x or 12:100:00.
type shortcodeParser struct{}

func (shortcodeParser) Trigger() []byte { return []byte{':'} }

func (shortcodeParser) Parse(parent ast.Node, reader text.Reader, pc parser.Context) ast.Node {
	st := stateOf(pc)
	st.enter(parent)
	line, segment := st.rest(reader)
	n := shortcodeLength(line)
	if n == 0 || st.inlines == 0 || n < len(line) && isASCIIWord(line[n]) {
		return nil
	}
	if i := segment.Start; i > 0 && i != st.emojiEnd && (isASCIIWord(st.source[i-1]) || st.source[i-1] == ':') {
		return nil
	}
	found, ok := emoji.Find(line[1 : n-1])
	if !ok {
		return nil
	}
	if tone := shortcodeLength(line[n:]); tone > 0 { // :wave::skin-tone-4:
		if toned, ok := emoji.Find(line[1 : n+tone-1]); ok {
			found, n = toned, n+tone
		}
	}
	if !st.spend(0) {
		return nil
	}
	reader.Advance(n)
	st.emojiEnd = segment.Start + n
	st.tookEffect(segment.Start)
	x := st.pool.shortcodes.next()
	x.emoji = found
	return st.unmarkedAfter(parent, reader, x)
}

// shortcodeLength returns the length of the text at the beginning of s that looks like a shortcode, or 0.
func shortcodeLength(s string) int {
	for i := 1; i < len(s) && i < maxShortcode+2; i++ {
		switch c := s[i]; {
		case c == ':' && i > 1:
			return i + 1
		case !isASCIILetter(c) && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-':
			return 0
		}
	}
	return 0
}

func isASCIIWord(c byte) bool { return isASCIILetter(c) || c >= '0' && c <= '9' }
