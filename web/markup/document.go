package markup

import (
	"html"
	"slices"
	"strings"
)

// Document is the text of a message as HTML in which people stand by their ids, so that it can be kept while
// their names change. It is not changed any more and may be used by several goroutines.
type Document struct {
	html   string // without the people
	people []slot // in the order of their places in html
	ids    []int64
	plain  bool
	open   bool
	escape func(string) string // of what is put in for people; nil: as it is
}

// slot is the place of a person in the HTML of a document.
type slot struct {
	at     int // in Document.html
	id     int64
	typed  string // what the sender wrote, with the @
	inLink bool   // in the text of a link: there are no links in links
}

// Person is how somebody who is mentioned is shown.
type Person struct {
	URL      string // the address of the person's page
	Username string
	Display  string // what people call the person
}

// Plain reports whether there is no markup in the text: HTML is the escaped text, line breaks and all, and
// need not be sent beside it.
func (d *Document) Plain() bool { return d.plain }

// Open reports whether the text may mention a name that nobody has. If somebody takes that name, the text has to be
// parsed again.
func (d *Document) Open() bool { return d.open }

// Mentions returns the ids of the people whom the text mentions, each once, in ascending order.
// The slice is not to be changed.
func (d *Document) Mentions() []int64 { return d.ids }

// idsOf returns the ids of people, each once, in ascending order.
func idsOf(people []slot) []int64 {
	ids := make([]int64, 0, len(people))
	for _, s := range people {
		ids = append(ids, s.id)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Size is about how much memory the document takes, in bytes.
func (d *Document) Size() int {
	const header, place = 128, 64 // of the document with its entry in a map, and of a slot
	n := header + len(d.html)
	for _, s := range d.people {
		n += place + len(s.typed) // a part of the text, but the text may be gone
	}
	return n
}

// Escaped is d for a place where text has to be escaped. escape must turn a text into the same as it turns its parts into,
// put together.
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

// HTML returns the document with its people, those of Mentions, as they are described. Who has no Username stays text.
func (d *Document) HTML(people []Person) string {
	if len(d.people) == 0 {
		return d.html
	}
	return string(d.Append(nil, people))
}

// Append appends what HTML returns.
func (d *Document) Append(b []byte, people []Person) []byte {
	names, links := make([]string, len(d.ids)), make([]string, len(d.ids)) // "": stays text
	for i := range d.ids {
		if p := &people[i]; p.Username != "" {
			names[i] = "@" + html.EscapeString(p.Display)
			links[i] = p.link(names[i])
			names[i], links[i] = d.escaped(names[i]), d.escaped(links[i])
		}
	}
	from := 0
	for _, s := range d.people {
		i, _ := slices.BinarySearch(d.ids, s.id)
		shown := links[i]
		if s.inLink {
			shown = names[i]
		}
		if shown == "" {
			shown = d.escaped(html.EscapeString(s.typed))
		}
		b = append(append(b, d.html[from:s.at]...), shown...)
		from = s.at
	}
	return append(b, d.html[from:]...)
}

func (d *Document) escaped(s string) string {
	if d.escape == nil {
		return s
	}
	return d.escape(s)
}

// link returns the link to a person, with that name.
func (p *Person) link(name string) string {
	title := ""
	if p.Display != p.Username {
		title = ` title="@` + html.EscapeString(p.Username) + `"`
	}
	return `<a class="mention" href="` + html.EscapeString(p.URL) + `"` + title + `>` + name + `</a>`
}
