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
	// buffer is the size of melody's buffer for one connection, in frames. Only the close frame goes through it; all other
	// frames go through our outbound queue, because melody silently drops frames when its buffer is full.
	buffer = 2
	// pongWait, with the hub's leaveDelay, is within the 60 s of PROTOCOL.md for clients that answer no ping. pingPeriod
	// leaves time for a second ping.
	pongWait   = 54 * time.Second
	pingPeriod = 25 * time.Second
	// handshakeWait is the write timeout of the answer to the handshake, some 200 bytes. Only a client that sent other
	// requests on the connection and has not read their answers makes the server wait.
	handshakeWait = 5 * time.Second
	// writeWait is the write timeout.
	writeWait = 20 * time.Second
)

// Melody returns the melody instance with which Open upgrades requests. It must have no other sessions.
func Melody() *melody.Melody {
	m := melody.New()
	m.Config.WriteWait, m.Config.PongWait, m.Config.PingPeriod = writeWait, pongWait, pingPeriod
	m.Config.MaxMessageSize, m.Config.MessageBufferSize = MaxFrame, buffer
	m.Upgrader = &websocket.Upgrader{
		ReadBufferSize:  256, // saves memory of idle connections; longer frames are read in pieces
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

// wire is the connection under a session. It leads from the session to its Conn.
type wire struct {
	*frameChecker
	conn *Conn
}

// of returns the Conn of a session.
func of(s *melody.Session) *Conn { return s.WebsocketConnection().NetConn().(wire).conn }

// guard calls f and handles a panic, which net/http would swallow and for which melody would leak the session.
func (c *Conn) guard(f func()) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("panic on a socket", "panic", p, "stack", string(debug.Stack()))
			c.Close(websocket.CloseInternalServerErr, "internal error")
		}
	}()
	f()
}
