// Package markup turns the text of a message into HTML that is safe to put into a page.
//
// What people type is a small part of Markdown: **bold**, *italic* or _italic_, ~~struck~~, `code`,
// fenced code blocks, > quotes, lists that begin with -, * or 1., bare links, [text](https://…) and
// @name. All else stays as it was typed: a # at the beginning of a line, a row of dashes, HTML, the
// backslash of ¯\_(ツ)_/¯.
//
// Safety doesn't rest on cleaning up afterwards. github.com/yuin/goldmark only reads (grammar.go); it is
// given no parser for raw HTML, images, headings, link definitions or entities. The HTML is written
// by this package alone (writer.go), which knows the few elements below and escapes every
// byte that came from the sender.
//
//	p br strong em del code pre blockquote ul ol[start] li
//	a[href rel target] for links, a[class=mention href] for people
//
// Blocks follow each other without white space, so a page may show messages with
// white-space: pre-wrap and thereby keep the line breaks of those that are plain.
package markup

import (
	"html"
	"strings"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// Options says what the text can refer to.
type Options struct {
	// Mention looks up the person whom @name means, and returns the address of that person's page and
	// what to show after the @. It may be nil: then names stay text. One message makes at most
	// maxLookups calls; a name followed by punctuation may take several.
	Mention func(name string) (url, display string, ok bool)
}

// HTML returns a message's text as HTML. plain means that there is no markup in the text: the result
// is the escaped text, line breaks and all, and need not be stored or sent beside it.
//
// What it costs is bounded for the 4000 characters that chat lets a message have: nesting, links and
// look-ups have limits, and the worst texts that the tests know take a few milliseconds.
func HTML(text string, o Options) (markup string, plain bool) {
	if isPlain(text) {
		return html.EscapeString(text), true
	}
	return marked(text, o)
}

// marked is HTML without the short cut.
func marked(s string, o Options) (markup string, plain bool) {
	source := []byte(s)
	context := parser.NewContext()
	context.Set(budgetKey, &budget{mention: o.Mention})
	w := writer{source: source}
	w.blocks(grammar.Parse(text.NewReader(source), parser.WithContext(context)))
	if !w.marked {
		return html.EscapeString(s), true
	}
	return w.html.String(), false
}

// isPlain reports whether the text has no character that could begin any markup. Most messages
// haven't, and are done without parsing. A false answer means: look closer.
func isPlain(s string) bool {
	lineStart := true
	for i := range len(s) {
		switch c := s[i]; c {
		case '*', '_', '~', '`', '[', '\\', '@':
			return false
		case ':': // https://, http://, mailto:
			if strings.HasPrefix(s[i:], "://") || i > 0 && (s[i-1] == 'o' || s[i-1] == 'O') {
				return false
			}
			lineStart = false
		case '\n':
			lineStart = true
		case ' ', '\t', '\r':
		case '>', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			if lineStart {
				return false
			}
		default:
			lineStart = false
		}
	}
	return true
}
