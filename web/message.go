package web

import (
	"html/template"
	"slices"
	"time"

	"hearth/web/chat"
)

// joinWithin is how soon a message must follow another of its author to be joined to it.
const joinWithin = 5 * time.Minute

type messageView struct {
	ID, Seq                         int64
	User, Display                   string
	Guest                           bool
	HTML                            template.HTML
	Text                            string // as it was typed; of one's own alone, to be edited
	At                              time.Time
	Joined, Day, New, Mine, Mention bool
	Edited, Deleted                 bool
	Reply                           *replyView
	Reactions                       []reactionView
}

type replyView struct {
	ID               int64
	Display, Excerpt string
}

type reactionView struct {
	Emoji string
	Count int
	Users []string // some of them, by username
	Mine  bool
}

// messageViews are messages as they are shown, read up to number read.
func (s *Server) messageViews(r *ask, found []*chat.Message, read int64) []messageView {
	views := make([]messageView, 0, len(found))
	fresh := false // what is new begins with the first message of somebody else
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

// messageView is a message by itself, as the first of its day.
func (s *Server) messageView(r *ask, m *chat.Message) messageView {
	v := messageView{ID: m.ID, Seq: m.Seq, User: m.User, Display: m.Display, Guest: m.Guest(), HTML: template.HTML(m.HTML()), At: m.At,
		Edited: !m.Edited.IsZero(), Deleted: m.Deleted, Mine: r.caller.Name() == m.User,
		Mention: r.caller.User != nil && slices.Contains(m.Mentions(), r.caller.User.ID), Day: true}
	if v.Mine {
		v.Text = m.Text
	}
	if x := m.Answers; x != nil {
		v.Reply = &replyView{ID: x.ID, Display: x.Display, Excerpt: x.Text}
	}
	for _, x := range m.Reactions {
		v.Reactions = append(v.Reactions, reactionView{Emoji: x.Emoji, Count: x.Count, Users: x.Users, Mine: x.By(r.caller)})
	}
	return v
}
