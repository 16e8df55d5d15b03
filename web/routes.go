package web

import "net/http"

// routes returns a handler for every address of the site.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()

	mux.HandleFunc("GET /{$}", s.page(s.lobby))
	mux.HandleFunc("GET /chat/{$}", s.page(s.lobby))
	mux.HandleFunc("GET /conversations/{$}", s.member(s.conversations))
	mux.HandleFunc("GET /rooms/new/{$}", s.member(s.newRoom))
	mux.HandleFunc("POST /rooms/{$}", s.member(s.createRoom))
	mux.HandleFunc("GET /groups/new/{$}", s.member(s.newGroup))
	mux.HandleFunc("POST /groups/{$}", s.member(s.createGroup))
	mux.HandleFunc("POST /read/{$}", s.member(s.markAllRead))
	mux.HandleFunc("GET /chat/{room}/{$}", s.page(s.room))
	mux.HandleFunc("POST /chat/{room}/{$}", s.page(s.postMessage))
	mux.HandleFunc("POST /chat/{room}/read/{$}", s.member(s.markRead))
	mux.HandleFunc("GET /chat/{room}/settings/{$}", s.member(s.showRoomSettings))
	mux.HandleFunc("POST /chat/{room}/settings/{$}", s.member(s.changeRoomSettings))
	mux.HandleFunc("GET /chat/{room}/members/{$}", s.member(s.showRoomSettings))
	mux.HandleFunc("POST /chat/{room}/members/{$}", s.member(s.changeMembers))
	mux.HandleFunc("POST /chat/{room}/membership/{$}", s.member(s.changeMembership))
	mux.HandleFunc("GET /chat/{room}/people/{$}", s.member(s.showAddPeople))
	mux.HandleFunc("POST /chat/{room}/people/{$}", s.member(s.addPeople))
	mux.HandleFunc("GET /mentions/{$}", s.member(s.mentions))
	mux.HandleFunc("GET /people/{name}/{$}", s.page(s.showPerson))
	mux.HandleFunc("GET /people/{name}/card/{$}", s.page(s.showCard))

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
	mux.HandleFunc("POST /api/rooms/{room}/membership", s.api(s.setMembership))
	mux.HandleFunc("GET /api/rooms/{room}/read", s.api(s.showPosition))
	mux.HandleFunc("POST /api/rooms/{room}/read", s.api(s.movePosition))
	mux.HandleFunc("GET /api/rooms/{room}/people", s.api(s.listRoomPeople))
	mux.HandleFunc("POST /api/rooms/{room}/people", s.api(s.addToGroup))
	mux.HandleFunc("GET /api/groups", s.api(s.listGroups))
	mux.HandleFunc("POST /api/groups", s.api(s.openGroup))
	mux.HandleFunc("GET /api/users", s.api(s.listUsers))
	mux.HandleFunc("POST /api/users/{user}/block", s.api(s.setBlock))
	mux.HandleFunc("GET /api/emoji", s.api(s.listEmoji))
	mux.HandleFunc("/api/", s.api(noSuchPath))

	mux.HandleFunc("GET /static/{hash}/{file...}", s.serveAsset)
	mux.HandleFunc("GET /favicon.ico", s.serveRootAsset("img/favicon.svg"))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("/", s.page(noSuchPath))
	return mux
}

// accountRoutes adds the addresses of log-in, sign-up and profile. Some have a second spelling, which clients that follow
// tutorials use.
func (s *Server) accountRoutes(mux *http.ServeMux) {
	for _, path := range []string{"/login/{$}", "/log_in/{$}"} {
		mux.HandleFunc("GET "+path, s.page(s.showLogin))
		mux.HandleFunc("POST "+path, s.page(s.login))
	}
	for _, path := range []string{"/logout/{$}", "/log_out/{$}"} {
		mux.HandleFunc("GET "+path, s.page(s.showLogout))
		mux.HandleFunc("POST "+path, s.page(s.logout))
	}
	for _, path := range []string{"/sign_up/{$}", "/signup/{$}"} {
		mux.HandleFunc("GET "+path, s.page(s.showSignup))
		mux.HandleFunc("POST "+path, s.page(s.signUp))
	}
	mux.HandleFunc("GET "+setupPath+"{token}/{$}", s.page(s.showSignup))
	mux.HandleFunc("POST "+setupPath+"{token}/{$}", s.page(s.signUp))
	mux.HandleFunc("GET "+signinPath+"{token}/{$}", s.page(s.showSigninLink))
	mux.HandleFunc("POST "+signinPath+"{token}/{$}", s.page(s.useSigninLink))
	mux.HandleFunc("GET /profile/{$}", s.member(s.showProfile))
	mux.HandleFunc("POST /profile/{$}", s.member(s.changeProfile))
	mux.HandleFunc("POST /blocks/{$}", s.member(s.changeBlock))
	mux.HandleFunc("GET /guest/{$}", s.page(s.showGuest))
	mux.HandleFunc("POST /guest/{$}", s.page(s.nameGuest))
	mux.HandleFunc("GET /guest/ended/{$}", s.page(s.guestEnded))
	mux.HandleFunc("POST /language/{$}", s.page(s.chooseLanguage))
}

// adminRoutes adds the addresses of the admin site. A form is sent to the address of its page. If a page has several forms, the
// field "action" selects the change.
func (s *Server) adminRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /admin/{$}", s.admin(s.adminHome))
	mux.HandleFunc("GET /admin/users/{$}", s.admin(s.adminUsers))
	mux.HandleFunc("GET /admin/users/new/{$}", s.admin(s.adminNewUser))
	mux.HandleFunc("POST /admin/users/new/{$}", s.admin(s.adminCreateUser))
	mux.HandleFunc("GET /admin/users/{id}/{$}", s.admin(s.adminUser))
	mux.HandleFunc("POST /admin/users/{id}/{$}", s.admin(s.adminChangeUser))
	mux.HandleFunc("POST /admin/users/{id}/made/{$}", s.admin(s.adminChangeMade))
	mux.HandleFunc("GET /admin/guests/{$}", s.admin(s.adminGuests))
	mux.HandleFunc("POST /admin/guests/{$}", s.admin(s.adminRemoveGuests))
	mux.HandleFunc("GET /admin/rooms/{$}", s.admin(s.adminRooms))
	mux.HandleFunc("POST /admin/rooms/{$}", s.admin(s.adminChangeRooms))
	mux.HandleFunc("GET /admin/rooms/{id}/{$}", s.admin(s.adminRoom))
	mux.HandleFunc("POST /admin/rooms/{id}/{$}", s.admin(s.adminChangeRoom))
	mux.HandleFunc("GET /admin/invites/{$}", s.admin(s.showInvites))
	mux.HandleFunc("POST /admin/invites/{$}", s.admin(s.changeInvites))
	mux.HandleFunc("GET /admin/messages/{$}", s.admin(s.adminMessages))
	mux.HandleFunc("POST /admin/messages/{$}", s.admin(s.adminDeleteMessage))
	mux.HandleFunc("GET /admin/settings/{$}", s.admin(s.adminSettings))
	mux.HandleFunc("POST /admin/settings/{$}", s.admin(s.adminChangeSettings))
	mux.HandleFunc("GET /admin/log/{$}", s.admin(s.adminLog))
}
