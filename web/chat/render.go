package chat

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"unicode/utf8"

	"hearth/web/markup"
)

// maxDocuments is how much memory the documents of recent messages may take, in bytes: those of some 700 messages
// that are as long as possible.
const maxDocuments = 16 << 20

// maxShown is the longest name by which a mention shows somebody, in characters; who has a longer one is shown by the
// username. A short message could fill pages otherwise.
const maxShown = 80

// documentCache keeps the documents of the texts that were read or said last. They are found by the text: an edited
// message has another one. Half of them are old; of these, what is asked for becomes new again, and the rest goes
// when the new ones have filled their half.
type documentCache struct {
	mu       sync.Mutex
	new, old map[string]document
	size     int // of the new ones, in bytes
}

// document is a text's document, and how often names had appeared when its own were looked up.
type document struct {
	*markup.Document
	appeared int
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

// find returns the document of a text, unless a name in it may have become somebody's since it was made.
func (c *documentCache) find(text string, appeared int) (document, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d, ok := c.new[text]
	if !ok {
		if d, ok = c.old[text]; ok {
			delete(c.old, text)
			c.add(text, d)
		}
	}
	if !ok || d.Open() && d.appeared != appeared {
		return document{}, false
	}
	return d, true
}

func (c *documentCache) keep(text string, d document) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.old, text)
	c.add(text, d)
}

// add makes d a new document, with c.mu held.
func (c *documentCache) add(text string, d document) {
	if c.new == nil || c.size > maxDocuments/2 {
		c.new, c.old, c.size = map[string]document{}, c.new, 0
	}
	if _, had := c.new[text]; !had {
		c.size += len(text) + d.size()
	}
	c.new[text] = d
}

// document returns the document of a text. Error: storage, if names could not be looked up; the document, in which
// they stay text, is valid then but not kept.
func (c *Chat) document(ctx context.Context, text string) (document, error) {
	if d, ok := markup.Plain(text); ok {
		return document{Document: d}, nil
	}
	appeared := c.users.appearances()
	if d, ok := c.documents.find(text, appeared); ok {
		return d, nil
	}
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
		c.documents.keep(strings.Clone(text), d) // not with the frame that it is a part of
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
