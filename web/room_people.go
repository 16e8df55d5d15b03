package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"hearth/web/chat"
)

// peoplePage is how many people of a group are listed beside a room at a time. js/people.js has the same number.
const peoplePage = 50

// here is the group of people who are in the room. The others are the values of chat.Attendance.
const here = "here"

// peopleGroup is a group of people beside a room.
type peopleGroup struct {
	Name   string // here, elsewhere or offline
	Title  string
	People []personLink // a page of them
	Total  int
	Paging paging
}

type personLink struct {
	Name, Display, URL string
	Presence           string // as Server.presence returns it
	Status             chat.Status
	Me                 bool
	LastSeen           time.Time
	Belongs            bool // the person stays in the list after leaving the room
}

// fillPeople lists the people beside a room, a page of each group.
func (s *Server) fillPeople(r *request, room *chat.Room, d *roomData) error {
	group, err := s.peopleHere(r, room)
	if err != nil {
		return err
	}
	d.People = []peopleGroup{group}
	for _, where := range []chat.Attendance{chat.Elsewhere, chat.Offline} {
		group, err := s.peopleAbsent(r, room, where)
		if err != nil {
			return err
		}
		d.People = append(d.People, group)
	}
	return nil
}

// peopleHere returns a page of the people who are in a room, by name.
func (s *Server) peopleHere(r *request, room *chat.Room) (peopleGroup, error) {
	g := peopleGroup{Name: here, Title: r.loc.T("people.here"), Paging: pagingBy(r, roomURL(room.Name), here, peoplePage)}
	names := s.hub.Here(room.Group())
	me := r.caller.Name()
	if me != "" && !slices.Contains(names, me) {
		names = append(names, me) // the page is about to open its socket
	}
	g.Total = len(names)
	g.Paging.of(g.Total)
	if g.Paging.Pages > 1 && len(names) <= maxSorted {
		if err := s.sortByDisplay(r, names); err != nil {
			return g, err
		}
	}
	if me != "" { // the reader is first, so that every page has an order that does not depend on the reader's name
		names = append([]string{me}, slices.DeleteFunc(names, func(name string) bool { return name == me })...)
	}
	var users []*chat.User
	for _, name := range names[min(g.Paging.offset(), len(names)):min(g.Paging.offset()+peoplePage, len(names))] {
		p := personLink{Name: name, Display: name, Presence: online, Me: name == me, URL: personURL(name)}
		if u, err := s.chat.UserByName(r.Context(), name); err == nil {
			p.Display, p.Status = u.Display(), s.statusFor(r, u)
			if where := s.presence(u); where != offline { // a page that is about to open its socket is here already
				p.Presence = where
			}
			users = append(users, u)
		} else if !errors.Is(err, chat.ErrNotFound) {
			return g, err
		} else {
			bare, guest := chat.Bare(name)
			if !guest {
				continue // the account was deleted a moment ago
			}
			p.Display = bare + " (" + r.loc.T("guest.badge") + ")"
		}
		g.People = append(g.People, p)
	}
	belong, err := s.chat.Belongs(r.Context(), room, users)
	if err != nil {
		return g, err
	}
	for _, u := range users {
		i := slices.IndexFunc(g.People, func(p personLink) bool { return p.Name == u.Name })
		g.People[i].Belongs = belong[u.ID]
	}
	slices.SortFunc(g.People, func(a, b personLink) int { return r.loc.Compare(a.Display, b.Display) })
	return g, nil
}

// maxSorted is up to how many people in a room are sorted by name over all pages of the list. If there are more, only the people of each
// page are: to sort a thousand names takes 2 ms.
const maxSorted = 500

// sortByDisplay sorts the names of people and visitors by the names that others see.
func (s *Server) sortByDisplay(r *request, names []string) error {
	shown := make(map[string]string, len(names))
	for _, name := range names {
		shown[name], _ = chat.Bare(name)
		u, err := s.chat.UserByName(r.Context(), name)
		if err == nil {
			shown[name] = u.Display()
		} else if !errors.Is(err, chat.ErrNotFound) {
			return err
		}
	}
	slices.SortFunc(names, func(a, b string) int { return r.loc.Compare(shown[a], shown[b]) })
	return nil
}

// peopleAbsent returns a page of the people who belong to a room and are elsewhere or offline. Visitors do not see them.
func (s *Server) peopleAbsent(r *request, room *chat.Room, where chat.Attendance) (g peopleGroup, err error) {
	g = peopleGroup{Name: string(where), Title: r.loc.T("people.elsewhere"), Paging: pagingBy(r, roomURL(room.Name), string(where), peoplePage)}
	if where == chat.Offline {
		g.Title = r.loc.T("people.offline")
	}
	if !r.caller.SignedIn() {
		return g, nil
	}
	found, total, err := s.chat.Absent(r.Context(), r.caller, room, where, peoplePage, g.Paging.offset())
	if err != nil {
		return g, err
	}
	g.Total = total
	g.Paging.of(total)
	for _, u := range found {
		g.People = append(g.People, personLink{Name: u.Name, Display: u.Display(), URL: personURL(u.Name), Presence: s.presence(u), Status: s.statusFor(r, u), LastSeen: u.LastSeen, Belongs: true})
	}
	return g, nil
}

// apiPerson is a person beside a room.
type apiPerson struct {
	Username string     `json:"username"`
	Display  string     `json:"display,omitempty"`
	LastSeen chat.Stamp `json:"last_seen"`

	Availability chat.Availability `json:"availability,omitempty"`
	Status       *chat.StatusFrame `json:"status,omitempty"`
}

// listRoomPeople returns a page of the people who belong to a room and are elsewhere or offline.
func (s *Server) listRoomPeople(w http.ResponseWriter, r *request) error {
	room, err := s.enterToRead(r)
	if err != nil {
		return err
	}
	where := chat.Offline
	if r.FormValue("group") == string(chat.Elsewhere) {
		where = chat.Elsewhere
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	found, total, err := s.chat.Absent(r.Context(), r.caller, room, where, peoplePage, int(offset))
	if err != nil {
		return err
	}
	list := make([]apiPerson, 0, len(found))
	for _, u := range found {
		p := apiPerson{Username: u.Name, LastSeen: chat.Stamp(u.LastSeen), Status: s.statusFor(r, u).Frame()}
		if where == chat.Elsewhere {
			p.Availability = s.availability(u)
		}
		if display := u.Display(); display != u.Name {
			p.Display = display
		}
		list = append(list, p)
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": list, "total": total})
	return nil
}
