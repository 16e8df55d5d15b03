package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"hearth/web/chat"
)

// roomSettings is the data of the two pages with a room's settings: that of its owner, and that of the admin site.
type roomSettings struct {
	Room                         *chat.Room
	URL                          string       // of the room
	Action                       string       // URL of the page; its forms are sent there
	Back                         string       // URL of the page that follows the deletion
	Members                      []*chat.User // of a closed room
	Paging                       paging       // of the members
	Form, MemberForm, DeleteForm form
	WhoStays                     *whoStays // asks who stays a member, before the room is closed; nil: not asked
	Contents                     chat.Contents
	Here                         []personLink // on the admin site
	Me                           int64        // the id of the reader if the reader would lose the access by ceasing to be a member
}

// showRoomSettings shows the page with the settings of a room to its owner and to admins.
func (s *Server) showRoomSettings(w http.ResponseWriter, r *request) error {
	room, err := s.managedRoom(r)
	if err != nil {
		return err
	}
	if _, key, _ := chat.RoomName(r.PathValue("room")); key != room.Key { // a former name
		return seeOther(w, r, settingsURL(room.Name))
	}
	return s.roomSettingsPage(w, r, http.StatusOK, ownSettings(room))
}

func settingsURL(room string) string { return roomURL(room) + "settings/" }

func ownSettings(room *chat.Room) roomSettings {
	return roomSettings{Room: room, Action: settingsURL(room.Name), Back: "/"}
}

// managedRoom returns the room in the URL, if the caller may manage it. Errors: those of Enter, not_found, not_allowed.
func (s *Server) managedRoom(r *request) (*chat.Room, error) {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return nil, err
	}
	if room.ID == 0 || room.Access.Private() {
		return nil, chat.Errorf("not_found")
	}
	may, err := s.chat.MayManage(r.Context(), r.caller, room)
	if err == nil && !may {
		err = chat.Errorf("not_allowed")
	}
	return room, err
}

func (s *Server) roomSettingsPage(w http.ResponseWriter, r *request, status int, d roomSettings) error {
	if err := s.fillSettings(r, &d); err != nil {
		return err
	}
	v := s.view(r, r.loc.T("room.settings_of", "room", d.Room.Name))
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Side.Current = d.URL
	v.Data = d
	return s.render(w, r, status, "roomsettings", v)
}

// fillSettings loads what both pages of a room's settings show.
func (s *Server) fillSettings(r *request, d *roomSettings) (err error) {
	if d.Form.Values == nil {
		d.Form.Values = map[string]string{"name": d.Room.Name, "topic": d.Room.Topic, "access": string(d.Room.Access)}
	}
	d.URL = roomURL(d.Room.Name)
	if !r.caller.Admin() {
		d.Me = r.caller.User.ID
	}
	if d.Contents, err = s.chat.Contents(r.Context(), d.Room); err != nil || d.Room.Access != chat.Closed {
		return err
	}
	d.Paging = pagingBy(r, d.Action, "members", perPage)
	members, total, err := s.chat.Members(r.Context(), d.Room, r.loc.Code(), perPage, d.Paging.offset())
	d.Members = members
	d.Paging.of(total)
	return err
}

// changeRoomSettings handles the forms on the owner's page with a room's settings. The field "action" selects the change.
func (s *Server) changeRoomSettings(w http.ResponseWriter, r *request) error {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	return s.changeSettings(w, r, ownSettings(room), s.roomSettingsPage)
}

// changeMembers adds a member to a closed room, or removes one, for clients that send it to an address of its own.
func (s *Server) changeMembers(w http.ResponseWriter, r *request) error {
	action := "member_" + r.PostFormValue("action")
	r.PostForm.Set("action", action)
	return s.changeRoomSettings(w, r)
}

// settingsChange is a change of a room's settings by a form.
type settingsChange struct {
	form form
	part *form  // where the page shows the form if it is refused
	done string // what the next page says
	next string // URL of the next page
}

