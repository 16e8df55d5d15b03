package web

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	"hearth/web/chat"
	"hearth/web/ws"
)

// maxPage is the most messages, or users, of one answer (PROTOCOL.md).
const maxPage = 200

// maxRooms is the most rooms of one answer (PROTOCOL.md): of clients that know no pages, few are in a
// place with more. 1000 take some 100 KB.
const maxRooms = 1000

func noSuchPath(http.ResponseWriter, *ask) error { return chat.Errorf("not_found") }

type apiRoom struct {
	Name   string      `json:"name"`
	Topic  string      `json:"topic"`
	Access chat.Access `json:"access"`
	Here   int         `json:"here"`
	Unread int         `json:"unread"`
}

// listRooms answers with a page of the rooms that the asker may enter: ?q= filters, ?offset= and ?limit= (at
// most 1000) page.
func (s *Server) listRooms(w http.ResponseWriter, r *ask) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	q := chat.RoomQuery{Text: r.FormValue("q"), Limit: maxRooms, Unmade: true}
	limit, err := number(r, "limit", maxRooms)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	q.Limit, q.Offset = int(max(1, min(limit, maxRooms))), int(offset)
	if err := s.searching(r, q.Text); err != nil {
		return err
	}
	rooms, total, err := s.chat.RoomsFor(r.Context(), r.caller, q)
	if err != nil {
		return err
	}
	var unread map[int64]chat.Unread
	if r.caller.SignedIn() {
		if unread, err = s.chat.Unread(r.Context(), r.caller.User); err != nil {
			return err
		}
	}
	list := make([]apiRoom, 0, len(rooms))
	for _, room := range rooms {
		list = append(list, apiRoom{room.Name, room.Topic, room.Access, s.hub.HereCount(room.Group()), unread[room.ID].Count})
	}
	writeJSON(w, http.StatusOK, map[string]any{"rooms": list, "total": total})
	return nil
}

type apiUser struct {
	Username  string     `json:"username"`
	FirstName string     `json:"first_name"`
	LastName  string     `json:"last_name"`
	Email     string     `json:"email,omitempty"`
	LoggedIn  bool       `json:"is_logged_in"`
	LastSeen  chat.Stamp `json:"last_seen"`
}

// listUsers answers with a page of people: ?q= filters, ?offset= and ?limit= (at most 200) page.
func (s *Server) listUsers(w http.ResponseWriter, r *ask) error {
	if err := s.mayListen(r.Context(), r.caller); err != nil {
		return err
	}
	limit, err := number(r, "limit", maxPage)
	if err != nil {
		return err
	}
	offset, err := number(r, "offset", 0)
	if err != nil {
		return err
	}
	if err := s.searching(r, r.FormValue("q")); err != nil {
		return err
	}
	people, total, err := s.chat.Users(r.Context(), chat.UserQuery{Text: r.FormValue("q"), Emails: r.caller.SignedIn(), Active: true,
		Limit: int(min(limit, maxPage)), Offset: int(offset)})
	if err != nil {
		return err
	}
	list := make([]apiUser, 0, len(people))
	for _, u := range people {
		a := apiUser{Username: u.Name, FirstName: u.FirstName, LastName: u.LastName, LoggedIn: s.hub.Online(u.ID), LastSeen: chat.Stamp(u.LastSeen)}
		if r.caller.SignedIn() {
			a.Email = u.Email
		}
		list = append(list, a)
	}
	writeJSON(w, http.StatusOK, map[string]any{"users": list, "total": total})
	return nil
}

// number is a query's number, which must not be negative.
func number(r *ask, name string, otherwise int64) (int64, error) {
	text := r.FormValue(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, &chat.Error{Code: "bad_number", Args: []any{"name", name}}
	}
	return n, nil
}

