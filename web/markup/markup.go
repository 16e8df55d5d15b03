// Package markup turns the text of a message into HTML that is safe to put into a page.
//
// What people type is a small part of Markdown: **bold**, *italic* or _italic_, ~~struck~~, `code`,
// fenced code blocks, > quotes, lists that begin with -, * or 1., bare links, [text](https://…) and
// @name. All else stays as it was typed: a # at the beginning of a line, a row of dashes, HTML, the
// backslash of ¯\_(ツ)_/¯.
//
// Safety doesn't rest on cleaning up afterwards. The parser knows no raw HTML, images, headings, link definitions or
// entities, and writes only the few elements below itself; every byte that came from the sender is escaped. What it
// does grows with the length of the text, whatever is in it: each step goes over the text once, and what has to be
// read ahead or searched is counted or not searched again.
//
//	p br strong em del code pre blockquote ul ol[start] li
//	a[href rel target] for links, a[class=mention href title] for people
//
// Blocks follow each other without white space, so a page may show messages with
// white-space: pre-wrap and thereby keep the line breaks of those that are plain.
package markup

import (
	"html"
	"strings"
)

// Lookup returns those of the names that somebody has, with the ids of their owners, which are not 0. One message makes at
// most one call, with at most maxMentions names, each once.
type Lookup func(names []string) map[string]int64

// Parse makes a Document of a message's text.
//
// What it costs is bounded for the 4000 characters that chat lets a message have: nesting, links and
// mentions have limits.
func Parse(text string, lookup Lookup) *Document {
	if d, ok := Plain(text); ok {
		return d
	}
	return parse(text, lookup)
}

// Plain is Parse for a text that has no character which could begin any markup; ok is false for others. It takes a
// hundredth of the time.
func Plain(text string) (d *Document, ok bool) {
	if !isPlain(text) {
		return nil, false
	}
	return asTyped(text, false), true
}

// parse is Parse without the short cut.
func parse(s string, lookup Lookup) *Document {
	people, open := mentions(s, lookup)
	left := maxTags - strings.Count(s, "\n")*(len("<br>")-len("\n"))
	if left <= 0 && len(people) == 0 {
		return asTyped(s, open)
	}
	w := writers.Get().(*writer)
	defer w.release()
	w.source, w.mentions = s, people
	w.marked, w.depth, w.inLink = false, 0, false
	w.left, w.ahead = left, maxAhead*len(s)
	w.html = w.html[:0]
	w.lines = appendLines(w.lines[:0], s)
	w.blocks(w.lines, 0, false)
	if !w.marked || len(w.html) > maxTags+int(maxGrowth*float64(len(s))) {
		return asTyped(s, open)
	}
	return &Document{html: string(w.html), people: w.people, ids: idsOf(w.people), open: open}
}

// asTyped returns a text without markup. open is Document.Open.
func asTyped(s string, open bool) *Document {
	return &Document{html: html.EscapeString(s), plain: true, open: open}
}

// release gives back w, without what belongs to the message.
func (w *writer) release() {
	w.source, w.inline.text = "", ""
	w.mentions, w.people = nil, nil
	clear(w.inline.addresses)
	writers.Put(w)
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
