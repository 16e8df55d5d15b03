package chat

import (
	"context"
	"log/slog"
	"time"
)

// tellAgain is the pause before another attempt to send an event whose user could not be loaded.
const tellAgain = 10 * time.Second

// WatchPeople sets the function that is called after every change in the list of people: a user came, went or changed, or has a
// new account (isNew). A later call replaces the function.
func (c *Chat) WatchPeople(changed func(isNew bool)) { c.peopleChanged.Store(&changed) }

// Came stores the time when a user came online, and announces it to lists of people.
func (c *Chat) Came(id int64) { c.cameOrWent(id, true) }

// Went stores the time when a user went offline, and announces it to lists of people.
func (c *Chat) Went(id int64) { c.cameOrWent(id, false) }

func (c *Chat) cameOrWent(id int64, online bool) {
	c.Seen(id, c.now())
	c.hub.UserChanged(id, true)
	c.tellPresence(id, online)
}

// tellPresence announces to clients of the plain dialect that a user came online or went offline, if that is still true.
func (c *Chat) tellPresence(id int64, online bool) {
	if online != c.hub.Online(id) { // the opposite change is announced by another call
		return
	}
	u, err := c.User(context.Background(), id)
	if err != nil {
		slog.Error("load a user who came or went", "err", err)
		if len(c.hub.Listening(PeopleGroup)) > 0 {
			time.AfterFunc(tellAgain, func() { c.tellPresence(id, online) })
		}
	} else {
		c.publishPresence(u, false)
	}
	c.tellPeopleChanged(false)
}

// tellPeople announces to lists of people that u has changed or, with isNew, has a new account.
func (c *Chat) tellPeople(u *User, isNew bool) {
	if isNew {
		c.hub.UserCreated(u.ID)
	} else {
		c.hub.UserChanged(u.ID, false)
	}
	c.publishPresence(u, isNew)
	c.tellPeopleChanged(isNew)
}

// publishPresence schedules an event for clients of the plain dialect. It has the state of u at the time when it is sent.
func (c *Chat) publishPresence(u *User, isNew bool) {
	now := func() Event {
		if latest, err := c.User(context.Background(), u.ID); err == nil {
			u = latest
		}
		if isNew {
			return UserCreated(u, c.hub.Online(u.ID), c.hub.OnlineCount())
		}
		return Presence(u, c.hub.Online(u.ID), c.hub.OnlineCount())
	}
	e := now()
	if u.Deleted { // clients were told when the account was deleted
		return
	}
	e.Fresh = func() (Event, bool) {
		e := now()
		return e, !u.Deleted
	}
	c.hub.PublishSoon(PeopleGroup, e)
}

func (c *Chat) tellPeopleChanged(isNew bool) {
	if changed := c.peopleChanged.Load(); changed != nil {
		(*changed)(isNew)
	}
}

// Accounts returns how many people have an account that is not deactivated. Error: storage.
func (c *Chat) Accounts(ctx context.Context) (int, error) {
	_, n, err := c.Users(ctx, UserQuery{Active: true, Limit: 1})
	return n, err
}

// Filled announces the number of people in a room to the sockets that list it.
func (c *Chat) Filled(r *Room) { c.TellRoom(r) }