// listMessages answers with a page of a room's history, in order of id.
func (s *Server) listMessages(w http.ResponseWriter, r *ask) error {
	var p chat.Page
	var err error
	if p.Before, err = number(r, "before", 0); err != nil {
		return err
	}
	if p.After, err = number(r, "after", 0); err != nil {
		return err
	}
	p.First = r.FormValue("after") != "" && p.Before == 0 // reading on, not back
	limit, err := number(r, "limit", pageMessages)
	if err != nil {
		return err
	}
	p.Limit = int(max(1, min(limit, maxPage)))
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	found, seq, err := s.chat.History(r.Context(), room, p)
	if err != nil {
		return err
	}
	startJSON(w, http.StatusOK)
	b := append(make([]byte, 0, jsonPiece), `{"messages":[`...)
	for i, m := range found {
		f := s.chat.Frame(m, room.Name)
		for j, x := range f.Reactions {
			f.Reactions[j].Mine = x.By(r.caller)
		}
		if i > 0 {
			b = append(b, ',')
		}
		if b = f.AppendJSON(b); len(b) >= jsonPiece/2 {
			if _, err := w.Write(b); err != nil {
				return nil // nobody reads it any more
			}
			b = b[:0]
		}
	}
	_, _ = fmt.Fprintf(w, "%s],\"seq\":%d}\n", b, seq)
	return nil
}

// jsonPiece is how much of a page of messages is put together before it is sent, in bytes.
const jsonPiece = 64 << 10

// createMessage says something; the answer comes once it is on disk.
func (s *Server) createMessage(w http.ResponseWriter, r *ask) error {
	cmd, err := readCommand(r)
	if err != nil {
		return err
	}
	if cmd.As != "" && cmd.As != r.caller.Name() {
		return chat.Errorf("sign_in") // written before somebody else signed in
	}
	f, err := s.sayAndWait(r, chat.Draft{Text: *cmd.Message, Nonce: cmd.Nonce, ReplyTo: cmd.ReplyTo})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, f)
	return nil
}

// readCommand is the body of a request that says something, by the rules of a frame.
func readCommand(r *ask) (command, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return command{}, chat.Errorf("bad_frame")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, ws.MaxFrame+1))
	if err != nil { // it broke off, or took too long
		return command{}, &chat.Error{Code: "bad_frame", Err: err}
	}
	if len(body) > ws.MaxFrame {
		return command{}, chat.Errorf("too_big", "max", ws.MaxFrame)
	}
	cmd, err := parseCommand(body)
	if err == nil && cmd.Message == nil {
		err = chat.Errorf("bad_frame")
	}
	return cmd, err
}

// sayAndWait says a draft in the request's room and waits until it is stored.
func (s *Server) sayAndWait(r *ask, d chat.Draft) (chat.MessageFrame, error) {
	if r.caller.Name() == "" {
		return chat.MessageFrame{}, chat.Errorf("sign_in")
	}
	type outcome struct {
		frame chat.MessageFrame
		err   error
	}
	done := make(chan outcome, 1)
	s.chat.Say(context.WithoutCancel(r.Context()), r.caller, r.PathValue("room"), d, func(m *chat.Message, room *chat.Room, _ bool, err error) {
		if err != nil {
			done <- outcome{err: err}
			return
		}
		done <- outcome{frame: s.chat.Frame(m, room.Name)}
	})
	o := <-done
	return o.frame, o.err
}

// postMessage is the composer without a script. What can't be said stays in it, with the reason.
func (s *Server) postMessage(w http.ResponseWriter, r *ask) error {
	d := chat.Draft{Text: normalizeNewlines(r.PostFormValue("message")), Nonce: r.PostFormValue("nonce")}
	_, err := s.sayAndWait(r, d)
	if err == nil {
		return seeOther(w, r, r.URL.EscapedPath())
	}
	e := known(err)
	if status := statusOf(e); status == http.StatusUnprocessableEntity || status == http.StatusTooManyRequests || e.Code == "storage" {
		setRetryAfter(w, e)
		return s.showRoom(w, r, status, roomForms{Draft: d.Text, Problem: r.text(e)})
	}
	return err
}
