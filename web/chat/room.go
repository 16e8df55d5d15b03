package chat

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"hearth/web/label"
)

// maxTopic is the longest topic, in characters. A page shows it in one line below the room's name.
const maxTopic = 250

// Room is a room, or a private conversation, which is a room of two.
type Room struct {
	ID       int64 // 0: the room is not stored, because nobody has created it or written in it
	Name     string
	Key      string // equal for names that differ only in case
	Topic    string
	Access   Access
	Created  time.Time
	Archived bool
	First    int64    // its sequence starts after this number: 0, or the end of an earlier sequence (see ended_line in the schema)
	With     *User    // of a private conversation: the other person, from the caller's point of view
	group    string   // the key of the group of its sockets, if that is not Key
	between  [2]int64 // of a private conversation: the ids of the caller and of With

	nameForOther string // of a private conversation: its name for With

	// Since is, in a group conversation, the number up to which its messages and changes do not reach the caller, who was added later.
	Since int64
}

// Group returns the group of the sockets in the room. It stays the same when the room is renamed.
func (r *Room) Group() string { return "room:" + cmp.Or(r.group, r.Key) }

const roomColumns = "id, name, name_key, topic, access, created_at, archived_at, first, ifnull(group_key, '')"

func scanRoom(scan func(...any) error) (*Room, error) {
	var r Room
	var created, archived int64
	if err := scan(&r.ID, &r.Name, &r.Key, &r.Topic, &r.Access, &created, &archived, &r.First, &r.group); err != nil {
		return nil, err
	}
	if r.Access == Direct && strings.HasPrefix(r.Key, groupMark) {
		r.Access = Group
	}
	r.Topic, r.Created, r.Archived = label.Clean(r.Topic), moment(created), archived != 0
	return &r, nil
}

// roomByKey returns the stored room whose name, or one of whose former names, has that key. Errors: ErrNotFound, storage.
func (c *Chat) roomByKey(ctx context.Context, key string) (*Room, error) {
	return c.rooms.Load(key, func() (*Room, error) {
		r, err := scanRoom(func(dest ...any) error { return c.read.QueryRow(ctx, roomNamed, []any{key}, dest...) })
		if errors.Is(err, sql.ErrNoRows) {
			return nil, ErrNotFound
		}
		return r, storage("load a room", err)
	})
}

// saveRoom stores the room if necessary, and returns its id. With owned, by becomes its owner; a room that is created by a first
// message has none. Errors: not_allowed, if it was deleted since it was looked up; rate_limited.
func (c *Chat) saveRoom(tx Tx, r *Room, by Caller, owned bool) (int64, error) {
	if c.gone[r.ID] {
		return 0, &Error{Code: "not_allowed", Key: "archived"}
	}
	if r.ID != 0 {
		return r.ID, nil
	}
	name := r.Name
	if r.Access == Direct {
		name = r.Key
	}
	var owner any
	if owned {
		owner = by.User.ID
	}
	if id, err := madeMeanwhile(tx, r); id != 0 || err != nil {
		return id, err
	}
	res, err := tx.Exec("INSERT INTO room (name, name_key, group_key, topic, access, created_by, created_at, open_since, first) "+
		"VALUES (?1, ?2, ?7, ?3, ?4, ?5, ?6, ?6, coalesce((SELECT max(last) FROM ended_line WHERE name_key IN (?2, '')), 0))",
		name, r.Key, r.Topic, r.Access, owner, millis(c.now()), nullable(r.group != "", r.group))
	if err != nil {
		return 0, fmt.Errorf("make room %s: %w", r.Key, err)
	}
	if err := c.takeRoom(by, r); err != nil {
		return 0, err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return 0, fmt.Errorf("make room %s: %w", r.Key, err)
	}
	if r.Access == Direct {
		return id, join(tx, id, r.between[:]...)
	}
	made := *r
	made.ID = id
	if r.Access != Open {
		if err := c.closeUnmade(tx, &made, by); err != nil {
			return 0, err
		}
	}
	c.announceRoom(tx, &made)
	if r.Access == Closed {
		return id, join(tx, id, by.userID())
	}
	return id, visit(tx, id, by.userID())
}

// closeUnmade removes people from a new room who entered it before it was created and may not enter it now.
func (c *Chat) closeUnmade(tx Tx, r *Room, by Caller) error {
	may, err := admins(tx)
	if err != nil {
		return err
	}
	if r.Access == Closed {
		may[by.userID()] = true
	}
	var listed []string
	if c.unmade.listed(r.Key) {
		listed = []string{LobbyGroup}
	}
	tx.Announce("", c.narrowed(r, r, listed, func(id int64) bool { return may[id] }))
	return nil
}

// visit stores that a user has opened a room, with the read position 0. It does nothing for the user 0, a visitor.
func visit(tx Tx, room, user int64) error {
	if user == 0 {
		return nil
	}
	if _, err := tx.Exec("INSERT INTO membership (user_id, room_id) VALUES (?, ?) ON CONFLICT DO NOTHING", user, room); err != nil {
		return fmt.Errorf("note that user %d knows room %d: %w", user, room, err)
	}
	return nil
}

