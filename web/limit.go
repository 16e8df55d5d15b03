package web

import (
	"net/http"
	"strconv"

	"hearth/web/chat"
	"hearth/web/limits"
)

// setRetryAfter adds to a refusal when asking again makes sense.
func setRetryAfter(w http.ResponseWriter, e *chat.Error) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.Seconds()))
	}
}

// counted refuses a page, form or API request of a caller who asks for too many.
func (s *Server) counted(h handler) handler {
	return func(w http.ResponseWriter, r *request) error {
		if err := s.take(r, limits.Requests); err != nil {
			return err
		}
		return h(w, r)
	}
}

// searching counts the filtering of a list by a text; without a text it is a page like others.
// Error: rate_limited.
func (s *Server) searching(r *request, text string) error {
	if text == "" {
		return nil
	}
	return s.take(r, limits.Searches)
}

// take uses one of the caller's allowance of n. Error: rate_limited.
func (s *Server) take(r *request, n limits.Name) error { return s.chat.Take(r.caller, n) }

// takeFrom is take for what is counted by address, whoever is signed in there. Error: rate_limited.
func (s *Server) takeFrom(r *request, n limits.Name) error {
	return s.chat.TakeKey(limits.Key{From: r.caller.From}, n)
}
