package web

import (
	"errors"
	"net/http"
	"strconv"

	"hearth/web/chat"
)

func (s *Server) adminHome(w http.ResponseWriter, r *request) error {
	return seeOther(w, r, "/admin/users/")
}

// doneFlash holds the keys of the messages that a page shows after a redirect to ?done=<name>.
var doneFlash = map[string]bool{
	"user_created": true, "user_deleted": true, "guest_removed": true, "guests_removed": true, "details": true, "password": true, "admin": true, "unadmin": true, "disable": true, "enable": true, "signout": true,
	"room": true, "member_add": true, "member_remove": true, "archive": true, "restore": true, "room_deleted": true,
	"message_deleted": true, "settings": true, "rooms_archived": true, "rooms_deleted": true, "messages_deleted": true,
	"invites_revoked": true, "everything_deleted": true, "going_on": true,
}

// flash sets what a page says after a redirect to ?done=<name>, and removes that from its path.
func (v *view) flash(r *request) {
	q := r.URL.Query()
	done := q.Get("done")
	if done == "" {
		return
	}
	if doneFlash[done] && r.Method == http.MethodGet {
		v.Flash = r.loc.T("admin.done." + done)
	}
	q.Del("done")
	v.Path = r.URL.EscapedPath()
	if len(q) > 0 {
		v.Path += "?" + q.Encode()
	}
}

// adminPage writes a page of the admin site.
func (s *Server) adminPage(w http.ResponseWriter, r *request, status int, page, title string, data any) error {
	v := s.view(r, title)
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, status, "admin/"+page, v)
}

// paging says which page of a long list is shown.
type paging struct {
	Query              string
	Page, Pages, Total int
	Base               string // the URL without the number of the page, which follows it
	size               int    // how many rows a page has
}

// pagingOf returns the requested page of the list at path.
func pagingOf(r *request, path string) paging {
	p := paging{Query: r.FormValue("q"), Page: pageNumber(r, "page"), size: perPage}
	p.Base = path + "?q=" + queryEscape(p.Query) + "&page="
	return p
}

// pagingBy is pagingOf for one of several lists on a page. The parameter named page has its number.
func pagingBy(r *request, path, page string, size int) paging {
	return paging{Page: pageNumber(r, page), Base: path + "?" + page + "=", size: size}
}

// pageNumber returns the number in the parameter, at least 1.
func pageNumber(r *request, parameter string) int {
	if n, err := strconv.Atoi(r.FormValue(parameter)); err == nil && n > 1 && n < 1<<20 {
		return n
	}
	return 1
}

func (p paging) offset() int { return (p.Page - 1) * p.size }

// of sets the length of the list.
func (p *paging) of(total int) { p.Total, p.Pages = total, max(1, (total+p.size-1)/p.size) }

// adminID returns the id in the URL.
func adminID(r *request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, chat.Errorf("not_found")
	}
	return id, nil
}

// orNotFound turns a missing row into the error of a missing page.
func orNotFound(err error) error {
	if errors.Is(err, chat.ErrNotFound) {
		return chat.Errorf("not_found")
	}
	return err
}

// orUnprocessable replaces 404 by 422, for a form that names a thing that does not exist: the page itself exists.
func orUnprocessable(status int) int {
	if status == http.StatusNotFound {
		return http.StatusUnprocessableEntity
	}
	return status
}
