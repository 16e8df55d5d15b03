package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"hearth/web/chat"
)

const (
	// maxSelected is the most rooms that one form can archive or delete.
	maxSelected = 10_000
	// namesShown is how many of them the confirmation page names.
	namesShown = 50
	// workWait is how long the response waits for a change of many things. Afterwards the change continues in the background.
	workWait = 20 * time.Second
)

// confirmData is the data of the page that asks to confirm a change of many things.
type confirmData struct {
	Tab, Question, Hint, Shared, Button string
	Danger                              bool
	Names                               []string
	More                                int // not named
	Action, Back                        string
	Fields                              [][2]string // the submitted form, which the confirmation sends again
}

// adminChangeRooms archives or deletes the rooms that were ticked, or all that match the search.
func (s *Server) adminChangeRooms(w http.ResponseWriter, r *request) error {
	rooms, err := s.selectedRooms(r)
	if err != nil {
		return err
	}
	d := confirmData{Tab: "rooms", Action: "/admin/rooms/", Back: localPage(r.PostFormValue("back")), Fields: again(r)}
	return s.changeRooms(w, r, d, rooms, r.PostFormValue("action"), "/admin/rooms/")
}

// changeRooms archives or deletes rooms if the form confirms it. Otherwise it shows the confirmation page.
func (s *Server) changeRooms(w http.ResponseWriter, r *request, d confirmData, rooms []*chat.Room, action, back string) error {
	if len(rooms) == 0 {
		return chat.Errorf("none_selected")
	}
	n := len(rooms)
	var work func(context.Context) error
	switch action {
	case "archive":
		d.Question, d.Hint, d.Button = r.loc.T("admin.bulk.archive_ask", "count", n), r.loc.T("admin.room.archive_hint"), r.loc.T("admin.room.archive")
		work = func(ctx context.Context) error { return s.chat.ArchiveRooms(ctx, r.caller, rooms) }
	case "delete":
		d.Question, d.Hint, d.Button, d.Danger = r.loc.T("admin.bulk.delete_ask", "count", n), r.loc.T("admin.room.delete_hint"), r.loc.T("admin.room.delete"), true
		work = func(ctx context.Context) error { return s.chat.DeleteRooms(ctx, r.caller, rooms) }
	default:
		return chat.Errorf("bad_choice")
	}
	if r.PostFormValue("confirmed") == "" {
		d.nameRooms(rooms)
		return s.adminPage(w, r, http.StatusOK, "confirm", d.Question, d)
	}
	return s.atLength(w, r, back+"?done=rooms_"+map[string]string{"archive": "archived", "delete": "deleted"}[action], work)
}

func (d *confirmData) nameRooms(rooms []*chat.Room) {
	for _, room := range rooms[:min(namesShown, len(rooms))] {
		d.Names = append(d.Names, room.Name)
	}
	d.More = len(rooms) - len(d.Names)
}

// again returns the fields of the submitted form, for the form that confirms it.
func again(r *request) [][2]string {
	var fields [][2]string
	for _, name := range []string{"action", "all", "q", "by", "room"} {
		for _, value := range r.PostForm[name] {
			fields = append(fields, [2]string{name, value})
		}
	}
	return fields
}

// selectedRooms returns the rooms that are ticked in a form, or with "all" the rooms that match its search.
func (s *Server) selectedRooms(r *request) ([]*chat.Room, error) {
	if r.PostFormValue("all") != "" {
		by, err := s.maker(r, r.PostFormValue("by"))
		if err != nil {
			return nil, err
		}
		return s.roomsMatching(r, chat.RoomQuery{Text: r.PostFormValue("q"), MadeBy: by})
	}
	var ids []int64
	for _, text := range r.PostForm["room"] { // PostFormValue has read the form
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, chat.Errorf("bad_choice")
		}
		ids = append(ids, id)
	}
	return s.chat.RoomsAmong(r.Context(), ids[:min(maxSelected, len(ids))])
}

func (s *Server) roomsMatching(r *request, q chat.RoomQuery) ([]*chat.Room, error) {
	q.Limit = maxSelected
	rows, _, err := s.chat.Rooms(r.Context(), q)
	rooms := make([]*chat.Room, 0, len(rows))
	for _, row := range rows {
		rooms = append(rooms, row.Room)
	}
	return rooms, err
}

