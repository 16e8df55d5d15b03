package web

import (
	"net/http"

	"hearth/web/chat"
)

type adminLogData struct {
	paging
	Entries []chat.AuditEntry
}

// adminLog shows the changes that admins made, the latest first.
func (s *Server) adminLog(w http.ResponseWriter, r *request) error {
	d := adminLogData{paging: pagingOf(r, "/admin/log/")}
	entries, total, err := s.chat.AuditEntries(r.Context(), perPage, d.offset())
	if err != nil {
		return err
	}
	d.of(total)
	for i := range entries {
		entries[i].At = r.in(entries[i].At)
	}
	d.Entries = entries
	return s.adminPage(w, r, http.StatusOK, "log", r.loc.T("admin.log"), d)
}
