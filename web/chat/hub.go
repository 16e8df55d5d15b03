package chat

import "context"

// Hub is the channel layer, as the chat uses it: the open sockets, their groups, and the people who are present.
type Hub interface {
	Ender
	Roster
	Publisher
	// Watch sets the watcher. It is called once, before the first socket is opened.
	Watch(w Watcher)
}

// Watcher is the part of the chat that the hub calls. Came, Went and Filled are called when presence changes, each time on a
// goroutine of its own. User and Accounts provide the data for events about people.
type Watcher interface {
	Came(userID int64) // a user opened the first socket
	Went(userID int64) // a user closed the last socket, and opened no other one within the leave delay
	Filled(room *Room) // the number of people in a room changed
	// User returns a user. Errors: ErrNotFound, storage.
	User(ctx context.Context, id int64) (*User, error)
	// Accounts returns the number of active accounts. Error: storage.
	Accounts(ctx context.Context) (int, error)
}

// Ender closes sockets. The chat calls it after a session, the rights of a user, or a room has changed.
type Ender interface {
	// EndSessions closes the sockets of sessions that have ended.
	EndSessions(ids ...int64)
	// EndUser closes all sockets of a user.
	EndUser(id int64)
	// Recheck closes the sockets in a group ("": all sockets) whose callers may no longer use them. It does not wait for that.
	Recheck(group string)
	// EndRoom closes all sockets in the group of a deleted room. Their clients reconnect.
	EndRoom(group string)
}

// Roster returns who is present. Only the hub knows that; it is not stored. A person stays present for a leave delay after the
// last socket closed.
type Roster interface {
	// Online reports whether a user is present anywhere.
	Online(userID int64) bool
	// OnlineUsers returns the ids of all users who are present anywhere.
	OnlineUsers() []int64
	// OnlineCount returns the number of users who are present anywhere.
	OnlineCount() int
	// Idle reports whether a user is present, and nobody has touched any of the user's pages for a while.
	Idle(userID int64) bool
	// Here returns the names of the people who are present in a room's group, sorted.
	Here(group string) []string
	// HereCount returns the number of people who are present in a room's group.
	HereCount(group string) int
	// Listening returns the ids of the users who have an open socket in a group, without a leave delay.
	Listening(group string) map[int64]bool
	// ListensElsewhere reports whether a user has an open socket that gets the events of the user's inbox and is not in a group.
	ListensElsewhere(userID int64, group string) bool
}

// Publisher sends events to groups.
type Publisher interface {
	// Publish sends events to the sockets in group. Clients of hearth.1 get them in one frame, if its size allows.
	Publish(group string, events ...Event)
	// PublishSoon is Publish for an event that may wait to be sent together with others. Of several events with the same subject
	// only the newest is sent.
	PublishSoon(group string, e Event)
	// UserChanged schedules an event with the current state of a user for the sockets that watch the user. presence is set if
	// the user came online or went offline.
	UserChanged(userID int64, presence bool)
	// UserCreated schedules an event about a new account for lobby pages.
	UserCreated(userID int64)
}
