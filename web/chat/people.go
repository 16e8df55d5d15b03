package chat

import (
	"context"
	"log/slog"
	"time"
)

// tellAgain is the pause before an event is sent whose user could not be loaded.
const tellAgain = 10 * time.Second

// WatchPeople has changed called after every change in the list of people: a user came, went, looks different, or has just
// got an account (isNew). A later call replaces the function.
func (c *Chat) WatchPeople(changed func(isNew bool)) { c.peopleChanged.Store(&changed) }

// Came stores when a user came, and tells those who look at lists of people.
func (c *Chat) Came(id int64) { c.cameOrWent(id, true) }

// Went stores when a user went, and tells those who look at lists of people.
func (c *Chat) Went(id int64) { c.cameOrWent(id, false) }

func (c *Chat) cameOrWent(id int64, online bool) {
	c.Seen(id, c.now())
	c.hub.UserChanged(id, true)
	c.tellPresence(id, online)
}

// tellPresence tells clients of the plain dialect that a user came or went, if that is still so.
func (c *Chat) tellPresence(id int64, online bool) {
	if online != c.hub.Online(id) { // the opposite is going to be told
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

// tellPeople tells those who look at lists of people that u looks different, or has just got an account.
func (c *Chat) tellPeople(u *User, isNew bool) {
	if isNew {
		c.hub.UserCreated(u.ID)
	} else {
		c.hub.UserChanged(u.ID, false)
	}
	c.publishPresence(u, isNew)
	c.tellPeopleChanged(isNew)
}

// publishPresence tells clients of the plain dialect what u is like at the moment at which they are told.
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
	e.Fresh = func() (Event, bool) { return now(), true }
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

// Filled tells those who look at lists of rooms how many people are in a room now.
func (c *Chat) Filled(r *Room) { c.TellRoom(r) }
