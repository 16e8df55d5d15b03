package chat

import (
	"context"
	"fmt"
	"slices"
)

// MembersGroup returns the group of the sockets of a closed room's members, which get events about the room wherever they are.
// Sockets of admins are in AdminsGroup instead.
func MembersGroup(roomID int64) string { return fmt.Sprintf("members:%d", roomID) }

// Listener is the part of an open socket that its rights depend on.
type Listener struct {
	Reader
	Room *Room             // the room of the socket; nil: none
	In   func(string) bool // reports whether the socket listens to a group, or is in the room of that group
}

// is reports whether the socket is in the room of that group.
func (l Listener) is(group string) bool { return l.Room != nil && l.Room.Group() == group }

// Rights is the effect of a change of rights on one open socket. The zero value is none.
type Rights struct {
	// Gone are the events to send, one for each room that the person may no longer enter or see in lists. After that, the socket
	// gets no events about these rooms.
	Gone []Event
	// Leave and Join are the groups that the socket leaves and joins.
	Leave, Join []string
	// Out is set if the socket is closed after the events in Gone. It gets no other events.
	Out bool
	// Back is set if the socket gets events again about all rooms that were in Gone before.
	Back bool
}

// Groups returns the groups of a socket after the change. was are its groups before.
func (x Rights) Groups(was []string) []string {
	var now []string
	if x.Out {
		return now
	}
	for _, g := range was {
		if !slices.Contains(x.Leave, g) && !slices.Contains(x.Join, g) {
			now = append(now, g)
		}
	}
	return append(now, x.Join...)
}

// RightsChange is an event for the hub: rights have changed on disk.
type RightsChange struct {
	// Apply clears the caches of the old rights. It is called once, before Of.
	Apply func()
	// Of returns the effect on a socket. It is called for every socket and must be fast.
	Of func(Listener) Rights
}

// rightsChanged returns the event of a change of rights. It is announced to the group "".
func rightsChanged(apply func(), of func(Listener) Rights) Event {
	return Event{Rights: &RightsChange{Apply: apply, Of: of}}
}

// RoomGroups returns the groups with the events about all rooms that the caller may enter.
func (c *Chat) RoomGroups(ctx context.Context, by Caller) ([]string, error) {
	if by.Admin() {
		return []string{RoomsGroup, AdminsGroup}, nil
	}
	groups := []string{RoomsGroup}
	if by.User == nil {
		return groups, nil
	}
	rooms, err := c.closedRoomsOf(ctx, by.User.ID)
	for _, id := range rooms {
		groups = append(groups, MembersGroup(id))
	}
	return groups, err
}

const closedRooms = "SELECT r.id FROM membership s JOIN room r ON r.id = s.room_id WHERE s.user_id = ? AND s.member = 1 AND r.access = 'closed'"

// closedRoomsOf returns the ids of the closed rooms of which a user is a member. Every new socket needs them, so they are cached.
func (c *Chat) closedRoomsOf(ctx context.Context, userID int64) ([]int64, error) {
	return c.closed.Load(userID, func() ([]int64, error) {
		rows, err := c.read.Query(ctx, closedRooms, userID)
		if err != nil {
			return nil, storage("list the rooms of a member", err)
		}
		ids, err := scanIDs(rows)
		return ids, storage("list the rooms of a member", err)
	})
}

// listGroups returns the groups of the sockets that may list a room.
func listGroups(r *Room) []string {
	switch r.Access {
	case Open:
		return []string{RoomsGroup}
	case Closed:
		return []string{AdminsGroup, MembersGroup(r.ID)}
	case Direct, Group:
		return nil
	}
	return []string{AdminsGroup}
}

// hears reports whether a socket gets events about a room: it is in the room, or listens to one of groups.
func (l Listener) hears(r *Room, groups []string) bool {
	for _, g := range groups {
		if l.In(g) {
			return true
		}
	}
	return l.is(r.Group())
}

// narrowed returns the change after which only the users for whom stays returns true may enter a room. The other sockets in it, and
// those that listen to the groups listed, are told that it is gone.
func (c *Chat) narrowed(before, after *Room, listed []string, stays func(userID int64) bool) Event {
	gone := RoomGone(before)
	leave := []string{MembersGroup(before.ID)}
	members := MembersGroup(after.ID)
	return rightsChanged(c.clearRooms, func(l Listener) Rights {
		switch {
		case stays(l.UserID):
			if after.Access == Closed && l.In(RoomsGroup) && !l.In(AdminsGroup) {
				return Rights{Join: []string{members}}
			}
			return Rights{}
		case !l.hears(before, listed) && !l.In(leave[0]):
			return Rights{}
		case !l.hears(before, listed):
			return Rights{Leave: leave}
		}
		return Rights{Gone: []Event{gone}, Leave: leave, Out: l.is(before.Group())}
	})
}

