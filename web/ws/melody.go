package ws

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/olahol/melody"
)

const (
	// buffer is melody's for one conn, in frames. Only the close frame goes through it: what is sent
	// has a line of its own, because melody drops silently what its buffer has no room for.
	buffer = 2
	// pongWait is within the 60 s of PROTOCOL.md for peers that answer no ping, with the hub's grace;
	// pingPeriod leaves one ping time to be answered.
	pongWait   = 54 * time.Second
	pingPeriod = 25 * time.Second
	// handshakeWait is how long the client may take to make room for the answer to its handshake, some
	// 200 bytes. It has to wait only if it asked for other things before and has not read them.
	handshakeWait = 5 * time.Second
	// writeWait is how long one write may take before the peer counts as gone.
	writeWait = 20 * time.Second
)

// Melody is what conns are opened with: its sessions are those of conns and of nothing else.
func Melody() *melody.Melody {
	m := melody.New()
	m.Config.WriteWait, m.Config.PongWait, m.Config.PingPeriod = writeWait, pongWait, pingPeriod
	m.Config.MaxMessageSize, m.Config.MessageBufferSize = MaxFrame, buffer
	m.Upgrader = &websocket.Upgrader{
		ReadBufferSize:  256, // memory of idle conns; longer frames are read in pieces
		WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		HandshakeTimeout: handshakeWait,
		Subprotocols:     []string{Batched},
		CheckOrigin:      func(*http.Request) bool { return true }, // web has checked it
	}
	m.HandleConnect(func(s *melody.Session) { of(s).guard(func() { of(s).connected(s) }) })
	m.HandleDisconnect(func(s *melody.Session) { of(s).guard(of(s).disconnected) })
	m.HandleMessage(func(s *melody.Session, b []byte) { of(s).guard(func() { of(s).received(s, b) }) })
	m.HandlePong(func(s *melody.Session) { of(s).guard(func() { of(s).tellReceived(false) }) })
	m.HandleError(func(s *melody.Session, err error) { of(s).guard(func() { of(s).broken(s, err) }) })
	m.HandleMessageBinary(func(s *melody.Session, _ []byte) {
		of(s).guard(func() { of(s).fail(s, websocket.CloseUnsupportedData, "send text frames, not binary ones") })
	})
	return m
}

// wire is the connection under a session, and how the conn is found that the session is of.
type wire struct {
	*frameChecker
	conn *Conn
}

// of is the conn of a session.
func of(s *melody.Session) *Conn { return s.WebsocketConnection().NetConn().(wire).conn }

// guard calls f. net/http would swallow a panic, and melody leak the session.
func (c *Conn) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic on a socket", "panic", p, "stack", string(debug.Stack()))
			c.Close(websocket.CloseInternalServerErr, "internal error")
		}
	}()
	f()
}
