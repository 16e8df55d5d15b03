package web

import (
	"net/http"

	"hearth/web/limits"
)

// counted refuses a page, form or API request of a caller who asks for too many.
func (s *Server) counted(h handler) handler {
	return func(w http.ResponseWriter, r *ask) error {
		if err := s.take(r, limits.Requests); err != nil {
			return err
		}
		return h(w, r)
	}
}

// take uses one of the caller's allowance of n. Error: rate_limited.
func (s *Server) take(r *ask, n limits.Name) error { return s.chat.Take(r.caller, n) }

// takeFrom is take for what is counted by address, whoever is signed in there. Error: rate_limited.
func (s *Server) takeFrom(r *ask, n limits.Name) error {
	return s.chat.TakeKey(limits.Key{From: r.caller.From}, n)
}