// unlisted returns the change after which r is in no list. The sockets in it stay. gone is the event that they get.
func (c *Chat) unlisted(r *Room, gone Event) Event {
	groups := listGroups(r)
	return rightsChanged(c.clearRooms, func(l Listener) (x Rights) {
		if l.hears(r, groups) {
			x.Gone = []Event{gone}
		}
		return x
	})
}

// added returns the change by which a user becomes a member of a closed room.
func (c *Chat) added(r *Room, userID int64) Event {
	join := []string{MembersGroup(r.ID)}
	return rightsChanged(c.clearRooms, func(l Listener) (x Rights) {
		if l.UserID == userID && l.In(RoomsGroup) && !l.In(AdminsGroup) {
			x.Join = join
		}
		return x
	})
}

// adminOnly finds the rooms that user ?1 may enter only as an admin.
const adminOnly = "SELECT " + roomColumns + " FROM room WHERE access = 'admins' OR access = 'closed' AND id NOT IN (SELECT room_id FROM membership WHERE user_id = ?1 AND member = 1)"

// demoted returns the change by which a user ceases to be an admin. lost are the rooms of adminOnly, own the closed rooms of which
// the user is a member.
func (c *Chat) demoted(userID int64, lost []*Room, own []int64) Event {
	var join []string
	for _, id := range own {
		join = append(join, MembersGroup(id))
	}
	leave := []string{AdminsGroup}
	return rightsChanged(func() { c.users.Delete(userID) }, func(l Listener) (x Rights) {
		if l.UserID != userID {
			return x
		}
		lists := l.In(AdminsGroup)
		for _, r := range lost {
			in := l.is(r.Group())
			if in || lists && !r.Archived {
				x.Gone = append(x.Gone, RoomGone(r))
			}
			x.Out = x.Out || in
		}
		if lists {
			x.Leave, x.Join = leave, join
		}
		return x
	})
}

// promoted returns the change by which a user becomes an admin. own are the closed rooms of which the user
// is a member.
func (c *Chat) promoted(userID int64, own []int64) Event {
	var leave []string
	for _, id := range own {
		leave = append(leave, MembersGroup(id))
	}
	join := []string{AdminsGroup}
	return rightsChanged(func() { c.users.Delete(userID) }, func(l Listener) (x Rights) {
		if l.UserID == userID && l.In(RoomsGroup) {
			x = Rights{Leave: leave, Join: join, Back: true}
		}
		return x
	})
}

// shutOut returns the change after which user id, or for 0 all visitors, may open no socket. Their sockets are closed.
func shutOut(apply func(), id int64) Event {
	return rightsChanged(apply, func(l Listener) (x Rights) {
		if l.UserID != id {
			return x
		}
		if l.Room != nil && !l.Room.Access.Private() {
			x.Gone = []Event{RoomGone(l.Room)}
		}
		x.Out = true
		return x
	})
}

// checkAdmins applies demoted to users who have ceased to be admins, after another process has changed the database.
func (c *Chat) checkAdmins(ctx context.Context) error {
	for id := range c.hub.Listening(AdminsGroup) {
		u, err := c.User(ctx, id)
		if err != nil || u.Admin {
			continue // if there is no such user, Recheck closes the sockets
		}
		lost, err := c.roomsWhere(ctx, adminOnly, id)
		if err != nil {
			return err
		}
		own, err := c.closedRoomsOf(ctx, id)
		if err != nil {
			return err
		}
		c.hub.Publish("", c.demoted(id, lost, own))
	}
	return nil
}

// admins returns the ids of all admins.
func admins(tx Tx) (map[int64]bool, error) {
	rows, err := tx.Query("SELECT id FROM user WHERE admin = 1")
	if err != nil {
		return nil, fmt.Errorf("list the admins: %w", err)
	}
	ids, err := scanIDs(rows)
	if err != nil {
		return nil, fmt.Errorf("list the admins: %w", err)
	}
	found := map[int64]bool{}
	for _, id := range ids {
		found[id] = true
	}
	return found, nil
}