// changeSettings handles the forms of both pages of a room's settings. show shows the page with a refused form.
func (s *Server) changeSettings(w http.ResponseWriter, r *request, d roomSettings, show func(http.ResponseWriter, *request, int, roomSettings) error) error {
	x := settingsChange{form: newForm(r), part: &d.Form, done: r.PostFormValue("action"), next: d.Action}
	var err error
	switch x.done {
	case "", "room":
		err = s.changeRoom(r, &d, &x)
	case "member_add":
		x.form, x.part = newForm(r, "name"), &d.MemberForm
		err = s.chat.AddMember(r.Context(), r.caller, d.Room, x.form.Values["name"])
	case "member_remove":
		x.part = &d.MemberForm
		err = s.chat.RemoveMember(r.Context(), r.caller, d.Room, r.PostFormValue("name"))
	case "delete":
		x.form, x.part = newForm(r, "confirm"), &d.DeleteForm
		x.next, x.done = d.Back, "room_deleted"
		if err = s.chat.CheckDelete(r.Context(), r.caller, d.Room, x.form.Values["confirm"]); err == nil {
			return s.atLength(w, r, x.next+"?done="+x.done, func(ctx context.Context) error {
				return s.chat.DeleteRoom(ctx, r.caller, d.Room, x.form.Values["confirm"])
			})
		}
	case "archive", "restore":
		err = s.chat.SetArchived(r.Context(), r.caller, d.Room, x.done == "archive")
	default:
		err = chat.Errorf("bad_choice")
	}
	if err == nil {
		return seeOther(w, r, x.next+"?done="+x.done)
	}
	if errors.Is(err, chat.Errorf("who_stays")) {
		if d.WhoStays, err = s.askWhoStays(r, d.Room, roomDraft(r)); err != nil {
			return err
		}
		d.Form = x.form
		return show(w, r, http.StatusUnprocessableEntity, d)
	}
	if known(err).Code == "not_allowed" && known(err).Field == "" {
		return err
	}
	return x.form.again(w, r, err, func(w http.ResponseWriter, r *request, status int, f form) error {
		*x.part = f
		return show(w, r, orUnprocessable(status), d)
	})
}

// changeRoom sets a room's name, topic and access. A form without a name keeps the name.
func (s *Server) changeRoom(r *request, d *roomSettings, x *settingsChange) error {
	x.form, x.done = newForm(r, "name", "topic", "access"), "room"
	draft := roomDraft(r)
	if draft.Name == "" && r.PostForm.Has("name") {
		return chat.Errorf("room_name_empty").On("name")
	}
	if draft.Name == "" {
		x.form.Values["name"] = d.Room.Name
	}
	err := s.chat.ChangeRoom(r.Context(), r.caller, d.Room, draft)
	if err == nil && draft.Name != "" && d.Action == settingsURL(d.Room.Name) {
		name, _, _ := chat.RoomName(draft.Name) // ChangeRoom has checked it
		x.next = settingsURL(name)
	}
	return err
}

// roomDraft returns the settings of a room in a form. Stay is nil unless the form asked who stays a member.
func roomDraft(r *request) chat.RoomDraft {
	d := chat.RoomDraft{Name: r.PostFormValue("name"), Topic: r.PostFormValue("topic"), Access: chat.Access(r.PostFormValue("access"))}
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

// whoStays is the data of the question who stays a member, before a room is closed.
type whoStays struct {
	Name, Topic string
	People      []*chat.User // those who wrote in the room in the last 90 days
	Filter      bool         // the question has a field that filters the list
	Max         int          // how many people are listed although there are more; 0: all are listed
}

// manyPeople is how many people a list without a filter can have.
const manyPeople = 12

func (s *Server) askWhoStays(r *request, room *chat.Room, d chat.RoomDraft) (*whoStays, error) {
	people, err := s.chat.Writers(r.Context(), r.caller, room)
	slices.SortFunc(people, func(a, b *chat.User) int { return r.loc.Compare(a.Display(), b.Display()) })
	q := &whoStays{Name: d.Name, Topic: d.Topic, People: people, Filter: len(people) > manyPeople}
	if len(people) == chat.MaxWriters {
		q.Max = chat.MaxWriters
	}
	return q, err
}

// adminSettingsOf returns the settings of a room for the page of the admin site.
func adminSettingsOf(room *chat.Room) roomSettings {
	return roomSettings{Room: room, Action: fmt.Sprintf("/admin/rooms/%d/", room.ID), Back: "/admin/rooms/"}
}