// join makes users members of a room. It keeps their read positions; for others, nothing in it is unread. It skips ids without a
// user.
func join(tx Tx, room int64, users ...int64) error {
	for _, u := range users {
		if u == 0 {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO membership (user_id, room_id, member, read)
			SELECT id, ?1, 1, ifnull((SELECT max(id) & 0xFFFFFFFF FROM message WHERE id > ?1 << 32 AND id < (?1 + 1) << 32), 0) FROM user WHERE id = ?2 AND deleted_at = 0
			ON CONFLICT DO UPDATE SET member = 1, has_left = 0`, room, u); err != nil {
			return fmt.Errorf("add member %d to room %d: %w", u, room, err)
		}
	}
	return nil
}

// announceRoom announces the current state of a room to everybody who may enter it.
func (c *Chat) announceRoom(tx Tx, r *Room) {
	if r.Archived {
		return
	}
	e := c.roomIsBack(r)
	for _, g := range listGroups(r) {
		tx.Announce(g, e)
	}
}

// roomIsBack returns the event with the current state of a room, for sockets that may enter it. They get it also if the room was
// gone for them before.
func (c *Chat) roomIsBack(r *Room) Event {
	e := c.roomChanged(r)
	e.Back = true
	return e
}

// RoomDraft is the new state of a room.
type RoomDraft struct {
	Name, Topic string // an empty name leaves the name of an existing room as it is
	Access      Access
	// Stay are the ids of the users who stay in a room that becomes closed, beside the caller. nil: the caller was not asked yet.
	Stay []int64
}

func (d *RoomDraft) check(by Caller) error {
	if utf8.RuneCountInString(strings.TrimSpace(d.Topic)) > maxTopic {
		return Errorf("too_long", "max", maxTopic).On("topic")
	}
	d.Topic = label.Clean(d.Topic)
	switch d.Access {
	case "":
		d.Access = Open
	case Open, Closed:
	case Admins:
		if !by.Admin() {
			return Errorf("not_allowed").On("access")
		}
	default:
		return Errorf("bad_choice").On("access")
	}
	return nil
}

// CreateRoom creates a room that exists before its first message. The former name of another room is free for admins only. Errors:
// room_name…, room_taken, too_long (topic), not_allowed (only admins may create rooms for admins, or rooms at all), storage.
func (c *Chat) CreateRoom(ctx context.Context, by Caller, d RoomDraft) (*Room, error) {
	if by.User == nil {
		return nil, Errorf("sign_in")
	}
	name, key, err := RoomName(d.Name)
	if err != nil {
		return nil, err
	}
	if err := d.check(by); err != nil {
		return nil, err
	}
	may := c.MayMakeRooms(ctx, by)
	room := Room{Name: name, Key: key, Topic: d.Topic, Access: d.Access, Created: c.now()}
	var former *Room
	err = c.disk.Write(ctx, func(tx Tx) error {
		if former, err = c.takeName(tx, by, key, 0); err != nil {
			return err
		}
		if may != nil {
			return may
		}
		if room.group, err = freeGroup(tx.QueryRow, key); err != nil {
			return err
		}
		room.ID, err = c.saveRoom(tx, &room, by, true)
		return err
	})
	c.forgetRooms()
	if err == nil {
		c.unmade.made(key)
		c.endFormer(former)
	}
	if err == nil && room.Access != Open {
		c.hub.Recheck(room.Group())
	}
	return &room, storage("make a room", err)
}

// maxFaces is how many people a room's card in a list shows.
const maxFaces = 5

// faces returns some of the people in a room.
func (c *Chat) faces(r *Room) []face {
	var faces []face
	for _, name := range c.hub.Here(r.Group()) {
		if len(faces) == maxFaces {
			break
		}
		if u, err := c.UserByName(context.Background(), name); err == nil {
			faces = append(faces, face{User: u.Name, Display: u.Display()})
		}
	}
	return faces
}

// roomChanged returns the event with the state of r and the people who are in it now.
func (c *Chat) roomChanged(r *Room) Event {
	return RoomChanged(r, c.hub.HereCount(r.Group()), c.faces(r))
}

// TellRoom announces how many people are in r to the sockets that list it.
func (c *Chat) TellRoom(r *Room) {
	if r.Access.Private() {
		return
	}
	now, err := c.roomOfGroup(context.Background(), r)
	switch {
	case errors.Is(err, ErrNotFound): // the room is not stored yet, or was deleted meanwhile
		c.tellUnmade(&Room{Name: r.Name, Key: r.Key, Access: Open, group: r.group})
		return
	case err != nil:
		slog.Error("look for a room whose people changed", "room", r.Name, "err", err)
		return
	case now.Archived:
		return
	}
	e := RoomChanged(now, 0, nil)
	e.Fresh = func() (Event, bool) {
		later, err := c.roomOfGroup(context.Background(), r)
		if err != nil || later.Access != now.Access || later.Archived { // the change of the room was announced by itself
			return Event{}, false
		}
		return c.roomChanged(later), true
	}
	for _, g := range listGroups(now) {
		c.hub.PublishSoon(g, e)
	}
}
