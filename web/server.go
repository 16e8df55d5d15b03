// Package web is everything that faces a browser or a client: pages, forms, sockets, the API.
package web

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"hearth/web/chat"
	"hearth/web/frame"
	"hearth/web/limits"
	"hearth/web/listen"
)

// Limits of the protocol.
const (
	// MaxFrame is the longest frame that a client may send, in bytes.
	MaxFrame = 64 << 10
	// Batched is the subprotocol in which a frame may hold several events.
	Batched = "hearth.1"
)

// Hub is the channel layer as web needs it.
type Hub interface {
	chat.Hub
	// Connect upgrades the request to a socket and returns once that is connected.
	Connect(w http.ResponseWriter, r *http.Request, s Socket) error
	// Count is how many sockets are open, Cut how many were closed for reading too slowly.
	Count() int
	Cut() int64
	// UserChanged has the sockets that watch a user told that it looks different, or if presence is set that
	// it came or went.
	UserChanged(userID int64, presence bool)
	// UserCreated has lobby pages told that a user has just got an account.
	UserCreated(userID int64)
}

// Socket is what a handler tells the hub of a connection that it accepts.
type Socket struct {
	Caller chat.Caller
	Room   *chat.Room // where the caller is seen to be; nil: nowhere
	Groups []string   // what else it listens to
	Cards  bool       // the page shows rooms as cards, with faces
	// Listens is what Groups are with the rights of now; nil: they stay as they are.
	Listens func() ([]string, error)
	// Start greets the client: here are the people that were in the room. It must end with
	// Live. Frame gets what the client sends, one at a time; nil: nothing is expected.
	Start func(c Conn, here []string)
	Frame func(c Conn, frame []byte)
	// Received gets the ids of private messages that a client of the plain dialect has received, of
	// each conversation the last one. nil: nobody needs to know.
	Received func(ids []int64)
	// Allowed says why the caller may no longer be here, nil if it may.
	Allowed func() error

	Limits frame.Limits // on what the client may send
	Ended  func()       // called once the socket is gone; not if Connect fails
}

// Conn is an open socket.
type Conn interface {
	// Send answers this socket alone, in order.
	Send(events ...chat.Event)
	// Replay is Send for many events: a portion at a time, as the client reads them. It reports
	// whether the socket is still open.
	Replay(events ...chat.Event) bool
	// Ended is closed once the connection has ended.
	Ended() <-chan struct{}
	// Live lets through what happened since the socket was opened, but for the room's events
	// up to seq and the private messages among told.
	Live(seq int64, told []chat.Event)
	// Batched reports whether the client speaks hearth.1.
	Batched() bool
	// Watch has the socket told how these users are, instead of those it watched before. Error: storage.
	Watch(users []int64) error
	// Close ends the socket with a close frame.
	Close(code int, reason string)
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
	chat     *chat.Chat
	hub      Hub
	auth     Auth
	health   Health
	options  Options
	assets   *assets
	pages    *pages
	table    *table
	door     *door
	inFlight *inFlight
	setup    setupToken
	names    []string // of this server
	started  time.Time

	learning atomic.Bool // a name is being learned from a request
}

// New makes a server of its parts.
func New(c *chat.Chat, h Hub, a Auth, d Health, o Options) (*Server, error) {
	s := &Server{chat: c, hub: h, auth: a, health: d, options: o, started: time.Now(), setup: newSetupToken(), names: serverNames(o.Hosts), door: newDoor(), inFlight: newInFlight(listen.BoundsFor(listen.Files()))}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.pages, err = s.loadPages(); err != nil {
		return nil, err
	}
	s.table = newTable(s)
	c.WatchPeople(s.tellPeople)
	if o.Limits {
		c.Limit(limits.NewSet())
	}
	return s, nil
}

// Handler is the way in: all routes behind what every request passes.
func (s *Server) Handler() http.Handler { return s.protect(s.routes()) }
