package web

import (
	"context"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"hearth/web/chat"
)

// joinWithin bounds which messages are shown together: those of one author with less time than this between them.
const joinWithin = 5 * time.Minute

type messageView struct {
	ID                              chat.MessageID
	Seq                             int64
	User, Display                   string
	Guest, Former, Action           bool
	HTML                            template.HTML
	Text                            string // as it was typed; of the reader's own messages only, for editing
	At                              time.Time
	Joined, Day, New, Mine, Mention bool
	Edited, Deleted                 bool
	Notice                          string // a line that nobody wrote: added or left
	Reply                           *replyView
	Reactions                       []reactionView
}

type replyView struct {
	ID               chat.MessageID
	Display, Excerpt string // empty if the original was deleted
	User             string
	Former           bool // the account was deleted
}

type reactionView struct {
	Emoji string
	Count int
	Users []string // the usernames of some of them
	Mine  bool
}

// messageViews returns the views of a stretch of messages. The reader has read up to the sequence number read; the line "New"
// stands above the first later message of another person, if the stretch has it.
func (s *Server) messageViews(r *request, x chat.Stretch, read int64) []messageView {
	views := make([]messageView, 0, len(x.Messages))
	fresh := !r.caller.SignedIn() || x.Older && x.Messages[0].Seq > read // the line stands above, or there is none
	for i, m := range x.Messages {
		v := s.messageView(r, m)
		v.New = !fresh && m.Seq > read && !v.Mine
		fresh = fresh || v.New
		if i > 0 {
			last := x.Messages[i-1]
			v.Day = r.in(last.At).Format(time.DateOnly) != v.At.Format(time.DateOnly)
			v.Joined = !v.Day && !v.New && m.Notice == nil && last.Notice == nil && last.User == m.User && m.ReplyTo == 0 && m.At.Sub(last.At) < joinWithin
		}
		views = append(views, v)
	}
	return views
}

// messageView returns the view of one message, as the first of its day.
func (s *Server) messageView(r *request, m *chat.Message) messageView {
	v := messageView{ID: m.ID, Seq: m.Seq, User: m.User, Display: m.Display, Guest: m.Guest(), Former: m.Former, Action: m.Action(), HTML: pageHTML(m.HTML()), At: r.in(m.At),
		Edited: !m.Edited.IsZero(), Deleted: m.Deleted, Mine: r.caller.Name() == m.User,
		Mention: r.caller.User != nil && (slices.Contains(m.Mentions(), r.caller.User.ID) || m.Everybody), Day: true}
	if m.Notice != nil {
		v.Notice, v.HTML = m.Notice.Kind, template.HTML(template.HTMLEscapeString(m.NoticeText(r.loc)))
	}
	if v.Mine {
		v.Text = m.Typed()
	}
	if v.Former {
		v.Display = chat.FormerMember(r.loc.Code())
	}
	if m.ReplyTo != 0 {
		v.Reply = &replyView{ID: m.ReplyTo}
	}
	if x := m.Answers; x != nil {
		v.Reply.User, v.Reply.Display, v.Reply.Excerpt = x.User, x.Display, x.Text
		if x.Former {
			v.Reply.Former = true
			v.Reply.Display = chat.FormerMember(r.loc.Code())
		}
	}
	for _, x := range m.Reactions {
		v.Reactions = append(v.Reactions, reactionView{Emoji: x.Emoji, Count: x.Count, Users: x.Users, Mine: x.By(r.caller)})
	}
	return v
}

// pageHTML returns the HTML of a message for a page. Its mentions lead to the card of the person, and not to the conversation as in
// frames.
func pageHTML(html string) template.HTML {
	return template.HTML(strings.ReplaceAll(html, `<a class="mention" href="/chat/@`, `<a class="mention" href="/people/`))
}

