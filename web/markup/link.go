package markup

import (
	"bytes"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// typed is the attribute of a link that is none (its address isn't allowed, or it has no text): the
// source from its closing bracket on, so that it can be written as it was typed.
const typed = "typed"

// maxBrackets is how many opening brackets of a message may begin a link. goldmark keeps all open ones
// in mind at each closing one, which thousands make expensive.
const maxBrackets = 200

func (b *budget) bracket() bool {
	b.brackets++
	return b.brackets <= maxBrackets
}

// linkParser reads [text](address), but no images: of ![text](address) the exclamation mark is text.
type linkParser struct{ parser.InlineParser }

func (linkParser) Trigger() []byte { return []byte{'[', ']'} }

func (p linkParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	if block.Peek() == '[' && !pc.Get(budgetKey).(*budget).bracket() {
		return nil
	}
	_, from := block.Position()
	node := p.InlineParser.Parse(parent, block, pc)
	link, ok := node.(*ast.Link)
	if !ok {
		return node
	}
	if link.ChildCount() == 0 || !allowed(string(link.Destination)) {
		_, to := block.Position()
		link.SetAttributeString(typed, block.Source()[from.Start:to.Start])
	}
	return link
}

// CloseBlock gives up what is still open at the end of a block.
func (p linkParser) CloseBlock(parent ast.Node, block text.Reader, pc parser.Context) {
	p.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

// allowed reports whether an address may be linked to: absolute, and of a scheme that only shows
// something or writes a letter.
func allowed(address string) bool {
	if strings.ContainsFunc(address, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "http", "https":
		return u.Hostname() != ""
	case "mailto":
		return strings.Contains(u.Opaque, "@")
	}
	return false
}

// bareLinkParser finds addresses in the text by their colon and looks back for the scheme. That
// way they may follow anything but a letter or digit: Chinese and Japanese write no space before one.
type bareLinkParser struct{}

func (bareLinkParser) Trigger() []byte { return []byte{':'} }

func (bareLinkParser) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	before, ok := parent.LastChild().(*ast.Text)
	_, colon := block.Position()
	if !ok || before.Segment.Stop != colon.Start {
		return nil
	}
	source := block.Source()
	start := colon.Start - schemeLength(before.Segment.Value(source))
	if start == colon.Start {
		return nil
	}
	line, _ := block.PeekLine()
	length := addressLength(line)
	address := text.NewSegment(start, colon.Start+length)
	if !allowed(string(address.Value(source))) {
		return nil
	}
	before.Segment = before.Segment.WithStop(start)
	block.Advance(length)
	return ast.NewAutoLink(ast.AutoLinkURL, ast.NewTextSegment(address))
}

// schemeLength returns the length of the scheme at the end of a text, 0 when there is none.
func schemeLength(before []byte) int {
	for _, scheme := range []string{"https", "http", "mailto"} {
		n := len(scheme)
		if len(before) < n || !strings.EqualFold(string(before[len(before)-n:]), scheme) {
			continue
		}
		last, _ := utf8.DecodeLastRune(before[:len(before)-n])
		if last < utf8.RuneSelf && isNameRune(last) {
			return 0
		}
		return n
	}
	return 0
}

// addressLength returns how much of a line, from the colon on, belongs to an address: up to white space, a
// character that addresses don't have, or punctuation of other scripts, without the punctuation at
// its end that belongs to the sentence.
func addressLength(line []byte) int {
	end := bytes.IndexFunc(line, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"`[]{}|\\^", r) ||
			r >= utf8.RuneSelf && (unicode.IsPunct(r) || unicode.IsSymbol(r))
	})
	if end < 0 {
		end = len(line)
	}
	unmatched := bytes.Count(line[:end], []byte(")")) - bytes.Count(line[:end], []byte("("))
	for ; end > 0; end-- {
		c := line[end-1]
		if c == ')' && unmatched > 0 {
			unmatched--
			continue
		}
		if c == ')' || !strings.ContainsRune("?!.,:;*_~'", rune(c)) {
			break
		}
	}
	return end
}
