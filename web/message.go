package web

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"hearth/web/chat"
	"hearth/web/ws"
)

// joinWithin bounds which messages are shown together: those of one author with less time than this between them.
const joinWithin = 5 * time.Minute

type messageView struct {
	ID                              chat.MessageID
	Seq                             int64
	User, Display                   string
	Guest, Action                   bool
	HTML                            template.HTML
	Text                            string // as it was typed; of the reader's own messages only, for editing
	At                              time.Time
	Joined, Day, New, Mine, Mention bool
	Edited, Deleted                 bool
	Reply                           *replyView
	Reactions                       []reactionView
}

type replyView struct {
	ID               chat.MessageID
	Display, Excerpt string
}

type reactionView struct {
	Emoji string
	Count int
	Users []string // the usernames of some of them
	Mine  bool
}

// messageViews returns the views of messages. The reader has read up to the sequence number read.
func (s *Server) messageViews(r *request, found []*chat.Message, read int64) []messageView {
	views := make([]messageView, 0, len(found))
	fresh := false // the new messages begin with the first one of another person
	for i, m := range found {
		v := s.messageView(r, m)
		if i > 0 {
			last := found[i-1]
			v.Day = last.At.Format(time.DateOnly) != m.At.Format(time.DateOnly)
			v.New = r.caller.SignedIn() && !fresh && m.Seq > read && !v.Mine
			fresh = fresh || v.New
			v.Joined = !v.Day && !v.New && last.User == m.User && m.ReplyTo == 0 && m.At.Sub(last.At) < joinWithin
		}
		views = append(views, v)
	}
	return views
}

// messageView returns the view of one message, as the first of its day.
func (s *Server) messageView(r *request, m *chat.Message) messageView {
	v := messageView{ID: m.ID, Seq: m.Seq, User: m.User, Display: m.Display, Guest: m.Guest(), Action: m.Action(), HTML: template.HTML(m.HTML()), At: m.At,
		Edited: !m.Edited.IsZero(), Deleted: m.Deleted, Mine: r.caller.Name() == m.User,
		Mention: r.caller.User != nil && slices.Contains(m.Mentions(), r.caller.User.ID), Day: true}
	if v.Mine {
		v.Text = m.Typed()
	}
	if x := m.Answers; x != nil {
		v.Reply = &replyView{ID: x.ID, Display: x.Display, Excerpt: x.Text}
	}
	for _, x := range m.Reactions {
		v.Reactions = append(v.Reactions, reactionView{Emoji: x.Emoji, Count: x.Count, Users: x.Users, Mine: x.By(r.caller)})
	}
	return v
}

// listMessages returns a page of a room's history, in order of id.
func (s *Server) listMessages(w http.ResponseWriter, r *request) error {
	before, err := number(r, "before", 0)
	if err != nil {
		return err
	}
	after, err := number(r, "after", 0)
	if err != nil {
		return err
	}
	p := chat.Page{Before: chat.MessageID(before), After: chat.MessageID(after)}
	p.First = r.FormValue("after") != "" && p.Before == 0 // the client reads forward
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
				return nil // the client has disconnected
			}
			b = b[:0]
		}
	}
	_, _ = fmt.Fprintf(w, "%s],\"seq\":%d}\n", b, seq)
	return nil
}

// jsonPiece is the size of the pieces in which a page of messages is written, in bytes.
const jsonPiece = 64 << 10

// createMessage posts a message. The response comes once it is on disk. A command that is no message is carried out.
func (s *Server) createMessage(w http.ResponseWriter, r *request) error {
	cmd, err := readCommand(r)
	if err != nil {
		return err
	}
	if cmd.As != "" && cmd.As != r.caller.Name() {
		return chat.Errorf("sign_in") // the message was written before another person signed in
	}
	if ran, ok, err := s.run(r, *cmd.Message); err != nil {
		return err
	} else if ok {
		writeJSON(w, http.StatusOK, map[string]string{"command": ran.Command, "message": ran.Text(r.loc)})
		return nil
	}
	f, err := s.sayAndWait(r, chat.Draft{Text: *cmd.Message, Nonce: cmd.Nonce, ReplyTo: cmd.ReplyTo})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusCreated, f)
	return nil
}

// readCommand decodes the body of a request that posts a message, by the rules of a frame.
func readCommand(r *request) (command, error) {
	body, err := readBody(r)
	if err != nil {
		return command{}, err
	}
	cmd, err := parseCommand(body)
	if err == nil && cmd.Message == nil {
		err = chat.Errorf("bad_frame")
	}
	return cmd, err
}

// readBody reads the body of an API request, which is JSON. Errors: bad_frame, too_big.
func readBody(r *request) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return nil, chat.Errorf("bad_frame")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, ws.MaxFrame+1))
	if err != nil { // the connection broke, or the body took too long
		return nil, &chat.Error{Code: "bad_frame", Err: err}
	}
	if len(body) > ws.MaxFrame {
		return nil, chat.Errorf("too_big", "max", ws.MaxFrame)
	}
	return body, nil
}

// sayAndWait posts a draft in the room of the request and waits until it is stored.
func (s *Server) sayAndWait(r *request, d chat.Draft) (chat.MessageFrame, error) {
	if r.caller.Name() == "" {
		return chat.MessageFrame{}, s.nameless(r.Context())
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

// run carries out a text that is a command and no message; ok is false for other texts.
func (s *Server) run(r *request, text string) (ran *chat.Ran, ok bool, err error) {
	if r.caller.Name() == "" {
		return nil, false, s.nameless(r.Context())
	}
	return s.chat.Run(context.WithoutCancel(r.Context()), r.caller, r.PathValue("room"), text)
}

// postMessage handles the composer of a page without script. A refused text stays in it, with the reason.
func (s *Server) postMessage(w http.ResponseWriter, r *request) error {
	d := chat.Draft{Text: normalizeNewlines(r.PostFormValue("message")), Nonce: r.PostFormValue("nonce")}
	ran, ok, err := s.run(r, d.Text)
	if ok && err == nil {
		if ran.Command == "leave" {
			return seeOther(w, r, "/")
		}
		return s.showRoom(w, r, http.StatusOK, roomForms{Notice: ran.Text(r.loc)})
	}
	if err == nil {
		_, err = s.sayAndWait(r, d)
	}
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
