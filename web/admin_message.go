package web

import (
	"net/http"
	"net/url"
	"strconv"

	"hearth/web/chat"
)

// adminDeleteMessage deletes a message and goes back to the search that found it.
func (s *Server) adminDeleteMessage(w http.ResponseWriter, r *request) error {
	id, err := strconv.ParseInt(r.PostFormValue("id"), 10, 64)
	if err != nil {
		return chat.Errorf("no_such_message")
	}
	if err := s.chat.Moderate(r.Context(), r.caller, chat.MessageID(id)); err != nil {
		return err
	}
	back, err := url.ParseQuery(r.PostFormValue("back"))
	if err != nil {
		back = url.Values{}
	}
	back.Set("done", "message_deleted")
	return seeOther(w, r, "/admin/messages/?"+back.Encode())
}
