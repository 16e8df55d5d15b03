// Package web is everything that faces a browser or a client: pages, forms, sockets, the API.
package web

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"hearth/web/chat"
	"hearth/web/listen"
	"hearth/web/ws"
)

// Hub is the channel layer as web needs it.
type Hub interface {
	chat.Hub
	// Connect upgrades the request to a socket and returns once that is connected.
	Connect(w http.ResponseWriter, r *http.Request, s ws.Socket) error
	// Count is how many sockets are open, Cut how many were closed for reading too slowly.
	Count() int
	Cut() int64
}

// Health reports why the database can't be used, if it can't.
type Health interface {
	Healthy(ctx context.Context) error
}

// Options are the server's settings, fixed at its start.
type Options struct {
	Version string
	// Limits turns the rate limits on. Off is for load tests and trusted networks.
	Limits bool
	// Proxies are the addresses whose X-Forwarded-For, -Proto and -Host are believed.
	Proxies []netip.Prefix
	// Hosts are names of this server beside those that it knows by itself, in lower case.
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
	table     *peopleTable
	admission *admission
	inFlight  *inFlight
	setup     setupToken
	names     []string // of this server
	started   time.Time

	learning atomic.Bool // a name is being learned from a request
}

// New makes a server of its parts.
func New(c *chat.Chat, h Hub, a Auth, d Health, o Options) (*Server, error) {
	s := &Server{chat: c, hub: h, auth: a, health: d, options: o, started: time.Now(), setup: newSetupToken(), names: serverNames(o.Hosts), admission: newAdmission(), inFlight: newInFlight(listen.BoundsFor(listen.Files()))}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = s.loadPages(); err != nil {
		return nil, err
	}
	s.table = newTable(s)
	c.WatchPeople(s.table.changed)
	return s, nil
}

// Handler is the way in: all routes behind what every request passes.
func (s *Server) Handler() http.Handler { return s.protect(s.routes()) }
