// Package web is the HTTP server: pages, forms, sockets and the API.
package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"hearth/web/chat"
	"hearth/web/listen"
	"hearth/web/ws"
)

// Hub is the channel layer that web needs.
type Hub interface {
	chat.Hub
	// Connect upgrades the request to a socket and returns once that is connected.
	Connect(w http.ResponseWriter, r *http.Request, s ws.Socket) error
	// Count returns how many sockets are open. Cut returns how many were closed because they read too slowly.
	Count() int
	Cut() int64
}

// Health returns an error if the database cannot be used.
type Health interface {
	Healthy(ctx context.Context) error
}

// Options are the settings of a server.
type Options struct {
	Version string
	// Limits turns the limits on. They are off for load tests and trusted networks.
	Limits bool
	// Proxies are the networks of trusted proxies: their X-Forwarded-For, -Proto and -Host headers are used.
	Proxies []netip.Prefix
	// Hosts are additional host names of this server, in lower case.
	Hosts []string
}

// Server answers requests.
type Server struct {
	chat      *chat.Chat
	hub       Hub
	auth      Auth
	health    Health
	options   Options
	assets    *assets
	pages     *pages
	parts     *parts
	texts     map[string]json.RawMessage // of scripts, by language
	table     *peopleTable
	admission *admission
	inFlight  *inFlight
	setup     setupToken
	names     []string // of this server
	started   time.Time

	learning atomic.Bool // a host name is being stored
}

// New returns a server.
func New(c *chat.Chat, h Hub, a Auth, d Health, o Options) (*Server, error) {
	s := &Server{chat: c, hub: h, auth: a, health: d, options: o, started: time.Now(), setup: newSetupToken(), names: serverNames(o.Hosts), admission: newAdmission(), parts: newParts(), inFlight: newInFlight(listen.BoundsFor(listen.Files()))}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.texts, err = s.scriptTexts(); err != nil {
		return nil, err
	}
	if s.pages, err = s.loadPages(); err != nil {
		return nil, err
	}
	s.table = newTable(s)
	c.WatchPeople(s.table.changed)
	return s, nil
}

// Handler returns the handler of all routes, behind the middleware.
func (s *Server) Handler() http.Handler { return s.protect(s.routes()) }