// listMessages returns a page of a room's history, in order of id.
func (s *Server) listMessages(w http.ResponseWriter, r *request) error {
	limit, err := number(r, "limit", pageMessages)
	if err != nil {
		return err
	}
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err != nil {
		return err
	}
	x, both, err := s.stretch(r, room, int(max(1, min(limit, maxPage))))
	if err != nil {
		return err
	}
	found, seq := x.Messages, x.Seq
	startJSON(w, http.StatusOK)
	b := append(make([]byte, 0, jsonPiece), `{"messages":[`...)
	for i, m := range found {
		f := s.chat.Frame(m, room.Name).In(r.loc.Code())
		if m.Notice != nil {
			f.Message = m.NoticeText(r.loc)
		}
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
	b = fmt.Appendf(b, `],"seq":%d`, seq)
	if both {
		b = fmt.Appendf(b, `,"older":%t,"newer":%t`, x.Older, x.Newer)
	}
	_, _ = w.Write(append(b, "}\n"...))
	return nil
}

// stretch returns the messages that a request of the API selects: around a message or a time (both), or before or after a message.
func (s *Server) stretch(r *request, room *chat.Room, limit int) (x chat.Stretch, both bool, err error) {
	if r.FormValue("around") != "" || r.FormValue("time") != "" {
		id, err := s.around(r, room)
		if err != nil {
			return x, true, err
		}
		x, err = s.chat.Around(r.Context(), room, id, limit/2, limit)
		return x, true, err
	}
	before, err := number(r, "before", 0)
	if err != nil {
		return x, false, err
	}
	after, err := number(r, "after", 0)
	if err != nil {
		return x, false, err
	}
	p := chat.Page{Before: chat.MessageID(before), After: chat.MessageID(after), Limit: limit}
	p.First = r.FormValue("after") != "" && p.Before == 0 // the client reads forward
	x.Messages, x.Seq, err = s.chat.History(r.Context(), room, p)
	return x, false, err
}

// around returns the position that a request names by a message (around) or by a time. Errors: bad_number, no_such_message.
func (s *Server) around(r *request, room *chat.Room) (chat.MessageID, error) {
	if text := r.FormValue("time"); text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return 0, &chat.Error{Code: "bad_number", Args: []any{"name", "time"}}
		}
		return s.chat.FirstSince(r.Context(), room, at)
	}
	id, err := number(r, "around", 0)
	if err == nil && chat.MessageID(id).Room() != room.ID {
		err = chat.Errorf("no_such_message")
	}
	return chat.MessageID(id), err
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
		done <- outcome{frame: s.chat.Frame(m, room.Name).In(r.loc.Code())}
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
	var f chat.MessageFrame
	ran, ok, err := s.run(r, d.Text)
	if ok && err == nil {
		if ran.Command == "leave" {
			return seeOther(w, r, "/")
		}
		return s.showRoom(w, r, http.StatusOK, roomForms{Notice: ran.Text(r.loc)})
	}
	if err == nil {
		f, err = s.sayAndWait(r, d)
	}
	if err == nil {
		s.readAsFarAs(r, f.ID)
		return seeOther(w, r, r.URL.EscapedPath())
	}
	e := known(err)
	if status := statusOf(e); status == http.StatusUnprocessableEntity || status == http.StatusTooManyRequests || e.Code == "storage" || e.Code == "blocked" {
		setRetryAfter(w, e)
		return s.showRoom(w, r, status, roomForms{Draft: d.Text, Problem: r.text(e)})
	}
	return err
}

// readAsFarAs marks the room of the request as read up to the caller's own message, unless it was sent elsewhere with /pm. The
// message is stored, so an error is only logged.
func (s *Server) readAsFarAs(r *request, id chat.MessageID) {
	room, err := s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
	if err == nil && room.ID == id.Room() {
		err = s.chat.Read(r.Context(), r.caller, room, id.Seq())
	}
	if err != nil {
		slog.Error("mark a room as read after a message", "err", err)
	}
}
