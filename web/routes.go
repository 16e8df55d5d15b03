package web

import "net/http"

// routes is every address of the site.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /{$}", s.page(s.lobby))
	mux.HandleFunc("GET /chat/{$}", s.page(s.lobby))
	mux.HandleFunc("GET /conversations/{$}", s.member(s.conversations))
	mux.HandleFunc("GET /rooms/new/{$}", s.member(s.newRoom))
	mux.HandleFunc("POST /rooms/{$}", s.member(s.createRoom))
	mux.HandleFunc("GET /chat/{room}/{$}", s.page(s.room))
	mux.HandleFunc("POST /chat/{room}/{$}", s.page(s.postMessage))
	mux.HandleFunc("POST /chat/{room}/settings/{$}", s.member(s.changeRoom))
	mux.HandleFunc("POST /chat/{room}/members/{$}", s.member(s.changeMembers))

	s.accountRoutes(mux)
	s.adminRoutes(mux)

	mux.HandleFunc("GET /ws/chat/{room}/{$}", s.socket(s.roomSocket))
	mux.HandleFunc("GET /ws/chat/{room}", s.socket(s.roomSocket))
	mux.HandleFunc("GET /users/{$}", s.socket(s.peopleSocket))
	mux.HandleFunc("GET /new-user/{$}", s.socket(s.tableSocket))
	for _, path := range []string{"/ws/", "/users/", "/new-user/"} {
		mux.HandleFunc(path, s.api(noSuchPath))
	}

	mux.HandleFunc("GET /api/rooms", s.api(s.listRooms))
	mux.HandleFunc("GET /api/rooms/{room}/messages", s.api(s.listMessages))
	mux.HandleFunc("POST /api/rooms/{room}/messages", s.api(s.createMessage))
	mux.HandleFunc("GET /api/users", s.api(s.listUsers))
	mux.HandleFunc("/api/", s.api(noSuchPath))

	mux.HandleFunc("GET /static/{hash}/{file...}", s.serveAsset)
	mux.HandleFunc("GET /favicon.ico", s.serveRootAsset("img/favicon.svg"))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("/", s.page(noSuchPath))
	return mux
}
