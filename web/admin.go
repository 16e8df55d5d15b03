package web

import "net/http"

// adminRoutes are the addresses of the admin site.
func (s *Server) adminRoutes(mux *http.ServeMux) {}
