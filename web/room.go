package web

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"hearth/web/chat"
)

const (
	// pageMessages is how many messages a room's page has.
	pageMessages = 50
	// contextMessages is how many of them were written before the first unread message, at least.
	contextMessages = 20
)

type roomData struct {
	Room       roomView
	Messages   []messageView
	Seq        int64
	Read, Last chat.MessageID // the read position, and the last event of the room
	Unread     int            // messages after Read, at most chat.MaxUnreadHere
	HasNew     bool           // the page has the first of them
	HasOlder   bool
	HasNewer   bool
	OlderURL   string
	NewerURL   string
	People     []peopleGroup
	CanWrite   bool
	WhyNot     string
	CanManage  bool
	Membership chat.Membership
	Commands   []commandView
	MayBlock   bool   // of a private conversation: the caller may block the other person
	Blocked    bool   // the caller has blocked the other person
	Path       string // of the page
	Stored     bool   // the room exists
	Nonce      string // of the form without script: a form that is sent twice posts once
	roomForms
}

// roomForms are the refused forms of a room's page.
type roomForms struct {
	Draft, Problem string // the refused text, and the reason
	Notice         string // the result of a command
}

type roomView struct {
	Name, Title, Topic string
	Access             chat.Access
	Archived           bool
	Direct             *chat.User
	Group, Late        bool // a group conversation, to which the reader was added later
}

// room shows a room or a private conversation. A former name of a room redirects to it.
func (s *Server) room(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	if _, key, _ := chat.RoomName(r.PathValue("room")); !room.Access.Private() && key != room.Key {
		to := roomURL(room.Name)
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		return seeOther(w, r, to)
	}
	return s.showRoom(w, r, http.StatusOK, roomForms{})
}

// showRoom shows the room with refused forms.
func (s *Server) showRoom(w http.ResponseWriter, r *request, status int, f roomForms) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	data := roomData{roomForms: f, Stored: room.ID != 0, Nonce: rand.Text(), Room: roomView{Name: room.Name, Title: room.Name, Topic: room.Topic, Access: room.Access, Archived: room.Archived, Direct: room.With, Group: room.Access == chat.Group, Late: room.Since > 0}}
	if data.Room.Title, err = s.roomTitle(r, room); err != nil {
		return err
	}
	if r.caller.SignedIn() {
		if data.Membership, err = s.chat.MembershipIn(r.Context(), r.caller.User, room); err != nil {
			return err
		}
	}
	read, err := s.chat.Visit(r.Context(), r.caller, room)
	if err != nil {
		return err
	}
	if err := s.fillMessages(r, room, read, &data); err != nil {
		return err
	}
	if err := s.fillPeople(r, room, &data); err != nil {
		return err
	}
	if err := s.fillRights(r, room, &data); err != nil {
		return err
	}
	data.Commands = commandViews(r.loc, r.caller)
	title := data.Room.Title
	if !room.Access.Private() {
		title = "#" + title
	}
	v := s.view(r, title)
	v.Data = data
	if r.Header.Get(partHeader) == "main" {
		return s.renderPart(w, r, "room", v)
	}
	rooms, unread, err := s.roomsFor(r)
	if err != nil {
		return err
	}
	delete(unread, room.ID)
	rooms.include(room, data.Membership)
	if v.Side, err = s.sidebar(r, rooms, unread); err != nil {
		return err
	}
	for i, d := range v.Side.Directs {
		if d.URL == roomURL(room.Name) {
			v.Side.Directs[i].Unread = 0 // the page itself shows what is unread
		}
	}
	return s.render(w, r, status, "room", v)
}

// fillMessages loads the requested messages. Unless the request selects others, these are the last ones, or those around the first
// unread message. Nothing is marked as read: the page does that with what was on the screen.
func (s *Server) fillMessages(r *request, room *chat.Room, read int64, d *roomData) error {
	var err error
	if d.Unread, err = s.chat.UnreadAfter(r.Context(), r.caller, room, read); err != nil {
		return err
	}
	x, err := s.window(r, room, read, d.Unread > 0)
	if err != nil {
		return err
	}
	d.Seq, d.Read, d.Last = x.Seq, chat.NewMessageID(room.ID, read), chat.NewMessageID(room.ID, x.Seq)
	d.HasOlder, d.HasNewer = x.Older, x.Newer
	if n := len(x.Messages); n > 0 {
		d.OlderURL = fmt.Sprintf("%s?before=%d", roomURL(room.Name), x.Messages[0].ID)
		d.NewerURL = fmt.Sprintf("%s?after=%d", roomURL(room.Name), x.Messages[n-1].ID)
	}
	d.Messages = s.messageViews(r, x, read)
	for _, m := range d.Messages {
		d.HasNew = d.HasNew || m.New
	}
	return nil
}

// window returns the messages of a room's page. The parameters are those of links without script; wrong ones are ignored.
func (s *Server) window(r *request, room *chat.Room, read int64, unread bool) (x chat.Stretch, err error) {
	ctx := r.Context()
	id := func(name string) chat.MessageID {
		n, _ := strconv.ParseInt(r.FormValue(name), 10, 64)
		return max(0, chat.MessageID(n))
	}
	day, _ := time.ParseInLocation(time.DateOnly, r.FormValue("date"), r.in(time.Time{}).Location())
	switch {
	case id("before") > 0:
		x.Messages, x.Seq, err = s.chat.History(ctx, room, chat.Page{Before: id("before"), Limit: pageMessages + 1})
		x.Newer = true
	case id("after") > 0:
		return s.chat.Around(ctx, room, id("after"), pageMessages, pageMessages+1)
	case id("around").Room() == room.ID && room.ID > 0:
		return s.chat.Around(ctx, room, id("around"), pageMessages/2, pageMessages)
	case !day.IsZero(): // without script
		at, err := s.chat.FirstSince(ctx, room, day)
		if err != nil {
			return x, err
		}
		return s.chat.Around(ctx, room, at, pageMessages-contextMessages, pageMessages)
	case unread && r.FormValue("newest") == "":
		return s.chat.Around(ctx, room, chat.NewMessageID(room.ID, read), pageMessages-contextMessages, pageMessages)
	default:
		x.Messages, x.Seq, err = s.chat.History(ctx, room, chat.Page{Limit: pageMessages + 1})
	}
	if x.Older = len(x.Messages) > pageMessages; x.Older {
		x.Messages = x.Messages[1:]
	}
	return x, err
}

// fillRights sets what the caller may do in the room, or why not.
func (s *Server) fillRights(r *request, room *chat.Room, d *roomData) (err error) {
	var e *chat.Error
	if err := s.chat.MaySpeak(r.Context(), r.caller, room); errors.As(err, &e) && e.Code != "storage" {
		d.WhyNot = r.text(e)
	} else if err != nil {
		return err
	}
	d.CanWrite = d.WhyNot == ""
	if with := room.With; with != nil && !with.Deleted && with.ID != r.caller.User.ID {
		d.MayBlock, d.Path = true, roomURL(room.Name)
		if d.Blocked, err = s.chat.Blocks(r.Context(), r.caller.User.ID, with.ID); err != nil {
			return err
		}
	}
	d.CanManage, err = s.chat.MayManage(r.Context(), r.caller, room)
	return err
}
