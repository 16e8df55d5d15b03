package chat

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"unicode/utf8"

	"hearth/web/markup"
)

// maxDocuments is how much memory the documents of recent messages may take, in bytes: those of some 700 messages
// that are as long as possible.
const maxDocuments = 16 << 20

// maxShown is the longest name by which a mention shows somebody, in characters; who has a longer one is shown by the
// username. A short message could fill pages otherwise.
const maxShown = 80

// document is a text's document, and how often names had appeared when its own were looked up.
type document struct {
	*markup.Document
	appeared int64
	text     string           // in quotes, as in JSON; "": not kept
	escaped  *markup.Document // as it stands in JSON; nil if it is plain
}

// size is about how much memory d takes, in bytes.
func (d document) size() int {
	n := d.Size() + len(d.text)
	if d.escaped != nil {
		n += d.escaped.Size()
	}
	return n
}

// document returns the document of a text. Error: storage, if names could not be looked up; the document, in which
// they stay text, is valid then but not kept.
func (c *Chat) document(ctx context.Context, text string) (document, error) {
	if d, ok := markup.Plain(text); ok {
		return document{Document: d}, nil
	}
	appeared := c.names.appeared.Load()
	if d, ok := c.documents.Get(text); ok && (!d.Open() || d.appeared == appeared) {
		return d, nil
	}
	version := c.documents.Version()
	var err error
	d := document{appeared: appeared, Document: markup.Parse(text, func(names []string) (known map[string]int64) {
		known, err = c.named(ctx, names)
		return known
	})}
	d.text = quote(text)
	if !d.Plain() {
		d.escaped = d.Escaped(func(s string) string { q := quote(s); return q[1 : len(q)-1] })
	}
	if err == nil {
		c.documents.Put(strings.Clone(text), d, version) // not with the frame that it is a part of
	}
	return d, err
}

// named returns the ids of those who are called by the names, in upper or lower case.
func (c *Chat) named(ctx context.Context, names []string) (map[string]int64, error) {
	users, err := c.usersByName(ctx, names)
	known := make(map[string]int64, len(users))
	for name, u := range users {
		known[name] = u.ID
	}
	return known, err
}

// rendered is a text as others see it: its document, and the people in it as they are called now.
type rendered struct {
	document
	people []markup.Person // those of document.Mentions; who is not known has no name
}

// HTML is what the text looks like, for a page.
func (l *rendered) HTML() string { return l.document.HTML(l.people) }

// render sets what m looks like, and whom it mentions. Error: storage, as of document.
func (c *Chat) render(ctx context.Context, m *Message) error {
	d, err := c.document(ctx, m.Text)
	m.rendered = &rendered{d, c.people(ctx, d.Mentions())}
	return err
}

// fillHTML is render for messages that are read. Names that can't be looked up stay text.
func (c *Chat) fillHTML(ctx context.Context, found []*Message) {
	for _, m := range found {
		if err := c.render(ctx, m); err != nil {
			slog.Error("look up who is mentioned", "message", m.ID, "err", err)
		}
	}
}

// people are users as they are called now.
func (c *Chat) people(ctx context.Context, ids []int64) []markup.Person {
	people := make([]markup.Person, len(ids))
	for i, id := range ids {
		u, err := c.User(ctx, id)
		if err != nil {
			if !errors.Is(err, ErrNotFound) {
				slog.Error("look up who is mentioned", "user", id, "err", err)
			}
			continue
		}
		p := markup.Person{URL: "/chat/@" + u.Name + "/", Username: u.Name, Display: u.Display()}
		if utf8.RuneCountInString(p.Display) > maxShown {
			p.Display = u.Name
		}
		people[i] = p
	}
	return people
}
