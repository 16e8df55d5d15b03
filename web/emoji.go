package web

import (
	"net/http"
	"strings"

	"hearth/web/emoji"
)

// maxEmoji is the most emoji in one response.
const maxEmoji = 50

type apiEmoji struct {
	Shortcode string `json:"shortcode"`
	Emoji     string `json:"emoji"`
}

// listEmoji returns emoji with a shortcode that contains ?q=: first those whose shortcode begins with it.
func (s *Server) listEmoji(w http.ResponseWriter, r *request) error {
	limit, err := number(r, "limit", maxEmoji)
	if err != nil {
		return err
	}
	text := strings.ToLower(r.FormValue("q"))
	found := make([]apiEmoji, 0, maxEmoji)
	for _, matches := range []func(name string) bool{
		func(name string) bool { return strings.HasPrefix(name, text) },
		func(name string) bool { return !strings.HasPrefix(name, text) && strings.Contains(name, text) },
	} {
		for _, e := range emoji.All() {
			for _, name := range e.Shortcodes {
				if len(found) < int(min(limit, maxEmoji)) && matches(name) {
					found = append(found, apiEmoji{name, e.Text})
					break
				}
			}
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"emoji": found})
	return nil
}
