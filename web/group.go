package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"hearth/web/chat"
)

// groupFound is how many people a search on the page for a conversation lists.
const groupFound = 30

// groupData is the page on which people are chosen: for a new conversation, or to add them to one.
type groupData struct {
	Action  string // the address to which the form is sent
	To      string // the title of the conversation to which people are added; "": a new one
	Query   string
	Chosen  []personLink
	Found   []personLink
	Nobody  bool // nobody matches Query
	Problem string
}

// newGroup shows the page for a new conversation.
func (s *Server) newGroup(w http.ResponseWriter, r *request) error {
	return s.showGroupForm(w, r, http.StatusOK, groupData{Action: "/groups/"})
}

// createGroup opens the conversation with the chosen people. One person is a private conversation.
func (s *Server) createGroup(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return chat.Errorf("bad_frame")
	}
	names := slices.Compact(slices.Sorted(slices.Values(r.PostForm["people"])))
	names = slices.DeleteFunc(names, func(name string) bool { return strings.EqualFold(name, r.caller.User.Name) })
	if len(names) == 1 {
		room, err := s.chat.Enter(r.Context(), r.caller, "@"+strings.TrimPrefix(names[0], "@"))
		if err == nil {
			return seeOther(w, r, roomURL(room.Name))
		}
		return s.groupAgain(w, r, err, groupData{Action: "/groups/"})
	}
	room, _, err := s.chat.OpenGroup(r.Context(), r.caller, names)
	if err != nil {
		return s.groupAgain(w, r, err, groupData{Action: "/groups/"})
	}
	return seeOther(w, r, roomURL(room.Name))
}

// enterGroup returns the group conversation of a request. Errors: those of Enter; not_found, for other rooms.
func (s *Server) enterGroup(r *request) (*chat.Room, error) {
	if !r.caller.SignedIn() {
		return nil, chat.Errorf("sign_in")
	}
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err == nil && room.Access != chat.Group {
		err = chat.Errorf("not_found")
	}
	return room, err
}

// addForm returns the group conversation of a request, and the form with which people are added to it. Errors: those of enterGroup.
func (s *Server) addForm(r *request) (*chat.Room, groupData, error) {
	room, err := s.enterGroup(r)
	if err != nil {
		return nil, groupData{}, err
	}
	title, _, err := s.groupTitle(r, room)
	return room, groupData{Action: roomURL(room.Name) + "people/", To: title}, err
}

// showAddPeople shows the page on which people are added to a group conversation.
func (s *Server) showAddPeople(w http.ResponseWriter, r *request) error {
	_, form, err := s.addForm(r)
	if err != nil {
		return err
	}
	return s.showGroupForm(w, r, http.StatusOK, form)
}

// addPeople adds the chosen people to a group conversation.
func (s *Server) addPeople(w http.ResponseWriter, r *request) error {
	room, form, err := s.addForm(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return chat.Errorf("bad_frame")
	}
	if err := s.chat.AddToGroup(r.Context(), r.caller, room, r.PostForm["people"]); err != nil {
		return s.groupAgain(w, r, err, form)
	}
	return seeOther(w, r, roomURL(room.Name))
}

// groupAgain shows the page again with the reason why the form was refused.
func (s *Server) groupAgain(w http.ResponseWriter, r *request, err error, d groupData) error {
	e := known(err)
	status := statusOf(e)
	if status >= http.StatusInternalServerError {
		return err
	}
	setRetryAfter(w, e)
	d.Problem = r.text(e)
	return s.showGroupForm(w, r, status, d)
}

func (s *Server) showGroupForm(w http.ResponseWriter, r *request, status int, d groupData) error {
	d.Query = strings.TrimSpace(r.FormValue("q"))
	if err := s.searching(r, d.Query); err != nil {
		return err
	}
	for _, name := range r.Form["people"] {
		if u, err := s.chat.UserByName(r.Context(), name); err == nil && len(d.Chosen) < chat.MaxGroup {
			d.Chosen = append(d.Chosen, personLink{Name: u.Name, Display: u.Display()})
		} else if err != nil && !errors.Is(err, chat.ErrNotFound) {
			return err
		}
	}
	if d.Query != "" {
		found, _, err := s.chat.Users(r.Context(), chat.UserQuery{Text: d.Query, Active: true, Limit: groupFound})
		if err != nil {
			return err
		}
		for _, u := range found {
			if u.ID != r.caller.User.ID && !slices.ContainsFunc(d.Chosen, func(p personLink) bool { return p.Name == u.Name }) {
				d.Found = append(d.Found, personLink{Name: u.Name, Display: u.Display()})
			}
		}
		d.Nobody = len(d.Found) == 0
	}
	title := r.loc.T("direct.new")
	if d.To != "" {
		title = r.loc.T("group.add")
	}
	v := s.view(r, title)
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = d
	return s.render(w, r, status, "group", v)
}

// groupTitle returns the title of a group conversation for the caller, and its people.
func (s *Server) groupTitle(r *request, room *chat.Room) (string, []*chat.User, error) {
	people, err := s.chat.PeopleIn(r.Context(), room.ID)
	if err != nil {
		return "", nil, err
	}
	return chat.GroupTitle(r.loc, people[room.ID], r.caller.User.ID), people[room.ID], nil
}

// roomTitle returns what a page calls a room: the name, the display name of the other person, or the names of the others.
func (s *Server) roomTitle(r *request, room *chat.Room) (string, error) {
	switch {
	case room.With != nil:
		return room.With.DisplayIn(r.loc.Code()), nil
	case room.Access == chat.Group:
		title, _, err := s.groupTitle(r, room)
		return title, err
	}
	return room.Name, nil
}
