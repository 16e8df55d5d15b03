package markup

import (
	"html"
	"slices"
	"strings"
)

// Document is the text of a message as HTML, with the ids of the people whom it mentions instead of their names. So it stays
// valid when names change. It is immutable and safe for concurrent use.
type Document struct {
	html   string              // without the mentions
	people []slot              // the mentions, in order of their positions in html
	typed  string              // the texts of the mentions, as the sender typed them, with the @
	ids    []int64             // the result of Mentions
	plain  bool                // the result of Plain
	open   bool                // the result of Open
	escape func(string) string // applied to the HTML of mentions; nil: not applied
}

// slot is a mention in the HTML of a document.
type slot struct {
	at       int // the position in Document.html
	id       int64
	typedEnd int  // where its text ends in Document.typed; it begins where that of the mention before it ends
	inLink   bool // it is in the text of a link, so it is not a link itself
}

// Person is how a person who is mentioned is shown.
type Person struct {
	URL      string // the address of the person's page
	Username string
	Display  string // the display name
}

// Plain reports whether the text has no markup. Then HTML returns the escaped text with its line feeds, and a client that has
// the text does not need the HTML too.
func (d *Document) Plain() bool { return d.plain }

// Open reports whether the text may mention a name that nobody has. When an account with that name is created, the text must be
// parsed again.
func (d *Document) Open() bool { return d.open }

// Mentions returns the ids of the people whom the text mentions, without duplicates, in ascending order. The caller must not
// change the slice.
func (d *Document) Mentions() []int64 { return d.ids }

// idsOf returns the ids of people without duplicates, in ascending order.
func idsOf(people []slot) []int64 {
	ids := make([]int64, 0, len(people))
	for _, s := range people {
		ids = append(ids, s.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Size returns about how much memory the document takes, in bytes.
func (d *Document) Size() int {
	const header, place = 128, 64                                    // bytes of a document with its entry in a map, and of a slot
	return header + len(d.html) + len(d.typed) + place*len(d.people) // typed, because nothing else may hold the text
}

// Escaped returns a copy of d whose HTML is escaped, as for a JSON string. For all texts a and b, escape(a+b) must equal
// escape(a)+escape(b).
func (d *Document) Escaped(escape func(string) string) *Document {
	e := *d
	e.escape = escape
	if len(d.people) == 0 {
		e.html = escape(d.html)
		return &e
	}
	e.people = slices.Clone(d.people)
	var b strings.Builder
	from := 0
	for i, s := range d.people {
		b.WriteString(escape(d.html[from:s.at]))
		e.people[i].at, from = b.Len(), s.at
	}
	b.WriteString(escape(d.html[from:]))
	e.html = b.String()
	return &e
}

// HTML returns the document with its mentions. people describes the people of Mentions, in the same order. A mention of a
// person without a Username stays as it was typed.
func (d *Document) HTML(people []Person) string {
	if len(d.people) == 0 {
		return d.html
	}
	return string(d.Append(nil, people))
}

// Append appends to b what HTML returns.
func (d *Document) Append(b []byte, people []Person) []byte {
	names, links := make([]string, len(d.ids)), make([]string, len(d.ids)) // "": stays text
	for i := range d.ids {
		if p := &people[i]; p.Username != "" {
			names[i] = "@" + html.EscapeString(p.Display)
			links[i] = p.link(names[i])
			names[i], links[i] = d.escaped(names[i]), d.escaped(links[i])
		}
	}
	b = slices.Grow(b, len(d.html)+len(d.people)*perMention)
	from, typed := 0, 0
	for _, s := range d.people {
		i, _ := slices.BinarySearch(d.ids, s.id)
		shown := links[i]
		if s.inLink {
			shown = names[i]
		}
		if shown == "" {
			shown = d.escaped(html.EscapeString(d.typed[typed:s.typedEnd]))
		}
		typed = s.typedEnd
		b = append(append(b, d.html[from:s.at]...), shown...)
		from = s.at
	}
	return append(b, d.html[from:]...)
}

// perMention is about how many bytes of HTML a mention takes.
const perMention = 64

func (d *Document) escaped(s string) string {
	if d.escape == nil {
		return s
	}
	return d.escape(s)
}

// link returns a link to the person. name is its text, as HTML.
func (p *Person) link(name string) string {
	title := ""
	if p.Display != p.Username {
		title = ` title="@` + html.EscapeString(p.Username) + `"`
	}
	return `<a class="mention" href="` + html.EscapeString(p.URL) + `"` + title + `>` + name + `</a>`
}
