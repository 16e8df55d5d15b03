package chat

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

const (
	// maxUnmade is how many rooms without messages one person can have listed by being in them (PROTOCOL.md).
	maxUnmade = 3
	// maxWaiting is how many rooms that are not listed are checked again when a person can list another room. Further rooms are
	// checked when somebody joins or leaves them.
	maxWaiting = 50
)

// unmadeRooms are the rooms that are not stored: people are in them, but nobody has created them or spoken in them. Each signed-in
// person in such a room can have maxUnmade of them listed. The zero value is ready to use.
type unmadeRooms struct {
	mu      sync.Mutex
	rooms   map[string]unmadeRoom // the listed rooms, by key
	count   map[string]int        // how many of them are listed because of a user, by username
	waiting map[string]*Room      // rooms that are not listed, because everybody in them has maxUnmade other rooms listed
}

type unmadeRoom struct {
	room *Room
	by   string // the user because of whom it is listed
}

// listed reports whether the room with that key is listed in the lobby.
func (u *unmadeRooms) listed(key string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.rooms[key]
	return ok
}

// made removes a room, because it is stored now.
func (u *unmadeRooms) made(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.drop(key)
}

// drop removes a room and reports whether it was listed; u.mu is held.
func (u *unmadeRooms) drop(key string) (listed bool) {
	delete(u.waiting, key)
	x, listed := u.rooms[key]
	if !listed {
		return false
	}
	delete(u.rooms, key)
	if u.count[x.by]--; u.count[x.by] == 0 {
		delete(u.count, x.by)
	}
	return true
}

// list tries to list a room, and reports whether it is listed. It needs a signed-in person in the room who has fewer than maxUnmade
// rooms listed. here are the names of the people in the room, sorted. u.mu is held.
func (u *unmadeRooms) list(r *Room, here []string) bool {
	if x, ok := u.rooms[r.Key]; ok {
		if _, still := slices.BinarySearch(here, x.by); still {
			return true
		}
	}
	u.drop(r.Key)
	if u.rooms == nil {
		u.rooms, u.count, u.waiting = map[string]unmadeRoom{}, map[string]int{}, map[string]*Room{}
	}
	signedIn := false
	for _, name := range here {
		if _, guest := Bare(name); guest {
			continue
		}
		if signedIn = true; u.count[name] < maxUnmade {
			u.rooms[r.Key] = unmadeRoom{r, name}
			u.count[name]++
			return true
		}
	}
	if signedIn && len(u.waiting) < maxWaiting {
		u.waiting[r.Key] = r
	}
	return false
}

// tellUnmade announces to the lobby that an unmade room is listed, or that it is gone.
func (c *Chat) tellUnmade(r *Room) {
	c.unmade.mu.Lock()
	defer c.unmade.mu.Unlock()
	if !c.tellOneUnmade(r) {
		return
	}
	for _, waiting := range c.unmade.waiting {
		c.tellOneUnmade(waiting)
	}
}

// tellOneUnmade is tellUnmade for one room. It reports whether a user can list another room now. c.unmade.mu is held, so that
// the last event is the newest.
func (c *Chat) tellOneUnmade(r *Room) (free bool) {
	before, was := c.unmade.rooms[r.Key]
	if made, err := c.isMade(r); err != nil {
		slog.Error("look for a room that nobody has made yet", "room", r.Name, "err", err)
		return false
	} else if made { // a stored room is announced by TellRoom
		return c.unmade.drop(r.Key)
	}
	e := RoomGone(r)
	is := c.unmade.list(r, c.hub.Here(r.Group()))
	if is {
		e = c.roomIsBack(r)
	}
	if !is && !was {
		return false
	}
	soon := e
	soon.Fresh = func() (Event, bool) {
		made, err := c.isMade(r)
		return e, !made && err == nil
	}
	c.hub.PublishSoon(LobbyGroup, soon)
	return was && c.unmade.rooms[r.Key].by != before.by
}

func (c *Chat) isMade(r *Room) (bool, error) {
	_, err := c.roomByKey(context.Background(), r.Key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// unmadeRooms returns the listed unmade rooms whose names contain text, by name.
func (c *Chat) unmadeRooms(text string) []*Room {
	c.unmade.mu.Lock()
	defer c.unmade.mu.Unlock()
	var rooms []*Room
	for key, x := range c.unmade.rooms {
		if strings.Contains(foldMarks(key), text) {
			rooms = append(rooms, x.room)
		}
	}
	slices.SortFunc(rooms, func(a, b *Room) int { return strings.Compare(a.Key, b.Key) })
	return rooms
}
