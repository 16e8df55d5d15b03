package markup

import (
	"html"
	"sync"
	"unicode/utf8"
)

const (
	// maxTags is how many bytes of tags, line breaks and repeated addresses a message may have: forty links of 30
	// characters, or 240 bold words. What comes after them stays text. With it, a message of 4000 characters costs up to twice as much
	// to serve as one without markup (TestHostileMessagesAreCheapToServe), with 8 KiB 2.7 times.
	maxTags = 4 << 10
	// maxGrowth is how many bytes of HTML a message may have for each byte of its text, beside maxTags: five are needed
	// for each quotation mark. One that has more is shown as it was typed.
	maxGrowth = 1.5
	// maxInlines is how deep bold, italic and struck text are written into each other; deeper they don't
	// look different any more.
	maxInlines = 8
	// maxRuns is how many rows of stars, underscores and tildes a paragraph may have that begin or end something, for
	// 250 bold or italic words.
	maxRuns = 500
	// maxAhead is how many bytes are read ahead of a place for each byte of the text, to find out where a link ends
	// that may begin there.
	maxAhead = 2
)

// writer writes the HTML of one message. Its memory is used again for the next one.
type writer struct {
	source string
	lines  []line
	html   []byte
	people []slot
	marked bool // there is more than text and paragraphs
	left   int  // of maxTags
	ahead  int  // bytes that may still be read ahead
	depth  int  // of bold, italic and struck text
	inLink bool // there are no links in links

	mentions []mention // that were not come to yet
	inline   inline
}

var writers = sync.Pool{New: func() any {
	w := &writer{}
	w.inline.writer = w
	return w
}}

// escapes are what stands for a byte in HTML, as html.EscapeString writes it; "": the byte itself. lineEscapes are the
// same with line breaks.
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

// escape writes text that the sender has typed. Often it is some bytes long: a strings.Replacer takes three times as long
// to begin.
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

// open writes a start tag that makes the message more than plain text. end is the length of its end tag.
func (w *writer) open(tag string, end int) {
	w.marked = true
	w.left -= len(tag) + end
	w.html = append(w.html, tag...)
}

// spend takes n bytes of tags from what is left, if there are so many.
func (w *writer) spend(n int) bool {
	if w.left < n {
		return false
	}
	w.left -= n
	return true
}

// To other sites, which learn neither where the reader comes from (noreferrer) nor get a hold of the chat's window
// (noopener), and which search engines don't count (nofollow).
const (
	linkOpen  = `<a href="`
	linkRest  = `" rel="nofollow noopener noreferrer" target="_blank">`
	linkClose = "</a>"

	linkTags = len(linkOpen + linkRest + linkClose)
)

// startLink writes the beginning of a link to another site.
func (w *writer) startLink(address string) {
	w.marked = true
	w.html = append(w.html, linkOpen+html.EscapeString(address)+linkRest...)
}
