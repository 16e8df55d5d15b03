package web

import (
	"net/http"

	"hearth/web/chat"
)

// apiGroup is a group conversation in responses of the API.
type apiGroup struct {
	Room   string        `json:"room"`
	Title  string        `json:"title"`
	Access chat.Access   `json:"access"`
	People []groupPerson `json:"people"`
	Unread *int          `json:"unread,omitempty"`
	Last   *chat.Stamp   `json:"last,omitempty"`
}

type groupPerson struct {
	Username string `json:"username"`
	Display  string `json:"display,omitempty"`
}

func newAPIGroup(r *request, name string, people []*chat.User) apiGroup {
	g := apiGroup{Room: name, Title: chat.GroupTitle(r.loc, people, r.caller.User.ID), Access: chat.Group, People: make([]groupPerson, 0, len(people))}
	for _, u := range people {
		p := groupPerson{Username: u.Name}
		if display := u.Display(); display != u.Name {
			p.Display = display
		}
		g.People = append(g.People, p)
	}
	return g
}

// listGroups returns a page of the caller's group conversations, the latest first.
func (s *Server) listGroups(w http.ResponseWriter, r *request) error {
	if !r.caller.SignedIn() {
		return chat.Errorf("sign_in")
	}
	limit, err := number(r, "limit", perPage)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	found, total, err := s.chat.Groups(r.Context(), r.caller.User.ID, int(max(1, min(limit, maxPage))), int(offset))
	if err != nil {
		return err
	}
	list := make([]apiGroup, 0, len(found))
	for _, x := range found {
		g := newAPIGroup(r, x.Group, x.People)
		last := chat.Stamp(x.Last)
		g.Unread, g.Last = &x.Unread, &last
		list = append(list, g)
	}
	writeJSON(w, http.StatusOK, map[string]any{"groups": list, "total": total})
	return nil
}

// openGroup opens the group conversation with the people in the request, and responds with it: 201 if it is new.
func (s *Server) openGroup(w http.ResponseWriter, r *request) error {
	names, err := readPeople(r)
	if err != nil {
		return err
	}
	room, made, err := s.chat.OpenGroup(r.Context(), r.caller, names)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if made {
		status = http.StatusCreated
	}
	return s.writeGroup(w, r, status, room)
}

// addToGroup adds the people in the request to a group conversation, and responds with it.
func (s *Server) addToGroup(w http.ResponseWriter, r *request) error {
	names, err := readPeople(r)
	if err != nil {
		return err
	}
	room, err := s.enterGroup(r)
	if err != nil {
		return err
	}
	if err := s.chat.AddToGroup(r.Context(), r.caller, room, names); err != nil {
		return err
	}
	return s.writeGroup(w, r, http.StatusOK, room)
}

func (s *Server) writeGroup(w http.ResponseWriter, r *request, status int, room *chat.Room) error {
	_, people, err := s.groupTitle(r, room)
	if err != nil {
		return err
	}
	writeJSON(w, status, newAPIGroup(r, room.Name, people))
	return nil
}

// readPeople reads the usernames in the body of a request.
func readPeople(r *request) (names []string, err error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	err = decodeFields(body, map[string]any{"people": &names})
	return names, err
}
