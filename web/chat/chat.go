// Package chat is the domain: people, rooms and messages, their rules, and the SQL that stores them. It does not know HTTP or
// sockets.
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

// Chat implements the rules. Its methods are safe for concurrent use.
type Chat struct {
	disk     Disk
	read     *statements
	hub      Hub
	now      func() time.Time
	rooms    *cache.Cache[string, *Room]  // by key; every socket and message looks one up
	closed   *cache.Cache[int64, []int64] // the closed rooms of which a user is a member, by the user's id
	left     *cache.Cache[int64, []int64] // the rooms that a user has left, by the user's id
	settings *cache.Cache[string, string] // "" for one that was never set
	unmade   unmadeRooms
	notifier unreadNotifier
	unread   unreadCache
	wrote    writers
	marks    marks
	statuses statusTimer
	removals removals
	options  Options
	limits   *limits.Set // nil: none

	users         *cache.Cache[int64, *User]
	names         *cache.Cache[string, int64] // the ids of users by the keys of their names
	nameSet       *cache.Cache[struct{}, nameSet]
	orders        *cache.Cache[order, *places]
	accounts      atomic.Pointer[userCount]
	appeared      atomic.Int64                  // moves when names may have become those of users
	activities    *cache.Cache[int64, activity] // by room id
	shared        *cache.Cache[struct{}, []sharedRoom]
	first         *cache.Cache[struct{}, []*Room]  // those that newcomers see first
	documents     *cache.Cache[string, document]   // by text; an edited message has another one
	lastMessages  *cache.Cache[int64, LastMessage] // by room id
	hasUsers      atomic.Bool                      // somebody has an account; false: unknown
	sessions      *cache.Cache[tokenHash, *Session]
	peopleChanged atomic.Pointer[func(isNew bool)] // nil: not set

	// Only jobs of the writer use these.
	last   map[int64]int64 // the last sequence number of each room
	gone   map[int64]bool  // deleted rooms: messages that arrive late are refused
	former map[int64]bool  // senders whose account was deleted since the start, or who were removed: what arrives late is refused
}

// New returns a Chat that stores in disk and publishes to hub. It becomes the watcher of the hub.
func New(disk Disk, hub Hub, o Options) *Chat {
	c := &Chat{disk: disk, hub: hub, read: &statements{db: disk.Reader()}, options: o, now: time.Now, last: map[int64]int64{}, gone: map[int64]bool{}, former: map[int64]bool{},
		rooms: cache.New[string, *Room](maxCachedRooms), closed: cache.New[int64, []int64](maxCachedRooms), left: cache.New[int64, []int64](maxCached), settings: cache.New[string, string](maxCached),
		users: cache.New[int64, *User](maxCached), names: cache.New[string, int64](maxCached), nameSet: cache.New[struct{}, nameSet](2), orders: cache.New[order, *places](maxOrders), sessions: cache.New[tokenHash, *Session](maxCached),
		activities: cache.New[int64, activity](maxCached), shared: cache.New[struct{}, []sharedRoom](2), first: cache.New[struct{}, []*Room](2),
		lastMessages: cache.New[int64, LastMessage](maxCachedRooms),
		documents:    cache.Sized(maxDocuments, func(text string, d document) int { return len(text) + d.size() })}
	if o.Limits {
		c.limits = limits.NewSet()
	}
	hub.Watch(c)
	return c
}

// Close stops the timers and goroutines of the chat, so that the disk can be closed.
func (c *Chat) Close() {
	c.removals.close()
	c.notifier.close()
	c.marks.close()
	c.statuses.close()
}

// forgetRooms clears the caches of rooms and of the people who may enter them.
func (c *Chat) forgetRooms() {
	c.clearRooms()
	c.unread.clear()
}

func (c *Chat) clearRooms() {
	c.rooms.Clear()
	c.orders.DeleteFunc(func(o order, _ *places) bool { return o.by == byRoom })
	c.shared.Clear()
	c.first.Clear()
	c.closed.Clear()
	c.left.Clear()
}

// Forget clears the caches after another process has changed the database, and closes the sockets of people who have lost their
// access.
func (c *Chat) Forget() {
	c.forgetRooms()
	c.settings.Clear()
	c.lastMessages.Clear()
	c.activities.Clear()
	c.forgetPeople()
	if err := c.checkAdmins(context.Background()); err != nil {
		slog.Error("look for admins that another process has demoted", "err", err)
	}
	c.hub.Recheck("")
}

// Now returns the time of the chat's clock.
func (c *Chat) Now() time.Time { return c.now() }

// Caller is the person or visitor on whose behalf a method is called.
type Caller struct {
	User      *User        // nil: a visitor
	Guest     string       // the name that a visitor chose, "" for none
	SessionID int64        // 0: no session
	From      netip.Prefix // the network by which limits count a visitor
	Lang      string
}

// SignedIn reports whether the caller has an account.
func (c Caller) SignedIn() bool { return c.User != nil }

// Admin reports whether the caller is an admin.
func (c Caller) Admin() bool { return c.User != nil && c.User.Admin }

// Name returns the name of the caller in frames: a username, a guest's name with a mark, or "" for a visitor without a name. A
// username has no parentheses, so the two are never equal.
func (c Caller) Name() string {
	switch {
	case c.User != nil:
		return c.User.Name
	case c.Guest != "":
		return guestLabel(c.Guest)
	}
	return ""
}

// Display returns the name of the caller as others see it.
func (c Caller) Display() string {
	if c.User != nil {
		return c.User.Display()
	}
	return c.Guest
}

// guestMark is the suffix of a guest's name in frames.
const guestMark = " (guest)"

func guestLabel(name string) string { return name + guestMark }

// Bare returns a name without the mark of a guest, and whether it had the mark.
func Bare(label string) (name string, guest bool) { return strings.CutSuffix(label, guestMark) }

// Reader returns the caller as a reader of frames.
func (c Caller) Reader() Reader { return Reader{UserID: c.userID(), Name: c.Name(), Lang: c.Lang} }

func (c Caller) userID() int64 {
	if c.User == nil {
		return 0
	}
	return c.User.ID
}

// senderID returns the sender of the caller's messages: the user's id, or minus the session's id for a guest.
func (c Caller) senderID() int64 {
	if c.User != nil {
		return c.User.ID
	}
	return -c.SessionID
}

// UserGroup returns the group of all sockets of a user.
func UserGroup(id int64) string { return fmt.Sprintf("account:%d", id) }

// Inbox returns the group of the sockets of a user that get private messages.
func Inbox(userID int64) string { return fmt.Sprintf("user:%d", userID) }

// SessionGroup returns the group of all sockets of a session.
func SessionGroup(id int64) string { return fmt.Sprintf("session:%d", id) }

// Groups that do not belong to a room.
const (
	PeopleGroup = "people" // presence of everybody, for clients of the plain dialect
	OnlineGroup = "online" // the number of people online, for clients of hearth.1
	RoomsGroup  = "rooms"  // changes of open rooms
	LobbyGroup  = "lobby"  // changes of rooms without messages that people are in
	AdminsGroup = "admins" // changes of rooms that only admins may list
)
