package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"hearth/web/chat"
)

type mentionsData struct {
	Messages []mentionView
	OlderURL string // "": there are no older ones
}

// mentionView is a message that is meant for the reader, with its room.
type mentionView struct {
	messageView
	Room, RoomURL string
	URL           string // of the message
}

// mentions shows the messages that are meant for the caller, the newest first.
func (s *Server) mentions(w http.ResponseWriter, r *request) error {
	before, id := olderThan(r.FormValue("before"), s.chat.Now())
	found, err := s.chat.MentionsOf(r.Context(), r.caller.User, before, id, pageMessages+1)
	if err != nil {
		return err
	}
	var d mentionsData
	if len(found) > pageMessages {
		found = found[:pageMessages]
		last := found[len(found)-1]
		d.OlderURL = fmt.Sprintf("/mentions/?before=%d-%d", last.At.UnixMilli(), last.ID)
	}
	for _, m := range found {
		v := mentionView{messageView: s.messageView(r, m.Message), Room: m.Room.Name, RoomURL: roomURL(m.Room.Name)}
		if v.Room, err = s.roomTitle(r, m.Room); err != nil {
			return err
		}
		v.Day, v.URL = false, fmt.Sprintf("%s#m%d", v.RoomURL, m.ID)
		d.Messages = append(d.Messages, v)
	}
	v := s.view(r, r.loc.T("mentions.title"))
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = d
	return s.render(w, r, http.StatusOK, "mentions", v)
}

// olderThan reads the place in the list from which a page of it begins: a time in milliseconds and an id. For other texts it is the
// beginning.
func olderThan(text string, now time.Time) (time.Time, chat.MessageID) {
	at, id, _ := strings.Cut(text, "-")
	ms, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err != nil || err2 != nil {
		return now.Add(time.Hour), 0
	}
	return time.UnixMilli(ms), chat.MessageID(n)
}
