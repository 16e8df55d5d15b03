package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"

	"hearth/web/cache"
	"hearth/web/chat"
	"hearth/web/locale"
)

// maxParts is how much memory the cached parts of pages may take, in bytes: about 7000 messages.
const maxParts = 8 << 20

// partKey is the SHA-256 hash of the name, the language and the data of a part.
type partKey [sha256.Size]byte

type parts = cache.Cache[partKey, template.HTML]

func newParts() *parts {
	const entry = 96 // bytes of an entry of the cache
	return cache.Sized(maxParts, func(_ partKey, text template.HTML) int { return entry + len(text) })
}

// partData is the data of a part of a page that is cached.
type partData interface {
	// appendKey appends everything that the part shows. Whatever else has an influence on the part, such as the current time, must
	// be in it too.
	appendKey(k *keyBuffer)
}

// part returns a function of templates: {{part "message" .}} is {{template "message" .}}, but the result is cached. To execute the
// template of a message takes 60 µs; to find it in the cache takes 2.
func (s *Server) part(l *locale.Locale) func(name string, data partData) (template.HTML, error) {
	return func(name string, data partData) (template.HTML, error) {
		k := keyBuffers.Get().(*keyBuffer)
		defer keyBuffers.Put(k)
		k.b = k.b[:0]
		k.text(name)
		k.text(pagesKey(l))
		data.appendKey(k)
		return s.parts.Load(sha256.Sum256(k.b), func() (template.HTML, error) {
			var b bytes.Buffer
			if err := s.pages.fragment(&b, l, name, data); err != nil {
				return "", fmt.Errorf("render %s: %w", name, err)
			}
			return template.HTML(b.String()), nil
		})
	}
}

// emptyParts are parts from which scripts make others.
var emptyParts = map[string]partData{
	"message":     messageView{},
	"room-link":   sideRoom{Room: roomLink{Access: chat.Open, Level: chat.MentionsOnly}},
	"direct-link": sideDirect{Direct: directLink{Presence: online}},
	"group-link":  sideDirect{Direct: directLink{Group: true}},
	"person-link": personLink{URL: "/", Presence: online},

	"day-line":        logLine{},
	"new-room-dialog": fixedPart{},
}

// fixedPart is the data of a part that is always the same.
type fixedPart struct{}

func (fixedPart) appendKey(*keyBuffer) {}

// log returns a function of templates: the messages of a room with the lines between them.
func (s *Server) log(l *locale.Locale) func(messages []messageView) (template.HTML, error) {
	part := s.part(l)
	return func(messages []messageView) (template.HTML, error) {
		texts, size := make([]template.HTML, 0, len(messages)+8), 0
		add := func(name string, data partData) error {
			text, err := part(name, data)
			texts, size = append(texts, text), size+len(text)
			return err
		}
		for _, v := range messages {
			var err error
			if v.New {
				err = add("new-line", logLine{v.At, v.Day})
			} else if v.Day {
				err = add("day-line", logLine{v.At, v.Day})
			}
			if err == nil {
				err = add("message", v)
			}
			if err != nil {
				return "", err
			}
		}
		var b strings.Builder
		b.Grow(size)
		for _, text := range texts {
			b.WriteString(string(text))
		}
		return template.HTML(b.String()), nil
	}
}

// logLine is a line between messages.
type logLine struct {
	At  time.Time // zero in a <template>
	Day bool      // the messages below it are of another day than those above
}

func (v logLine) appendKey(k *keyBuffer) {
	k.time(v.At)
	k.flags(v.Day)
}

func (v languageMenu) appendKey(k *keyBuffer) { k.text(v.Path) }

// keyBuffer collects the values of a key. Different sequences of values give different bytes.
type keyBuffer struct{ b []byte }

var keyBuffers = sync.Pool{New: func() any { return &keyBuffer{} }}

func (k *keyBuffer) number(n int64) { k.b = binary.AppendVarint(k.b, n) }

func (k *keyBuffer) text(s string) {
	k.number(int64(len(s)))
	k.b = append(k.b, s...)
}

func (k *keyBuffer) flags(all ...bool) {
	for _, x := range all {
		if x {
			k.b = append(k.b, 1)
		} else {
			k.b = append(k.b, 0)
		}
	}
}

func (k *keyBuffer) time(t time.Time) {
	if t.IsZero() {
		k.number(0)
		return
	}
	k.number(t.UnixNano())
	_, offset := t.Zone()
	k.number(int64(offset))
}

// status appends what a part shows of a status.
func (k *keyBuffer) status(s chat.Status) {
	k.text(s.Emoji)
	k.text(s.Text)
	k.text(string(s.Availability))
	k.time(s.Until)
}

func (v messageView) appendKey(k *keyBuffer) {
	k.number(int64(v.ID))
	k.text(v.User)
	k.text(v.Display)
	k.text(string(v.HTML))
	k.text(v.Text)
	k.text(v.Notice)
	k.time(v.At)
	k.flags(v.Guest, v.Former, v.Action, v.Joined, v.Mine, v.Mention, v.Edited, v.Deleted, v.Reply != nil)
	if v.Reply != nil {
		k.number(int64(v.Reply.ID))
		k.text(v.Reply.Display)
		k.text(v.Reply.Excerpt)
		k.text(v.Reply.User)
		k.flags(v.Reply.Former)
	}
	for _, x := range v.Reactions {
		k.text(x.Emoji)
		k.number(int64(x.Count))
		k.flags(x.Mine)
		k.number(int64(len(x.Users)))
		for _, user := range x.Users {
			k.text(user)
		}
	}
}

// sideRoom is a room in the sidebar of a page.
type sideRoom struct {
	Room    roomLink
	Current string // the URL of the page
}

// On returns the room in the sidebar of the page at a URL.
func (l roomLink) On(current string) sideRoom {
	if current != l.URL {
		current = "" // it makes no difference which other page it is
	}
	return sideRoom{l, current}
}

func (v sideRoom) appendKey(k *keyBuffer) {
	r := v.Room
	k.text(r.Name)
	k.text(r.URL)
	k.text(string(r.Access))
	k.text(string(r.Level))
	k.number(int64(r.First))
	k.number(int64(r.Here))
	k.number(int64(r.Unread))
	k.number(int64(r.News))
	k.flags(r.Favourite)
	k.text(v.Current)
}

// sideDirect is a private conversation or a group conversation in the sidebar of a page.
type sideDirect struct {
	Direct  directLink
	Current string // the URL of the page
}

// On returns the conversation in the sidebar of the page at a URL.
func (l directLink) On(current string) sideDirect {
	if current != l.URL {
		current = ""
	}
	return sideDirect{l, current}
}

func (v sideDirect) appendKey(k *keyBuffer) {
	d := v.Direct
	k.text(d.Name)
	k.text(d.Display)
	k.text(d.URL)
	k.text(d.Presence)
	k.status(d.Status)
	k.number(int64(d.Unread))
	k.flags(d.Former, d.Group)
	k.text(v.Current)
}

func (p personLink) appendKey(k *keyBuffer) {
	k.text(p.Name)
	k.text(p.Display)
	k.text(p.URL)
	k.text(p.Presence)
	k.status(p.Status)
	k.flags(p.Me, p.Belongs)
	if p.Presence == offline {
		k.time(p.LastSeen)
		k.number(int64(time.Since(p.LastSeen) / time.Minute)) // the part says how long ago it was
	}
}
