package web

import (
	"net/http"
	"slices"
	"strconv"

	"hearth/web/chat"
)

// changeRoom sets a room's topic and access.
func (s *Server) changeRoom(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	d := roomDraft(r)
	err = s.chat.ChangeRoom(r.Context(), r.caller, room, d)
	if err == nil {
		return seeOther(w, r, roomURL(room.Name))
	}
	if known(err).Code == "who_stays" {
		ask, err := s.askWhoStays(r, room, d)
		if err != nil {
			return err
		}
		return s.showRoom(w, r, http.StatusUnprocessableEntity, roomForms{WhoStays: ask, Open: "who-stays"})
	}
	f := form{Values: map[string]string{"topic": d.Topic, "access": string(d.Access)}}
	return s.mendRoom(w, r, err, &f, func() roomForms { return roomForms{Settings: f, Open: "room-settings"} })
}

// roomDraft returns the settings of a room in a form. Stay is nil unless the form asked who stays a member.
func roomDraft(r *request) chat.RoomDraft {
	d := chat.RoomDraft{Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
	if r.PostFormValue("asked") == "" {
		return d
	}
	d.Stay = []int64{}
	for _, text := range r.PostForm["stay"] {
		if id, err := strconv.ParseInt(text, 10, 64); err == nil {
			d.Stay = append(d.Stay, id)
		}
	}
	return d
}

// whoStays is the data of the dialog that asks who stays a member, before a room is closed.
type whoStays struct {
	Topic  string
	People []*chat.User // those who wrote in the room in the last 90 days
	Filter bool         // the dialog has a field that filters the list
	Max    int          // how many people are listed although there are more; 0: all are listed
}

// manyPeople is how many people a list without a filter can have.
const manyPeople = 12

func (s *Server) askWhoStays(r *request, room *chat.Room, d chat.RoomDraft) (*whoStays, error) {
	people, err := s.chat.Writers(r.Context(), r.caller, room)
	slices.SortFunc(people, func(a, b *chat.User) int { return r.loc.Compare(a.Display(), b.Display()) })
	q := &whoStays{Topic: d.Topic, People: people, Filter: len(people) > manyPeople}
	if len(people) == chat.MaxWriters {
		q.Max = chat.MaxWriters
	}
	return q, err
}

// changeMembers adds a member to a closed room, or removes one.
func (s *Server) changeMembers(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	change := s.chat.AddMember
	if r.PostFormValue("action") == "remove" {
		change = s.chat.RemoveMember
	}
	err = change(r.Context(), r.caller, room, r.PostFormValue("name"))
	if err == nil {
		return seeOther(w, r, roomURL(room.Name))
	}
	f := form{Values: map[string]string{"name": r.PostFormValue("name")}}
	return s.mendRoom(w, r, err, &f, func() roomForms { return roomForms{Invite: f, Open: "room-members"} })
}

// mendRoom shows the room with the refused form if err has a field of the form. Otherwise it returns err.
func (s *Server) mendRoom(w http.ResponseWriter, r *request, err error, f *form, forms func() roomForms) error {
	e := known(err)
	if e.Field == "" {
		return err
	}
	f.Errors = map[string]string{e.Field: r.text(e)}
	return s.showRoom(w, r, http.StatusUnprocessableEntity, forms())
}
