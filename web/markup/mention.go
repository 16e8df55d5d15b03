package markup

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

const (
	// maxName is the length of the longest user name, in characters.
	maxName = 150
	// maxLookups bounds what one message can cost the database. Nobody reads a message that means more people.
	maxLookups = 100
	// maxCuts is how often an unknown name is tried again without what follows its last punctuation.
	maxCuts = 4
)

// find looks a name up, as long as the message may still do so.
func (b *budget) find(name string) (*mention, bool) {
	if b.mention == nil || b.lookups >= maxLookups {
		return nil, false
	}
	b.lookups++
	url, display, ok := b.mention(name)
	return &mention{url: url, display: display}, ok
}

// mention is a person named in a message.
type mention struct {
	ast.BaseInline
	url, display string
}

var kindMention = ast.NewNodeKind("Mention")

// Kind implements ast.Node.
func (*mention) Kind() ast.NodeKind { return kindMention }

// Dump implements ast.Node.
func (m *mention) Dump(source []byte, level int) {
	ast.DumpHelper(m, source, level, map[string]string{"url": m.url, "display": m.display}, nil)
}

// mentionParser finds @name where it doesn't follow a name itself, as in an e-mail address.
type mentionParser struct{}

func (mentionParser) Trigger() []byte { return []byte{'@'} }

func (mentionParser) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if belongsBefore(block.PrecendingCharacter()) {
		return nil
	}
	people := pc.Get(budgetKey).(*budget)
	line, _ := block.PeekLine()
	name := nameAt(line[1:])
	for range maxCuts {
		if len(name) == 0 {
			return nil
		}
		if found, ok := people.find(string(name)); ok {
			block.Advance(1 + len(name))
			return found
		}
		name = cut(name)
	}
	return nil
}

// belongsBefore reports whether an @ after this character is part of something else, such as an e-mail
// address. An underscore begins italics, and Chinese, Japanese and Thai have no space before the @.
func belongsBefore(r rune) bool {
	return r == '/' || r != '_' && isNameRune(r) && !isUnspaced(r)
}

// nameAt returns what could be a user name at the beginning of a line.
func nameAt(line []byte) []byte {
	count := 0
	end := bytes.IndexFunc(line, func(r rune) bool {
		count++
		return count > maxName || !isNameRune(r)
	})
	if end < 0 {
		return line
	}
	return line[:end]
}

// cut makes a name shorter by what may not belong to it: punctuation at its end ("@ada."), else what follows
// its last punctuation ("@ada-mai"), else another script's letters ("@ada你好").
func cut(name []byte) []byte {
	if i := bytes.LastIndexAny(name, "@.+-_"); i >= 0 {
		return bytes.TrimRight(name[:i], "@.+-_")
	}
	if i := bytes.IndexFunc(name, isUnspaced); i > 0 {
		return name[:i]
	}
	return nil
}

// isNameRune reports whether user names may contain the character.
func isNameRune(r rune) bool {
	if r < utf8.RuneSelf {
		return strings.ContainsRune("@.+-_", r) || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
	}
	return unicode.In(r, unicode.Letter, unicode.Digit, unicode.Mark)
}

// isUnspaced reports whether the character is of a script without spaces between its words.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
