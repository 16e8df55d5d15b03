// Package markup converts the text of a message to HTML that is safe to embed in a page.
//
// The markup is a dialect of Markdown for chats, parsed by goldmark: **bold**, *italic* or _italic_, ~~struck~~, `code`, fenced
// code blocks, > quotes, lists that begin with -, * or 1., task lists, tables, addresses, [text](https://…), :shortcodes: of
// emoji, and @name. Everything else stays as it was typed: a # at the beginning of a line, a row of dashes, HTML, the backslash
// of ¯\_(ツ)_/¯.
//
// One law holds for all texts: the HTML shows what was typed. Only markers that took effect are left out, with a backslash that
// prevents a marker from taking effect; a shortcode is replaced by its emoji, and a username by the display name.
//
// The HTML is not cleaned afterwards; it is safe because of how it is written. The parser does not know raw HTML, images,
// headings, link definitions or entities. The writer writes only the elements below, and escapes every byte of the sender. The
// time that it takes is proportional to the length of the text, whatever the text contains: nesting, delimiters and reading
// ahead are limited, and a search that failed is not repeated.
//
//	p br strong em del code pre blockquote ul ol[start] li[value class=task] label input[type=checkbox disabled checked]
//	div[tabindex] table thead tbody tr th[align] td[align]
//	a[href rel target] for links, a[class=mention href title] for people
//
// There is no white space between blocks. So a page may show messages with white-space: pre-wrap, which keeps the line breaks
// of messages without markup.
package markup

import (
	"html"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
)

// Lookup returns the user ids of those names that exist. No id is 0. Parse calls it at most once, with at most maxMentions
// names, all different.
type Lookup func(names []string) map[string]int64

// Parse converts the text of a message. Its cost is bounded for a text of up to 4000 characters, the most that chat accepts:
// nesting, links and mentions are limited.
//
// A text that makes the parser panic is shown as it was typed: one message must not stop the server, or close a room for ever.
func Parse(text string, lookup Lookup) (d *Document) {
	if d, ok := Plain(text); ok {
		return d
	}
	defer func() {
		if reason := recover(); reason != nil {
			slog.Error("parse a message", "panic", reason, "stack", string(debug.Stack()))
			d = asTyped(text, true)
		}
	}()
	return parse(text, lookup)
}

// Plain is Parse for a text without any character that could begin markup. For other texts, ok is false. It takes a hundredth
// of the time of Parse.
func Plain(text string) (d *Document, ok bool) {
	if !isPlain(text) {
		return nil, false
	}
	return asTyped(text, false), true
}

// parse is Parse without the fast path for plain texts.
func parse(s string, lookup Lookup) *Document {
	people, open := mentions(s, lookup)
	left := maxTags - strings.Count(s, "\n")*(len("<br>")-len("\n"))
	if left <= 0 && len(people) == 0 {
		return asTyped(s, open)
	}
	w := writers.Get().(*writer)
	w.state.text, w.source = s, append(w.source, s...)
	w.mentions, w.left, w.ahead = people, left, maxAhead*len(s)
	w.hasEscape = strings.IndexByte(s, '\\') >= 0
	w.children(w.tree(), false)
	defer w.release() // not after a panic
	if !w.marked && len(w.hidden) == 0 || len(w.html) > maxTags+int(maxGrowth*float64(len(s))) {
		return asTyped(s, open)
	}
	return &Document{html: string(w.html), people: slices.Clone(w.people), typed: string(w.typed), ids: idsOf(w.people), open: open}
}

// asTyped returns the Document of a text without markup. open is the result of Document.Open.
func asTyped(s string, open bool) *Document {
	return &Document{html: html.EscapeString(s), plain: true, open: open}
}

// ordinary has the bytes that isPlain passes over.
var ordinary = func() (is [256]bool) {
	for c := range is {
		is[c] = strings.IndexByte("*_~`[\\@:.|\n \t\r>-0123456789"+wideAt[:1], byte(c)) < 0
	}
	return is
}()

// isPlain reports whether the text has no character that could begin markup, so that it need not be parsed. Most messages have
// none. If isPlain returns false, the text may still turn out to have no markup.
func isPlain(s string) bool {
	lineStart, further := true, false // further: after the first line
	for i := range len(s) {
		c := s[i]
		if ordinary[c] {
			lineStart = false
			continue
		}
		switch c {
		case '*', '_', '~', '`', '[', '\\', '@':
			return false
		case ':': // https://, http://, mailto:, :tada:
			if strings.HasPrefix(s[i:], "://") || i > 0 && s[i-1]|0x20 == 'o' || shortcodeLength(s[i:]) > 0 {
				return false
			}
			lineStart = false
		case '.': // www.
			if i > 2 && s[i-1]|0x20 == 'w' && s[i-2]|0x20 == 'w' {
				return false
			}
			lineStart = false
		case '|': // the second line of a table
			if further {
				return false
			}
			lineStart = false
		case '\n':
			lineStart, further = true, true
		case wideAt[0]:
			if strings.HasPrefix(s[i:], wideAt) {
				return false
			}
			lineStart = false
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

// countEscapes returns how many backslashes in the text are before a character that may be a marker. It does not count further
// than to most+1.
func countEscapes(s string, most int) (n int) {
	for n <= most {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return n
		}
		if s = s[i+1:]; strings.IndexByte(escapable, s[0]) >= 0 {
			n++
		}
	}
	return n
}
