package chat

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Access says who may enter a room.
type Access string

const (
	Open   Access = "open"   // everybody with an account, and visitors unless the setting guests is off
	Admins Access = "admins" // admins only
	Closed Access = "closed" // members, who are added by name, and admins
	Direct Access = "direct" // a private conversation: its two people
	Group  Access = "group"  // a group conversation: its people; stored as direct
)

// Private reports whether only the people of a conversation may enter: nobody manages it, and no list of rooms has it.
func (a Access) Private() bool { return a == Direct || a == Group }

// Enter finds the room with that name (@username: the private conversation with that user; +id: a group conversation), stored or not, and decides whether
// the caller may be in it. All access to rooms goes through it. Errors: room_name… for an invalid name, no_such_user, sign_in,
// not_allowed, storage.
func (c *Chat) Enter(ctx context.Context, by Caller, name string) (*Room, error) {
	if who, direct := strings.CutPrefix(name, "@"); direct {
		return c.enterDirect(ctx, by, who)
	}
	if strings.HasPrefix(name, groupMark) {
		return c.enterGroup(ctx, by, name)
	}
	name, key, err := RoomName(name)
	if err != nil {
		return nil, err
	}
	r, err := c.roomByKey(ctx, key)
	if errors.Is(err, ErrNotFound) {
		r = &Room{Name: name, Key: key, Access: Open}
		r.group, err = freeGroup(c.readRow(ctx), key)
	}
	if err != nil {
		return nil, err
	}
	err = c.mayEnter(ctx, by, r) // first, so that visitors who may see no rooms cannot find out which exist
	if err == nil && r.ID == 0 {
		err = c.MayMakeRooms(ctx, by)
	}
	return r, err
}

// RoomExists reports whether a stored room has that name, or had it before. Errors: room_name… for an invalid name, storage.
func (c *Chat) RoomExists(ctx context.Context, name string) (bool, error) {
	_, key, err := RoomName(name)
	if err != nil {
		return false, err
	}
	if _, err = c.roomByKey(ctx, key); errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c *Chat) mayEnter(ctx context.Context, by Caller, r *Room) error {
	if by.User == nil {
		return c.guestMayEnter(ctx, r)
	}
	switch {
	case r.Access == Group:
		_, err := c.asMember(ctx, by.User.ID, r)
		return err
	case r.Access == Open, by.Admin():
		return nil
	case r.Access == Closed:
		return c.mustBeMember(ctx, by.User.ID, r.ID)
	}
	return Errorf("not_allowed")
}

func (c *Chat) guestMayEnter(ctx context.Context, r *Room) error {
	may, err := c.GuestsMay(ctx)
	if err != nil {
		return err
	}
	if may == "off" || r.Access != Open {
		return Errorf("sign_in")
	}
	return nil
}

func (c *Chat) mustBeMember(ctx context.Context, userID, roomID int64) error {
	var one int
	err := c.read.QueryRow(ctx, "SELECT 1 FROM membership WHERE user_id = ? AND room_id = ? AND member = 1", []any{userID, roomID}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return &Error{Code: "not_allowed", Key: "not_member"}
	}
	return storage("look for a membership", err)
}

// MaySpeak returns why the caller may not write in a room that it may enter; nil if it may. Errors: not_allowed, sign_in,
// storage.
func (c *Chat) MaySpeak(ctx context.Context, by Caller, r *Room) error {
	if r.Archived {
		return &Error{Code: "not_allowed", Key: "archived"}
	}
	if by.User != nil {
		if r.With != nil && r.With.Deleted {
			return &Error{Code: "not_allowed", Key: "mute_former"}
		}
		if r.With != nil && r.With.Disabled {
			return &Error{Code: "not_allowed", Key: "mute_user", Args: []any{"name", r.With.Name}}
		}
		return c.mustNotBlock(ctx, by, r)
	}
	may, err := c.GuestsMay(ctx)
	if err != nil {
		return err
	}
	return SpeaksAsGuest(by, may)
}

// SpeaksAsGuest returns why a visitor may not write if visitors may do that; nil if the visitor may. Error: sign_in.
func SpeaksAsGuest(by Caller, may string) error {
	switch {
	case may == "read":
		return &Error{Code: "sign_in", Key: "guests_read"}
	case may != "write":
		return Errorf("sign_in")
	case by.Guest == "":
		return &Error{Code: "sign_in", Key: "guest_name_first"}
	}
	return nil
}

// MayManage reports whether the caller may change, archive and delete a room, and change its members. Admins may, and the owner, who
// created the room with CreateRoom. A room that was created by a first message has no owner.
func (c *Chat) MayManage(ctx context.Context, by Caller, r *Room) (bool, error) {
	if by.User == nil || r.Access.Private() || r.ID == 0 {
		return false, nil
	}
	if by.Admin() {
		return true, nil
	}
	return c.Owns(ctx, by.User, r)
}

// Owns reports whether a user owns a room. Error: storage.
func (c *Chat) Owns(ctx context.Context, u *User, r *Room) (bool, error) {
	var owner sql.NullInt64
	err := c.read.QueryRow(ctx, "SELECT created_by FROM room WHERE id = ?", []any{r.ID}, &owner)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return owner.Int64 == u.ID, storage("look who owns the room", err)
}

// mustManage checks that the caller may change a room, and counts the change. Errors: not_allowed, rate_limited, storage.
func (c *Chat) mustManage(ctx context.Context, by Caller, r *Room) error {
	may, err := c.MayManage(ctx, by, r)
	if err == nil && !may {
		err = Errorf("not_allowed")
	}
	if err != nil {
		return err
	}
	return c.takeChange(by)
}
