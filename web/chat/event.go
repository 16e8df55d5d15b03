package chat

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"hearth/web/locale"
)

// Event is an event that is published to a group of sockets.
type Event struct {
	Type string
	// Seq is the sequence number in the room; 0 for events without one, such as joins and leaves.
	Seq int64
	// ID is the id of the message in private_message frames, 0 in others.
	ID MessageID
	// Private is the id of the private message in the event, 0 if there is none.
	Private MessageID
	// Of is the message that was edited, deleted or reacted to. Readers who may not see it do not get the event.
	Of MessageID
	// Plain is set for events that clients of the plain dialect get too, PlainOnly for events that only they get.
	Plain, PlainOnly bool
	// Cards is set for events that only pages with rooms as cards get. Such an event varies ByPage.
	Cards bool
	// ExceptIn leaves out sockets that are also in this group.
	ExceptIn string
	// About is the group of the room that the event is about, for events that reach sockets outside that room. Sockets that have lost
	// the right to enter the room do not get the event.
	About string
	// Back: the reader may enter the room that the event is about, even if it was gone before.
	Back bool
	// Subject identifies events of which PublishSoon sends only the newest; "" for none.
	Subject string
	// Fresh is called when PublishSoon sends the event. It returns the current event, or false if nothing is to be sent. nil: the event
	// is sent as it is.
	Fresh func() (Event, bool)
	// Rights is set in the event of a change of rights. Such an event has no frame.
	Rights *RightsChange

	varies Variance
	frame  func(Reader) any
	plain  func(Reader) any // the frame for clients of the plain dialect; nil: it is the same
}

// Reader is the recipient of a frame, as far as frames depend on it.
type Reader struct {
	UserID int64 // 0: a visitor
	Name   string
	Lang   string
	Cards  bool // the page shows rooms as cards, with faces of those who are there
	// Since is Room.Since of the room in which the reader is.
	Since int64
}

// Variance says in which respect the frames of an event differ between readers. Readers who get the same frame share one encoding.
type Variance uint8

// The ways in which frames can differ. Zero: everybody gets the same.
const (
	ByLang   Variance = 1 << iota // the human-readable text
	ByGuest                       // visitors see less
	ByPerson                      // everybody sees it from his own side
	ByPage                        // some pages show more
	BySince                       // people who were added to a conversation later see less
)

// Kind returns r without the fields that make no difference: readers of one kind get the same bytes.
func (v Variance) Kind(r Reader) Reader {
	var k Reader
	if v&ByLang != 0 {
		k.Lang = r.Lang
	}
	if v&ByPage != 0 {
		k.Cards = r.Cards
	}
	if v&BySince != 0 {
		k.Since = r.Since
	}
	if v&ByPerson != 0 {
		k.UserID, k.Name = r.UserID, r.Name
	} else if v&ByGuest != 0 && r.UserID != 0 {
		k.UserID = 1
	}
	return k
}

// Varies returns in which respect the event's frames differ.
func (e Event) Varies() Variance { return e.varies }

// JSON returns the event's frame for r, one line without its end.
func (e Event) JSON(r Reader) []byte {
	v := e.frame(r)
	if m, ok := v.(MessageFrame); ok {
		return m.AppendJSON(make([]byte, 0, m.size()))
	}
	return marshal(v)
}

// PlainJSON is JSON for clients of the plain dialect.
func (e Event) PlainJSON(r Reader) []byte {
	if e.plain != nil {
		e.frame = e.plain
	}
	return e.JSON(r)
}

// forPlain returns e with another frame for clients of the plain dialect.
func (e Event) forPlain(frame any) Event {
	e.plain = func(Reader) any { return frame }
	return e
}

// inGroup returns the event of a message of a group conversation. Readers who were added later do not get what it quotes, and everybody
// gets a notice in the own language.
func (e Event) inGroup(m *Message) Event {
	e.varies |= BySince
	if m.Notice != nil {
		e.varies |= ByLang
	}
	seen := func(frame func(Reader) any) func(Reader) any {
		return func(to Reader) any {
			f := frame(to).(MessageFrame)
			if f.ReplyTo != 0 && f.ReplyTo.Seq() <= to.Since {
				f.ReplyTo, f.Reply = 0, nil
			}
			if m.Notice != nil {
				f.Message = m.NoticeText(locale.Of(to.Lang))
			}
			return f
		}
	}
	e.frame = seen(e.frame)
	if e.plain != nil {
		e.plain = seen(e.plain)
	}
	return e
}

