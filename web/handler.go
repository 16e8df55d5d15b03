package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"hearth/web/chat"
	"hearth/web/locale"
)

// request is an HTTP request with its caller.
type request struct {
	*http.Request
	caller  chat.Caller
	loc     *locale.Locale
	session *chat.Session // nil: none
}

// in returns a time in the time zone of the reader, UTC if it is unknown.
func (r *request) in(t time.Time) time.Time {
	if r.caller.User == nil {
		return t
	}
	return t.In(r.caller.User.Location())
}

// handler answers a request or returns an error.
type handler func(w http.ResponseWriter, r *request) error

// statuses maps error codes to HTTP statuses. All other codes are 422.
var statuses = map[string]int{
	"bad_frame": http.StatusBadRequest, "sign_in": http.StatusUnauthorized, "wrong_password": http.StatusUnauthorized, "user_disabled": http.StatusUnauthorized,
	"signup_closed": http.StatusForbidden, "signup_invite": http.StatusForbidden, "invite_used": http.StatusForbidden, "guests_read": http.StatusForbidden, "first_account": http.StatusForbidden,
	"not_allowed": http.StatusForbidden, "blocked": http.StatusForbidden, "other_site": http.StatusForbidden,
	"not_found": http.StatusNotFound, "no_such_user": http.StatusNotFound, "no_such_message": http.StatusNotFound,
	"room_name_empty": http.StatusNotFound, "room_name_too_long": http.StatusNotFound, "room_name_characters": http.StatusNotFound, "room_name_dots": http.StatusNotFound,
	"method": http.StatusMethodNotAllowed, "unknown_host": http.StatusMisdirectedRequest, "room_taken": http.StatusConflict, "first_taken": http.StatusConflict,
	"too_big": http.StatusRequestEntityTooLarge, "rate_limited": http.StatusTooManyRequests, "storage": http.StatusInsufficientStorage,
	"no_such_room": http.StatusNotFound, "signin_link": http.StatusNotFound, "setup_link": http.StatusNotFound, "upgrade": http.StatusUpgradeRequired, "stopping": http.StatusServiceUnavailable,
	"internal": http.StatusInternalServerError,
}

func statusOf(e *chat.Error) int {
	if status, ok := statuses[e.Code]; ok {
		return status
	}
	return http.StatusUnprocessableEntity
}

// asked returns the request with its caller and language. After an error, the request still has a language, in which the error
// can be written.
func (s *Server) asked(r *http.Request) (*request, error) {
	a := &request{Request: r}
	caller, session, err := s.caller(r)
	a.caller, a.session = caller, session
	a.caller.From = Network(s.address(r))
	a.loc = s.language(r, caller)
	if caller.User != nil {
		a.loc = a.loc.WithClock(caller.User.Clock)
	}
	a.caller.Lang = a.loc.Code()
	return a, err
}

// serve returns a handler for net/http that calls h. If h returns an error or panics, it calls fail to write the error.
func (s *Server) serve(h handler, fail func(http.ResponseWriter, *request, *chat.Error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a, err := s.asked(r)
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				slog.Error("panic in a handler", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
				fail(w, a, chat.Errorf("internal"))
			}
		}()
		if err == nil {
			err = h(w, a)
		}
		if err == nil || errors.Is(err, context.Canceled) {
			return
		}
		e := known(err)
		if status := statusOf(e); status >= 500 {
			slog.Error("request failed", "method", r.Method, "route", r.Pattern, "err", err) // the path may contain a one-time link
		}
		setRetryAfter(w, e)
		fail(w, a, e)
	}
}

// known returns the chat.Error in err. Any other error becomes internal.
func known(err error) *chat.Error {
	var e *chat.Error
	if errors.As(err, &e) {
		return e
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return chat.Errorf("too_big", "max", big.Limit)
	}
	return &chat.Error{Code: "internal", Err: err}
}

// page serves a page. Visitors who may not see it are redirected to the log-in page.
func (s *Server) page(h handler) http.HandlerFunc { return s.serve(s.counted(h), s.failPage) }

// member serves a page that requires an account.
func (s *Server) member(h handler) http.HandlerFunc {
	return s.page(func(w http.ResponseWriter, r *request) error {
		if !r.caller.SignedIn() {
			return chat.Errorf("sign_in")
		}
		return h(w, r)
	})
}

// admin serves a page of the admin site.
func (s *Server) admin(h handler) http.HandlerFunc {
	return s.member(func(w http.ResponseWriter, r *request) error {
		if !r.caller.Admin() {
			return chat.Errorf("not_allowed")
		}
		return h(w, r)
	})
}

// api serves JSON.
func (s *Server) api(h handler) http.HandlerFunc {
	return compressed(s.serve(s.counted(h), failAPI))
}

// text returns the text of an error in the caller's language.
func (r *request) text(e *chat.Error) string {
	key, args := e.Text()
	return r.loc.T(key, args...)
}

func failAPI(w http.ResponseWriter, r *request, e *chat.Error) {
	type body struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	writeJSON(w, statusOf(e), map[string]body{"error": {e.Code, r.text(e)}})
}

// writeJSON writes v as the response. It ignores that the client has disconnected.
func writeJSON(w http.ResponseWriter, status int, v any) {
	startJSON(w, status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
}

func startJSON(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
}

// failPage writes the page of an error, or redirects to the log-in page.
func (s *Server) failPage(w http.ResponseWriter, r *request, e *chat.Error) {
	status := statusOf(e)
	looks := r.Method == http.MethodGet || r.Method == http.MethodHead
	if status == http.StatusUnauthorized && looks && !r.caller.SignedIn() {
		http.Redirect(w, r.Request, "/login/?next="+queryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	heading := r.heading(e.Code, strconv.Itoa(status))
	v := s.view(r, heading)
	p := problem{Status: status, Heading: heading, Text: r.text(e), BackURL: "/", Back: r.loc.T("page.back"), Again: keptForm(r, status)}
	if e.Code == "unknown_host" { // every other page is refused as well
		p.BackURL, p.Back = "/login/", r.loc.T("login.submit")
	}
	v.Data = p
	if err := s.render(w, r, status, "error", v); err != nil {
		slog.Error("show an error page", "err", err)
	}
}

// heading returns the title of the error page: the one of the first of kinds that has a title, or a general one.
func (r *request) heading(kinds ...string) string {
	for _, kind := range kinds {
		if text := r.loc.T("problem.heading." + kind); !strings.HasPrefix(text, "problem.") {
			return text
		}
	}
	return r.loc.T("problem.heading")
}

// problem is the data of the error page.
type problem struct {
	Status        int
	Heading, Text string
	BackURL, Back string
	Again         *kept // a form that can be sent again, nil for none
}

// seeOther redirects to another page after a form (303).
func seeOther(w http.ResponseWriter, r *request, url string) error {
	http.Redirect(w, r.Request, url, http.StatusSeeOther)
	return nil
}