// maker returns the id of the user with that username, or 0 for "". Error: not_found.
func (s *Server) maker(r *request, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	u, err := s.chat.UserByName(r.Context(), name)
	if err != nil {
		return 0, orNotFound(err)
	}
	return u.ID, nil
}

// atLength runs work, which continues if the browser disconnects, and then redirects to back. If the work takes longer than
// workWait, it redirects to the current page, which says that the work is still in progress.
func (s *Server) atLength(w http.ResponseWriter, r *request, back string, work func(context.Context) error) error {
	ctx, done := context.WithoutCancel(r.Context()), make(chan error, 1)
	go func() { done <- work(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			return err
		}
		return seeOther(w, r, back)
	case <-time.After(workWait):
		go func() {
			if err := <-done; err != nil {
				slog.Error("a change by an admin failed in the background", "path", r.URL.Path, "err", err)
			}
		}()
		return seeOther(w, r, r.URL.EscapedPath()+"?done=going_on")
	}
}

// adminChangeMade archives, deletes or revokes what a user created, if the form confirms it. Otherwise it shows the
// confirmation page.
func (s *Server) adminChangeMade(w http.ResponseWriter, r *request) error {
	u, err := s.addressed(r)
	if err != nil {
		return err
	}
	back := fmt.Sprintf("/admin/users/%d/", u.ID)
	action := r.PostFormValue("action")
	d := confirmData{Tab: "users", Action: back + "made/", Back: back, Fields: again(r)}
	rooms, err := s.roomsMatching(r, chat.RoomQuery{MadeBy: u.ID})
	if err != nil {
		return err
	}
	if action == "archive" || action == "delete" || action == "everything" {
		n, err := s.chat.Shared(r.Context(), rooms, u.ID)
		if err != nil {
			return err
		}
		d.Shared = r.loc.T("admin.made.shared", "count", n)
	}
	if action == "archive" || action == "delete" {
		return s.changeRooms(w, r, d, rooms, action, back)
	}
	return s.changeMade(w, r, d, u, rooms, action, back)
}

func (s *Server) changeMade(w http.ResponseWriter, r *request, d confirmData, u *chat.User, rooms []*chat.Room, action, back string) error {
	name := u.Name
	d.Danger = true
	var work func(context.Context) error
	var done string
	switch action {
	case "messages":
		d.Question, d.Hint, d.Button, done = r.loc.T("admin.made.messages_ask", "name", name), r.loc.T("admin.made.messages_hint"), r.loc.T("admin.made.messages"), "messages_deleted"
		work = func(ctx context.Context) error { return s.chat.DeleteMessagesOf(ctx, r.caller, u) }
	case "invites":
		d.Question, d.Button, done = r.loc.T("admin.made.invites_ask", "name", name), r.loc.T("admin.made.invites"), "invites_revoked"
		work = func(ctx context.Context) error { return s.chat.RevokeInvitesOf(ctx, r.caller, u) }
	case "everything":
		d.Question, d.Hint, d.Button, done = r.loc.T("admin.made.everything_ask", "name", name), r.loc.T("admin.made.messages_hint"), r.loc.T("admin.made.everything"), "everything_deleted"
		d.nameRooms(rooms)
		work = func(ctx context.Context) error { return s.deleteEverything(ctx, r.caller, u, rooms) }
	default:
		return chat.Errorf("bad_choice")
	}
	if r.PostFormValue("confirmed") == "" {
		return s.adminPage(w, r, http.StatusOK, "confirm", d.Question, d)
	}
	return s.atLength(w, r, back+"?done="+done, work)
}

// deleteEverything deletes the rooms, the messages and the invitations of a user.
func (s *Server) deleteEverything(ctx context.Context, by chat.Caller, u *chat.User, rooms []*chat.Room) error {
	if err := s.chat.RevokeInvitesOf(ctx, by, u); err != nil {
		return err
	}
	if len(rooms) > 0 {
		if err := s.chat.DeleteRooms(ctx, by, rooms); err != nil {
			return err
		}
	}
	return s.chat.DeleteMessagesOf(ctx, by, u)
}
