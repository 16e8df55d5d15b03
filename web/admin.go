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

// doneFlash are the lines that say what has been done, after a redirect to ?done=<name>.
var doneFlash = map[string]bool{
	"user_created": true, "details": true, "password": true, "admin": true, "unadmin": true, "disable": true, "enable": true, "signout": true,
	"room": true, "member_add": true, "member_remove": true, "archive": true, "restore": true, "room_deleted": true,
	"message_deleted": true, "settings": true, "rooms_archived": true, "rooms_deleted": true, "messages_deleted": true,
	"invites_revoked": true, "everything_deleted": true, "going_on": true,
}

// adminPage writes a page of the admin site.
func (s *Server) adminPage(w http.ResponseWriter, r *request, status int, page, title string, data any) error {
	v := s.view(r, title)
	q := r.URL.Query()
	if done := q.Get("done"); doneFlash[done] && r.Method == http.MethodGet {
		v.Flash = r.loc.T("admin.done." + done)
	}
	q.Del("done")
	v.Path = r.URL.EscapedPath()
	if len(q) > 0 {
		v.Path += "?" + q.Encode()
	}
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = data
	return s.render(w, r, status, "admin/"+page, v)
}

// paging is which page of a long list is shown.
type paging struct {
	Query              string
	Page, Pages, Total int
	Base               string // the URL that a page's number is put behind
	size               int    // how many are on a page
}

// pagingOf is the page of the list at path that is asked for.
func pagingOf(r *request, path string) paging {
	p := paging{Query: r.FormValue("q"), Page: pageNumber(r, "page"), size: perPage}
	p.Base = path + "?q=" + queryEscape(p.Query) + "&page="
	return p
}

// pagingBy is pagingOf for one of several lists on a page: its number is the parameter page.
func pagingBy(r *request, path, page string, size int) paging {
	return paging{Page: pageNumber(r, page), Base: path + "?" + page + "=", size: size}
}

// pageNumber is which page the parameter asks for, from 1 on.
func pageNumber(r *request, parameter string) int {
	if n, err := strconv.Atoi(r.FormValue(parameter)); err == nil && n > 1 && n < 1<<20 {
		return n
	}
	return 1
}

func (p paging) offset() int { return (p.Page - 1) * p.size }

// of says how long the list is.
func (p *paging) of(total int) { p.Total, p.Pages = total, max(1, (total+p.size-1)/p.size) }

// adminID is the id in the address.
func adminID(r *request) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, chat.Errorf("not_found")
	}
	return id, nil
}

// orNotFound makes a missing row a missing page.
func orNotFound(err error) error {
	if errors.Is(err, chat.ErrNotFound) {
		return chat.Errorf("not_found")
	}
	return err
}

// orUnprocessable is the status of a form that names what isn't there: the page is not missing.
func orUnprocessable(status int) int {
	if status == http.StatusNotFound {
		return http.StatusUnprocessableEntity
	}
	return status
}
