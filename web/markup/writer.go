package markup

import (
	"html"
	"sync"
	"unicode/utf8"
)

const (
	// maxTags is the most bytes of tags, line breaks and link targets in a message. It is enough for forty links of 30
	// characters, or 240 bold words. Markup beyond it stays text. With this bound, a message of 4000 characters costs at most
	// twice as much to serve as one without markup (TestHostileMessagesAreCheapToServe). With 8 KiB, it would cost 2.7 times as
	// much.
	maxTags = 4 << 10
	// maxGrowth is the most bytes of HTML for each byte of the text, in addition to maxTags. A quotation mark takes five. A
	// message that exceeds the bound is shown as it was typed.
	maxGrowth = 1.5
	// maxInlines is how deep bold, italic and struck text is nested in the HTML. Deeper nesting looks the same.
	maxInlines = 8
	// maxRuns is the most delimiter runs in a paragraph: rows of stars, underscores or tildes that may begin or end emphasis.
	// It is enough for 250 bold or italic words.
	maxRuns = 500
	// maxAhead bounds how many bytes are read ahead, for each byte of the text, to find the end of a possible link.
	maxAhead = 2
)

// writer writes the HTML of one message. It is reused for further messages, with its memory.
type writer struct {
	source string
	lines  []line
	html   []byte
	people []slot // mentions in html
	marked bool   // the message has markup
	left   int    // how many bytes of maxTags are left
	ahead  int    // how many bytes may still be read ahead
	depth  int    // the nesting of bold, italic and struck text
	inLink bool   // the text of a link is being written; links are not nested

	mentions []mention // mentions in source that no paragraph has contained yet
	inline   inline
}

var writers = sync.Pool{New: func() any {
	w := &writer{}
	w.inline.writer = w
	return w
}}

// escapes has the HTML of each byte that html.EscapeString escapes, and "" for all other bytes. lineEscapes also has <br> for
// line feeds.
var escapes, lineEscapes = func() (escapes, lines [256]string) {
	for c := range escapes {
		if s := html.EscapeString(string(rune(c))); len(s) > 1 && c < utf8.RuneSelf {
			escapes[c] = s
		}
	}
	lines = escapes
	lines['\n'] = "<br>"
	return escapes, lines
}()

// escape writes text of the sender. It is often called with a few bytes, for which a strings.Replacer takes three times as
// long.
func (w *writer) escape(s string, escapes *[256]string) {
	out, from := w.html, 0
	for i := range len(s) {
		if e := escapes[s[i]]; e != "" {
			out = append(append(out, s[from:i]...), e...)
			from = i + 1
		}
	}
	w.html = append(out, s[from:]...)
}

// open writes a start tag, with which the message is no longer plain text. end is the length of the end tag.
func (w *writer) open(tag string, end int) {
	w.marked = true
	w.left -= len(tag) + end
	w.html = append(w.html, tag...)
}

// spend subtracts n bytes from left. If fewer are left, it subtracts nothing and returns false.
func (w *writer) spend(n int) bool {
	if w.left < n {
		return false
	}
	w.left -= n
	return true
}

// The parts of a link to another site. With noreferrer, the site does not learn the address of the reader's page. With
// noopener, it cannot control the chat's window. With nofollow, search engines do not count the link.
const (
	linkOpen  = `<a href="`
	linkRest  = `" rel="nofollow noopener noreferrer" target="_blank">`
	linkClose = "</a>"

	linkTags = len(linkOpen + linkRest + linkClose)
)

// startLink writes the start tag of a link to another site.
func (w *writer) startLink(address string) {
	w.marked = true
	w.html = append(w.html, linkOpen+html.EscapeString(address)+linkRest...)
}
