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

// Mentions are the ids of the people whom the text mentions, each once, in ascending order.
// The slice is not to be changed.
func (d *Document) Mentions() []int64 { return d.ids }

// idsOf are the ids of people, each once, in ascending order.
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

// HTML is the document with its people as person describes them; it is asked once for each. Whom person does not know
// stays text.
func (d *Document) HTML(person func(id int64) (Person, bool)) string {
	if len(d.people) == 0 {
		return d.html
	}
	names, links := make([]string, len(d.ids)), make([]string, len(d.ids)) // "": not known
	for i, id := range d.ids {
		if p, ok := person(id); ok {
			names[i] = "@" + html.EscapeString(p.Display)
			links[i] = p.link(names[i])
		}
	}
	parts := make([]string, 0, 2*len(d.people)+1)
	from := 0
	for _, s := range d.people {
		i, _ := slices.BinarySearch(d.ids, s.id)
		shown := links[i]
		if s.inLink {
			shown = names[i]
		}
		if shown == "" {
			shown = html.EscapeString(s.typed)
		}
		parts = append(parts, d.html[from:s.at], shown)
		from = s.at
	}
	return strings.Join(append(parts, d.html[from:]), "")
}

// link is the link to a person, with that name.
func (p *Person) link(name string) string {
	title := ""
	if p.Display != p.Username {
		title = ` title="@` + html.EscapeString(p.Username) + `"`
	}
	return `<a class="mention" href="` + html.EscapeString(p.URL) + `"` + title + `>` + name + `</a>`
}