// same returns an event whose frame is the same for everybody.
func same(typ string, plain bool, frame any) Event {
	return Event{Type: typ, Plain: plain, frame: func(Reader) any { return frame }}
}

// encoder is reused.
type encoder struct {
	*json.Encoder
	buffer bytes.Buffer
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.Encoder = json.NewEncoder(&e.buffer)
	e.SetEscapeHTML(false) // the frame is JSON for a script, not for a page
	return e
}}

// marshal encodes v, which must be a type that encoding/json can always encode.
func marshal(v any) []byte {
	e := encoders.Get().(*encoder)
	e.buffer.Reset()
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	line := bytes.Clone(bytes.TrimSuffix(e.buffer.Bytes(), []byte("\n")))
	encoders.Put(e)
	return line
}

// Stamp is how times look on the wire: RFC 3339, UTC, milliseconds.
type Stamp time.Time

// MarshalJSON writes t, null for the zero time.
func (t Stamp) MarshalJSON() ([]byte, error) { return t.append(nil), nil }

// append appends t as MarshalJSON writes it.
func (t Stamp) append(b []byte) []byte {
	if time.Time(t).IsZero() {
		return append(b, "null"...)
	}
	return time.Time(t).UTC().AppendFormat(b, `"2006-01-02T15:04:05.000Z"`)
}

// local returns an event whose field "message" is in the reader's language. It is passed to body.
func local(typ string, plain bool, key string, args []any, body func(message string) any) Event {
	return Event{Type: typ, Plain: plain, varies: ByLang, frame: func(r Reader) any {
		return body(locale.Of(r.Lang).T(key, args...))
	}}
}

type userListFrame struct {
	Type    string          `json:"type"`
	Message string          `json:"message"`
	Room    string          `json:"room"`
	Users   json.RawMessage `json:"users"`
	You     *string         `json:"you"`
	Seq     int64           `json:"seq"`
	Online  int             `json:"people_online,omitempty"` // anywhere, not just here
	Retry   int64           `json:"retry,omitempty"`         // ms
}

// InitialState is what the first user_list of a socket contains beside the users.
type InitialState struct {
	Online int           // people who are online anywhere
	Retry  time.Duration // how long to wait before coming back if the line breaks
}

// UserList lists the people in a room and the reader's own name (null for a visitor without a name). The room's name and seq
// depend on the reader too. The names are encoded once.
func UserList(users []string, g InitialState, room func(Reader) (name string, seq int64)) Event {
	if users == nil {
		users = []string{}
	}
	names := json.RawMessage(marshal(users))
	return Event{Type: "user_list", Plain: true, varies: ByLang | ByPerson, frame: func(r Reader) any {
		name, seq := room(r)
		f := userListFrame{Type: "user_list", Users: names, Room: name, Seq: seq, Online: g.Online, Retry: g.Retry.Milliseconds(),
			Message: locale.Of(r.Lang).T("event.people", "count", len(users))}
		if r.Name != "" {
			f.You = &r.Name
		}
		return f
	}}
}

type userFrame struct {
	Type    string    `json:"type"`
	Message string    `json:"message"`
	User    string    `json:"user"`
	Display string    `json:"display,omitempty"` // as people call them, where it isn't the username
	ID      MessageID `json:"id,omitempty"`
	Seq     int64     `json:"seq,omitempty"`
}

// Typing returns the event that a person is typing.
func Typing(user string) Event {
	return local("typing", false, "event.typing", []any{"user", user}, func(m string) any {
		return userFrame{Type: "typing", Message: m, User: user}
	})
}

func messageDeleted(id MessageID, seq int64, by string) Event {
	e := local("message_deleted", false, "event.deleted", []any{"user", by}, func(m string) any {
		return userFrame{Type: "message_deleted", Message: m, User: by, ID: id, Seq: seq}
	})
	e.Seq, e.Of = seq, id
	return e
}

type pongFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Pong answers a client's ping. Its message is empty: there is nothing to show to a person.
func Pong() Event { return same("pong", true, pongFrame{Type: "pong"}) }

type resetFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Seq     int64  `json:"seq"`
}

// Reset tells a client whose gap can't be filled to load the history again.
func Reset(seq int64) Event {
	return local("reset", true, "event.reset", nil, func(m string) any {
		return resetFrame{Type: "reset", Message: m, Seq: seq}
	})
}

type errorFrame struct {
	Type       string `json:"type"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Nonce      string `json:"nonce,omitempty"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

// Failed returns the error event for one client.
func Failed(e *Error, nonce string) Event {
	key, args := e.Text()
	seconds := e.Seconds()
	return local("error", true, key, args, func(m string) any {
		return errorFrame{Type: "error", Code: e.Code, Message: m, Nonce: nonce, RetryAfter: seconds}
	})
}

type roomFrame struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	Room    string `json:"room"`
	Topic   string `json:"topic"`
	Access  Access `json:"access"`
	Here    int    `json:"here"`
	Faces   []face `json:"faces,omitempty"`  // some of those who are in it
	Unmade  bool   `json:"unmade,omitempty"` // nobody has spoken in it yet
	Gone    bool   `json:"gone,omitempty"`
	Title   string `json:"title,omitempty"`  // of a group conversation
	People  []face `json:"people,omitempty"` // of a group conversation

	Archived bool   `json:"archived,omitempty"` // with Gone: it can still be read
	Deleted  bool   `json:"deleted,omitempty"`  // with Gone: for everybody
	Was      string `json:"was,omitempty"`      // its name until now
}

type face struct {
	User    string `json:"user"`
	Display string `json:"display"`
}

// RoomChanged returns the event with the current state of a room, the number of people in it, and some of them.
func RoomChanged(r *Room, here int, faces []face) Event {
	e := Event{Type: "room", varies: ByLang | ByPage, frame: func(to Reader) any {
		f := roomFrame{Type: "room", Message: locale.Of(to.Lang).T("event.people", "count", here),
			Room: r.Name, Topic: r.Topic, Access: r.Access, Here: here, Unmade: r.ID == 0}
		if to.Cards {
			f.Faces = faces
		}
		return f
	}}
	e.About, e.Subject = r.Group(), "room "+r.Group()
	return e
}

// was returns the event of a changed room that had another name until now.
func (e Event) was(name string) Event {
	frame := e.frame
	e.frame = func(to Reader) any {
		f := frame(to).(roomFrame)
		f.Was = name
		return f
	}
	return e
}

// RoomGone returns the event that a room does not exist any more, or that the reader may no longer enter it.
func RoomGone(r *Room) Event { return roomGone(r, roomFrame{}) }

// roomArchived returns the event that a room is in no list any more, and can only be read.
func roomArchived(r *Room) Event { return roomGone(r, roomFrame{Archived: true}) }

// roomDeleted returns the event that a room is being deleted.
func roomDeleted(r *Room) Event { return roomGone(r, roomFrame{Deleted: true}) }

func roomGone(r *Room, f roomFrame) Event {
	f.Type, f.Room, f.Gone = "room", r.Name, true
	e := local("room", false, "event.people", []any{"count", 0}, func(m string) any {
		f := f
		f.Message = m
		return f
	})
	e.About, e.Subject = r.Group(), "room "+r.Group()
	return e
}

type tableFrame struct {
	Type    string `json:"type"`
	Event   string `json:"event"`
	Message string `json:"message"`
	Rows    string `json:"html_users"`
}

// TableChanged returns the event with the rows of the table of people. fresh reports that a person signed up.
func TableChanged(fresh bool, rows func(Reader) string) Event {
	what := "Change Status"
	if fresh {
		what = "New User"
	}
	return Event{Type: "user_update", Plain: true, varies: ByLang | ByGuest, frame: func(r Reader) any {
		return tableFrame{Type: "user_update", Event: what, Message: locale.Of(r.Lang).T("event.table"), Rows: rows(r)}
	}}
}
