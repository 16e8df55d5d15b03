package web

import (
	"context"
	"net/http"

	"hearth/web/chat"
	"hearth/web/limits"
)

// position is a read position in the API.
type position struct {
	ID     chat.MessageID `json:"id"`
	Unread int            `json:"unread"`
}

// showPosition returns the caller's read position in a room, and how many messages after it are unread.
func (s *Server) showPosition(w http.ResponseWriter, r *request) error {
	room, err := s.enterToRead(r)
	if err != nil {
		return err
	}
	return s.writePosition(w, r, room)
}

func (s *Server) writePosition(w http.ResponseWriter, r *request, room *chat.Room) error {
	read, unread, err := s.chat.Position(r.Context(), r.caller, room)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, position{chat.NewMessageID(room.ID, read), unread})
	return nil
}

// enterToRead returns the room of a request that needs a read position. Errors: those of Enter; sign_in for visitors.
func (s *Server) enterToRead(r *request) (*chat.Room, error) {
	if !r.caller.SignedIn() {
		return nil, chat.Errorf("sign_in")
	}
	return s.chat.Enter(r.Context(), r.caller, r.PathValue("room"))
}

// movePosition moves the caller's read position in a room, as a read frame does, and returns it.
func (s *Server) movePosition(w http.ResponseWriter, r *request) error {
	room, err := s.enterToRead(r)
	if err != nil {
		return err
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	var id chat.MessageID
	var back bool
	if err := decodeFields(body, map[string]any{"id": &id, "back": &back}); err != nil {
		return err
	}
	if err := s.chat.Take(r.caller, limits.ReadMarks); err != nil {
		return err
	}
	if err := s.mark(r.Context(), r.caller, room, id, back); err != nil {
		return err
	}
	return s.writePosition(w, r, room)
}

// mark moves the read position of a caller to a message. Errors: no_such_message, storage.
func (s *Server) mark(ctx context.Context, by chat.Caller, room *chat.Room, id chat.MessageID, back bool) error {
	switch {
	case id.Room() != room.ID:
		return chat.Errorf("no_such_message")
	case back:
		return s.chat.ReadBack(ctx, by, room, id.Seq())
	}
	return s.chat.Read(ctx, by, room, id.Seq())
}

// markRead handles the button "Mark as read" of a room's page without script. The field id is the last message that the page knew.
func (s *Server) markRead(w http.ResponseWriter, r *request) error {
	room, err := s.enterToRead(r)
	if err != nil {
		return err
	}
	id, err := number(r, "id", 0)
	if err != nil {
		return err
	}
	if err := s.chat.Take(r.caller, limits.ReadMarks); err != nil {
		return err
	}
	if err := s.mark(r.Context(), r.caller, room, chat.MessageID(id), false); err != nil {
		return err
	}
	return seeOther(w, r, roomURL(room.Name))
}

// markAllRead marks all rooms and conversations as read, and returns to the page with the button.
func (s *Server) markAllRead(w http.ResponseWriter, r *request) error {
	if err := s.chat.Take(r.caller, limits.ReadMarks); err != nil {
		return err
	}
	if err := s.chat.ReadAll(r.Context(), r.caller); err != nil {
		return err
	}
	return seeOther(w, r, localPage(r.PostFormValue("next")))
}
