package chat

import (
	"time"

	"hearth/web/locale"
)

// UserJoined returns the event that a person joined the room. display is the name as others see it.
func UserJoined(user, display string) Event {
	return coming("user_join", "event.joined", user, display)
}

// UserLeft returns the event that a person left the room.
func UserLeft(user string) Event { return coming("user_leave", "event.left", user, user) }

func coming(typ, key, user, display string) Event {
	return local(typ, true, key, []any{"user", user}, func(m string) any {
		f := userFrame{Type: typ, Message: m, User: user}
		if display != user {
			f.Display = display
		}
		return f
	})
}

// manyFrame is the frame of several joins or leaves.
type manyFrame struct {
	Type    string   `json:"type"`
	Message string   `json:"message"`
	Users   []string `json:"users"`
}

// UsersJoined returns the event, for clients of hearth.1, that several people joined the room.
func UsersJoined(users []string) Event { return many("users_joined", "event.joined_many", users) }

// UsersLeft returns the event, for clients of hearth.1, that several people left the room.
func UsersLeft(users []string) Event { return many("users_left", "event.left_many", users) }

func many(typ, key string, users []string) Event {
	return local(typ, false, key, []any{"count", len(users)}, func(m string) any {
		return manyFrame{Type: typ, Message: m, Users: users}
	})
}

type presenceFrame struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Username  string `json:"username"`
	User      string `json:"user"`
	LoggedIn  bool   `json:"is_logged_in"`
	Online    bool   `json:"online"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Display   string `json:"display,omitempty"` // the name as others see it, if it is not the username
	Email     string `json:"email,omitempty"`
	LastSeen  Stamp  `json:"last_seen"`
	New       bool   `json:"new,omitempty"`
	Total     int    `json:"people_online,omitempty"` // the number of people online
}

// UserCreated returns the presence event of a new account, for clients of the plain dialect.
func UserCreated(u *User, online bool, total int) Event { return presence(u, online, true, total) }

// Presence returns the event, for clients of the plain dialect, with the current state of u and the number of people online.
// Visitors get no e-mail address.
func Presence(u *User, online bool, total int) Event { return presence(u, online, false, total) }

func presence(u *User, online, isNew bool, total int) Event {
	key := "event.offline"
	if online {
		key = "event.online"
	}
	subject := "user " + u.Name
	if isNew { // so that a later event of the user, which is not marked as new, does not replace this one
		subject = "new user " + u.Name
	}
	return Event{Type: "presence", Plain: true, Subject: subject, varies: ByLang | ByGuest, frame: func(r Reader) any {
		f := presenceFrame{Type: "presence", Message: locale.Of(r.Lang).T(key, "user", u.Name),
			Username: u.Name, User: u.Name, LoggedIn: online, Online: online,
			FirstName: u.FirstName, LastName: u.LastName, LastSeen: Stamp(u.LastSeen), New: isNew, Total: total}
		if u.Display() != u.Name {
			f.Display = u.Display()
		}
		if r.UserID != 0 {
			f.Email = u.Email
		}
		return f
	}}
}

// PersonNow is the state of a user at a moment.
type PersonNow struct {
	User   *User
	Online bool
	Idle   bool // nobody has touched the user's pages for a while
	Status Status
}

type peopleFrame struct {
	Type    string        `json:"type"`
	Message string        `json:"message"`
	Online  int           `json:"people_online"`
	Total   int           `json:"people_total,omitempty"` // the number of accounts
	Came    []personFrame `json:"came,omitempty"`         // people who are online
	Went    []personFrame `json:"went,omitempty"`         // people who are offline
}

type personFrame struct {
	User      string `json:"user"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Display   string `json:"display,omitempty"` // the name as others see it, if it is not the username
	Email     string `json:"email,omitempty"`
	LastSeen  *Stamp `json:"last_seen,omitempty"` // only of people who are offline and were online before
	New       bool   `json:"new,omitempty"`

	Availability Availability `json:"availability,omitempty"` // only of people who are online
	Status       *StatusFrame `json:"status,omitempty"`
}

// StatusFrame is a status in frames and answers of the API.
type StatusFrame struct {
	Emoji string `json:"emoji,omitempty"`
	Text  string `json:"text,omitempty"`
	Until *Stamp `json:"until,omitempty"`
}

// Frame returns the emoji, the text and the end of s, or nil if it has neither emoji nor text.
func (s Status) Frame() *StatusFrame {
	if s.Emoji == "" && s.Text == "" {
		return nil
	}
	f := &StatusFrame{Emoji: s.Emoji, Text: s.Text}
	if until := Stamp(s.Until); !s.Until.IsZero() {
		f.Until = &until
	}
	return f
}

// PeopleCreated returns the event, for clients of hearth.1, with new accounts, the number of people online, and the number of
// accounts; total is 0 if that is not known.
func PeopleCreated(people []PersonNow, online, total int) Event {
	return Event{Type: "people", varies: ByLang | ByGuest, frame: func(r Reader) any {
		f := newPeopleFrame(r, people, online)
		f.Total = total
		for _, list := range [][]personFrame{f.Came, f.Went} {
			for i := range list {
				list[i].New = true
			}
		}
		return f
	}}
}

func newPeopleFrame(r Reader, people []PersonNow, online int) peopleFrame {
	f := peopleFrame{Type: "people", Message: locale.Of(r.Lang).T("event.people_online", "count", online), Online: online}
	for _, p := range people {
		if p.Online {
			f.Came = append(f.Came, p.frame(r))
		} else {
			f.Went = append(f.Went, p.frame(r))
		}
	}
	return f
}

// PeopleChanged returns the event, for clients of hearth.1, with the number of people online and the current state of some.
// Visitors get no e-mail addresses and no statuses.
func PeopleChanged(people []PersonNow, online int) Event {
	e := Event{Type: "people", varies: ByLang, frame: func(r Reader) any { return newPeopleFrame(r, people, online) }}
	if len(people) > 0 {
		e.varies |= ByGuest
	}
	return e
}

func (p PersonNow) frame(r Reader) personFrame {
	u := p.User
	f := personFrame{User: u.Name, FirstName: u.FirstName, LastName: u.LastName}
	if u.Display() != u.Name {
		f.Display = u.Display()
	}
	if r.UserID != 0 {
		f.Email, f.Status = u.Email, p.Status.Frame()
	}
	if p.Online {
		f.Availability = p.Status.AvailabilityWhile(p.Idle)
	}
	if seen := Stamp(u.LastSeen); !p.Online && !time.Time(seen).IsZero() {
		f.LastSeen = &seen
	}
	return f
}
