package web

import (
	"errors"
	"net/http"

	"hearth/web/chat"
	"hearth/web/locale"
)

// Auth is what web needs of the keeper of secrets.
type Auth interface {
	Open(cookie string) ([]byte, error)
}

func (s *Server) caller(r *http.Request) (chat.Caller, *chat.Session, error) {
	k, err := r.Cookie("hearth")
	if err != nil {
		return chat.Caller{}, nil, nil
	}
	token, err := s.auth.Open(k.Value)
	if err != nil {
		return chat.Caller{}, nil, nil
	}
	ses, u, err := s.chat.SessionByToken(r.Context(), token)
	if errors.Is(err, chat.ErrNotFound) || err != nil {
		return chat.Caller{}, nil, nil
	}
	return chat.Caller{User: u, Guest: ses.Guest, SessionID: ses.ID}, ses, nil
}

func (s *Server) language(r *http.Request, by chat.Caller) *locale.Locale {
	return locale.Match(r.Header.Get("Accept-Language"))
}

func (s *Server) accountRoutes(mux *http.ServeMux) {}
