package web

import (
	"net/http"

	"hearth/web/chat"
)

type conversationsData struct {
	paging
	Directs []directLink
}

// conversations lists all private conversations of the caller, the latest first.
func (s *Server) conversations(w http.ResponseWriter, r *request) error {
	d := conversationsData{paging: pagingOf(r, "/conversations/")}
	talks, total, err := s.chat.Conversations(r.Context(), r.caller.User.ID, d.size, d.offset())
	if err != nil {
		return err
	}
	d.of(total)
	d.Directs = s.directLinks(r, talks)
	v := s.view(r, r.loc.T("sidebar.directs"))
	if err := s.addSidebar(r, v); err != nil {
		return err
	}
	v.Data = d
	return s.render(w, r, http.StatusOK, "conversations", v)
}

func (s *Server) directLinks(r *request, talks []chat.Conversation) []directLink {
	links := make([]directLink, 0, len(talks))
	for _, t := range talks {
		if t.With == nil {
			links = append(links, directLink{Name: t.Group, Display: chat.GroupTitle(r.loc, t.People, r.caller.User.ID), URL: roomURL(t.Group), Group: true,
				Unread: t.Unread, Last: t.Last})
			continue
		}
		links = append(links, directLink{Name: t.With.Name, Display: t.With.DisplayIn(r.loc.Code()), Former: t.With.Deleted, URL: roomURL("@" + t.With.Name),
			Presence: s.presence(t.With), Status: t.With.StatusAt(s.chat.Now()), Unread: t.Unread, Last: t.Last})
	}
	return links
}
