package web

import (
	"net/http"
	"strconv"

	"hearth/web/chat"
	"hearth/web/limits"
)

// setRetryAfter sets the header Retry-After if the error says when to try again.
func setRetryAfter(w http.ResponseWriter, e *chat.Error) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.Seconds()))
	}
}

// counted wraps a handler and refuses requests beyond the caller's limit.
func (s *Server) counted(h handler) handler {
	return func(w http.ResponseWriter, r *request) error {
		if err := s.take(r, limits.Requests); err != nil {
			return err
		}
		return h(w, r)
	}
}

// searching counts a request that filters a list by a text. A request without a text is not counted. Error: rate_limited.
func (s *Server) searching(r *request, text string) error {
	if text == "" {
		return nil
	}
	return s.take(r, limits.Searches)
}

// take uses one of the caller's allowance of n. Error: rate_limited.
func (s *Server) take(r *request, n limits.Name) error { return s.chat.Take(r.caller, n) }

// takeFrom is take for limits that count by address, signed in or not. Error: rate_limited.
func (s *Server) takeFrom(r *request, n limits.Name) error {
	return s.chat.TakeKey(limits.Key{From: r.caller.From}, n)
}
