// Package chat is what the chat is: its people, rooms and messages, the rules they keep, and the
// SQL that stores them. It knows nothing of HTTP or sockets.
package chat

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"hearth/web/cache"
	"hearth/web/limits"
)

// Chat holds the rules. Its methods are safe for concurrent use.
type Chat struct {
	disk     Disk
	read     *statements
	hub      Hub
	now      func() time.Time
	rooms    *cache.Cache[string, *Room]  // by key; every socket and message looks one up
	closed   *cache.Cache[int64, []int64] // the closed rooms of which a user is a member, by the user's id
	settings *cache.Cache[string, string] // "" for one that was never set
	unmade   unmadeRooms
	notifier unreadNotifier
	unread   unreadCache
	marks    marks
	options  Options
	limits   *limits.Set // nil: none

	users         *cache.Cache[int64, *User]
	names         nameCache
	documents     *cache.Cache[string, document] // by text; an edited message has another one
	hasUsers      atomic.Bool                    // somebody has an account; false: unknown
	sessions      *cache.Cache[tokenHash, *Session]
	peopleChanged atomic.Pointer[func(isNew bool)] // nil: nobody is to be told

	// Only jobs of the writer touch these.
	last map[int64]int64 // the highest number given out in each room
	gone map[int64]bool  // rooms that were deleted: what is still on its way to them is refused
}

// New returns a Chat that stores in disk and publishes to hub. It becomes the watcher of the hub.
func New(disk Disk, hub Hub, o Options) *Chat {
	c := &Chat{disk: disk, hub: hub, read: &statements{db: disk.Reader()}, options: o, now: time.Now, last: map[int64]int64{}, gone: map[int64]bool{},
		rooms: cache.New[string, *Room](maxCachedRooms), closed: cache.New[int64, []int64](maxCachedRooms), settings: cache.New[string, string](maxCached),
		users: cache.New[int64, *User](maxCached), names: newNameCache(), sessions: cache.New[tokenHash, *Session](maxCached),
		documents: cache.Sized(maxDocuments, func(text string, d document) int { return len(text) + d.size() })}
	if o.Limits {
		c.limits = limits.NewSet()
	}
	hub.Watch(c)
	return c
}

// Close ends what the chat does by itself, so that the disk can be closed.
func (c *Chat) Close() {
	c.notifier.close()
	c.marks.close()
}

// forgetRooms drops what is kept in memory of rooms and of who may enter them.
func (c *Chat) forgetRooms() {
	c.clearRooms()
	c.unread.clear()
}

func (c *Chat) clearRooms() {
	c.rooms.Clear()
	c.closed.Clear()
}

// Forget drops what is kept in memory of the database and closes the sockets of those who may
// no longer be there: another process has changed it.
func (c *Chat) Forget() {
	c.forgetRooms()
	c.settings.Clear()
	c.forgetPeople()
	if err := c.checkAdmins(context.Background()); err != nil {
		slog.Error("look for admins that another process has demoted", "err", err)
	}
	c.hub.Recheck("")
}

// Now is the time by the chat's clock.
func (c *Chat) Now() time.Time { return c.now() }

// Caller is who asks for something.
type Caller struct {
	User      *User        // nil: a visitor
	Guest     string       // the name that a visitor chose, "" for none
	SessionID int64        // 0: no session
	From      netip.Prefix // the address that limits count a visitor by
	Lang      string
}

// SignedIn reports whether the caller has an account.
func (c Caller) SignedIn() bool { return c.User != nil }

// Admin reports whether the caller is an admin.
func (c Caller) Admin() bool { return c.User != nil && c.User.Admin }

// Name is how others see the caller: a username, a guest's name marked as such, or "" for
// somebody who is only listening. A username has no parentheses, so the two are never equal.
func (c Caller) Name() string {
	switch {
	case c.User != nil:
		return c.User.Name
	case c.Guest != "":
		return guestLabel(c.Guest)
	}
	return ""
}

// Display is what people call the caller.
func (c Caller) Display() string {
	if c.User != nil {
		return c.User.Display()
	}
	return c.Guest
}

// guestMark is what a guest's name ends in wherever it stands for who speaks.
const guestMark = " (guest)"

func guestLabel(name string) string { return name + guestMark }

// Bare is a name without the mark of a guest's, and whether it had it.
func Bare(label string) (name string, guest bool) { return strings.CutSuffix(label, guestMark) }

// Reader is the caller as a reader of frames.
func (c Caller) Reader() Reader { return Reader{UserID: c.userID(), Name: c.Name(), Lang: c.Lang} }

func (c Caller) userID() int64 {
	if c.User == nil {
		return 0
	}
	return c.User.ID
}

// senderID is what messages are stored under: the user, or minus the session of a guest.
func (c Caller) senderID() int64 {
	if c.User != nil {
		return c.User.ID
	}
	return -c.SessionID
}

// UserGroup is the group of all sockets of a user, to be reached when the account is shut.
func UserGroup(id int64) string { return fmt.Sprintf("account:%d", id) }

// Inbox is the group of those sockets of a user that get private messages.
func Inbox(userID int64) string { return fmt.Sprintf("user:%d", userID) }

// SessionGroup is the group of all sockets of a session.
func SessionGroup(id int64) string { return fmt.Sprintf("session:%d", id) }

// Groups that are not a room's.
const (
	PeopleGroup = "people" // presence of everybody, for clients of the plain dialect that may see it
	OnlineGroup = "online" // how many are online, for clients of hearth.1 that may know
	RoomsGroup  = "rooms"  // open rooms as they come, go and fill
	LobbyGroup  = "lobby"  // rooms that people are in, but in which nobody has spoken yet
	AdminsGroup = "admins" // the same for rooms that only admins see all of
)
