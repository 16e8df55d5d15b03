package chat

import "context"

// Hub is the channel layer: the open sockets, the groups that they listen to, and the people who are present.
type Hub interface {
	Ender
	Roster
	Publisher
	// Watch has w called when presence changes. It is called once, before the first socket is opened.
	Watch(w Watcher)
}

// Watcher is called by the hub when presence changes, each time on a goroutine of its own, and looks up what the hub tells
// of people.
type Watcher interface {
	Came(userID int64) // a user opened the first socket
	Went(userID int64) // a user closed the last socket, and opened none for some time
	Filled(room *Room) // the number of people in a room changed
	User(ctx context.Context, id int64) (*User, error)
	Accounts(ctx context.Context) (int, error)
}

// Ender ends sockets. The chat calls it after a session, a user's rights or a room has changed.
type Ender interface {
	// EndSessions closes the sockets of these sessions, signed out.
	EndSessions(ids ...int64)
	// EndUser closes all sockets of a user.
	EndUser(id int64)
	// Recheck closes those sockets of a group whose callers may no longer be there.
	Recheck(group string)
	// EndRoom closes all sockets in a group, to come back to what is there now.
	EndRoom(group string)
}

// Roster says who is there. The hub knows; nothing of it is in the database.
type Roster interface {
	// Online reports whether a user has a socket open anywhere.
	Online(userID int64) bool
	// OnlineUsers are the ids of all users with a socket open.
	OnlineUsers() []int64
	// OnlineCount is how many they are.
	OnlineCount() int
	// Here are the names of the people in a group, sorted.
	Here(group string) []string
	// HereCount is how many people are in a group.
	HereCount(group string) int
	// Listening are the ids of the users who have a socket in a group at this very moment.
	Listening(group string) map[int64]bool
}

// Publisher sends events to groups.
type Publisher interface {
	// Publish sends events to everybody in group, now and in one frame to clients of hearth.1.
	Publish(group string, events ...Event)
	// PublishSoon is Publish for what may wait a little to go out with its like. Of several events
	// with the same subject only the newest is sent.
	PublishSoon(group string, e Event)
	// UserChanged tells the sockets that watch a user that it looks different, or with presence that it came or went.
	UserChanged(userID int64, presence bool)
	// UserCreated tells lobby pages that a user has just got an account.
	UserCreated(userID int64)
}
