package chat

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"unicode/utf8"

	"hearth/web/markup"
)

// maxDocuments is how much memory the cached documents of messages may take, in bytes: about 700 of the longest messages.
const maxDocuments = 16 << 20

// maxShown is the longest name in a mention, in characters. For a longer one the username is shown: otherwise a short message
// could fill pages.
const maxShown = 80

// document is the parsed document of a text. appeared is the value of Chat.appeared when its mentions were looked up.
type document struct {
	*markup.Document
	appeared int64
	text     string           // the text as a JSON string, with its quotes; "": not cached
	escaped  *markup.Document // the document whose HTML is escaped for a JSON string; nil if the text is plain
}

// size returns about how much memory d takes, in bytes.
func (d document) size() int {
	n := d.Size() + len(d.text)
	if d.escaped != nil {
		n += d.escaped.Size()
	}
	return n
}

// document returns the document of a text. Error: storage, if mentions could not be looked up. Then the document, in which they
// are text, is valid but not cached.
func (c *Chat) document(ctx context.Context, text string) (document, error) {
	if d, ok := markup.Plain(text); ok {
		return document{Document: d}, nil
	}
	appeared := c.appeared.Load()
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
		d.escaped = d.Escaped(escapeText)
	}
	if err == nil {
		c.documents.Put(strings.Clone(text), d, version) // a copy, so that the cache does not keep the whole frame in memory
	}
	return d, err
}

// named returns the ids of the users with these usernames, in any case, and everybodyID for everybodyName.
func (c *Chat) named(ctx context.Context, names []string) (map[string]int64, error) {
	users, err := c.usersByName(ctx, names)
	known := make(map[string]int64, len(users))
	for _, name := range names {
		if u := users[name]; u != nil {
			known[name] = u.ID
		} else if strings.EqualFold(name, everybodyName) {
			known[name] = everybodyID
		}
	}
	return known, err
}

// rendered is a document with the current names of the people whom it mentions.
type rendered struct {
	document
	people []markup.Person // for each id in document.Mentions; a user who cannot be loaded is a zero Person
}

// HTML returns the HTML of the text.
func (l *rendered) HTML() string { return l.document.HTML(l.people) }

// render sets the HTML and the mentions of m. Error: storage, as of document.
func (c *Chat) render(ctx context.Context, m *Message) error {
	d, err := c.document(ctx, m.Text)
	m.rendered = &rendered{d, c.people(ctx, d.Mentions())}
	return err
}

// fillHTML renders messages. It logs errors; mentions that cannot be looked up stay text.
func (c *Chat) fillHTML(ctx context.Context, found []*Message) {
	for _, m := range found {
		if err := c.render(ctx, m); err != nil {
			slog.Error("look up who is mentioned", "message", m.ID, "err", err)
		}
	}
}

// people returns the users with these ids, with their current names. A user who cannot be loaded is a zero Person.
func (c *Chat) people(ctx context.Context, ids []int64) []markup.Person {
	people := make([]markup.Person, len(ids))
	for i, id := range ids {
		if id == everybodyID {
			continue
		}
		u, err := c.User(ctx, id)
		if err != nil {
			if !errors.Is(err, ErrNotFound) {
				slog.Error("look up who is mentioned", "user", id, "err", err)
			}
			continue
		}
		if u.Deleted {
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
