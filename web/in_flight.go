package web

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"hearth/web/chat"
	"hearth/web/limits"
	"hearth/web/listen"
	"hearth/web/logging"
)

const (
	// unreadPerConn is how many bytes of responses may wait in memory for each connection that an address may have. The buffers
	// of the kernel are not counted.
	unreadPerConn = 64 << 10
	// maxUnread bounds the responses that wait in memory for all clients together, in bytes.
	maxUnread = 256 << 20
	// smallAnswer is the size up to which a part of a response is not counted, in bytes. Files are served in such parts.
	smallAnswer = 32 << 10
)

// inFlight counts connections, requests and unread responses by address.
type inFlight struct {
	connections *limits.Counter
	requests    *limits.Counter
	unread      *limits.Counter // bytes of answers that a handler is writing
	refused     atomic.Int64    // connections and requests
}

func newInFlight(b listen.Bounds) *inFlight {
	all, each := int64(b.All), int64(b.Address)
	return &inFlight{
		connections: limits.NewCounter(all, each),
		requests:    limits.NewCounter(all, each),
		unread:      limits.NewCounter(min(all*unreadPerConn, maxUnread), min(each*unreadPerConn, maxUnread/2)),
	}
}

var refusedConnections = logging.NewKind(slog.LevelWarn, "refused a connection or a request: too many are open", 1)

// Listener bounds how many connections l accepts from one address and in total. Connections of a trusted proxy count in total
// only, and so do all connections if the limits are off.
func (s *Server) Listener(l net.Listener) net.Listener {
	return listen.New(l, listen.Options{
		Connections: s.inFlight.connections,
		Key: func(from netip.Addr) limits.Key {
			if s.trusted(from) {
				return limits.Key{}
			}
			return s.addressKey(from)
		},
		Refused: s.inFlight.refuse,
	})
}

// addressKey returns the key under which an address is counted: the zero key if the limits are off.
func (s *Server) addressKey(from netip.Addr) limits.Key {
	if !s.options.Limits {
		return limits.Key{}
	}
	return limits.Key{From: Network(from)}
}

// refuse counts and logs a refusal.
func (f *inFlight) refuse(from netip.Addr) {
	f.refused.Add(1)
	refusedConnections.Log("from", from, "hint", "if that is the address of your proxy, name it in -proxies")
}

// bounded bounds the requests in progress, and the bytes of responses that clients do not read, for each address and in total.
// Requests beyond the bounds are refused.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from := s.address(r)
		key := s.addressKey(from)
		if err := s.chat.TakeKey(limits.Key{From: Network(from)}, limits.AllRequests); err != nil {
			s.refuseRequest(w, r, known(err))
			return
		}
		if s.inFlight.requests.Reserve(key, 1) != nil {
			s.inFlight.refuse(from)
			s.refuseRequest(w, r, errBusy)
			return
		}
		defer s.inFlight.requests.Release(key, 1)
		b := &boundedWriter{ResponseWriter: w, server: s, request: r, key: key}
		next.ServeHTTP(b, r)
		b.writeHeader()
	})
}

// errBusy refuses a request while too many of the same address, or in total, are in progress.
var errBusy = &chat.Error{Code: "rate_limited", RetryAfter: time.Second}

// refuseRequest refuses a request at little cost and closes the connection.
func (s *Server) refuseRequest(w http.ResponseWriter, r *http.Request, e *chat.Error) {
	a := &request{Request: r, loc: s.language(r, chat.Caller{})}
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Connection", "close")
	h.Set("Retry-After", strconv.Itoa(e.Seconds()))
	if strings.HasPrefix(r.URL.Path, "/api/") || r.Header.Get("Upgrade") != "" {
		failAPI(w, a, e)
		return
	}
	http.Error(w, a.text(e), http.StatusTooManyRequests)
}

// errUnread is the error of a Write that exceeds the bound of unread bytes.
var errUnread = errors.New("too much of what this address asked for is not read")

// boundedWriter counts the bytes that are being written to the client. It delays the status until the body begins, because the
// response can be refused until then.
type boundedWriter struct {
	http.ResponseWriter
	server  *Server
	request *http.Request
	key     limits.Key
	status  int // 0: none, or sent
	begun   bool
	refused bool
}

// Unwrap is for http.ResponseController.
func (w *boundedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *boundedWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status == 0 && !w.begun {
		w.status = status
	}
}

// writeHeader sends a delayed status.
func (w *boundedWriter) writeHeader() {
	if w.status != 0 && !w.begun {
		w.ResponseWriter.WriteHeader(w.status)
	}
	w.begun, w.status = true, 0
}

// Write writes a part of the response. Error: errUnread.
func (w *boundedWriter) Write(p []byte) (int, error) {
	if w.refused {
		return 0, errUnread
	}
	n := int64(len(p))
	if n <= smallAnswer {
		w.writeHeader()
		return w.ResponseWriter.Write(p)
	}
	if w.server.inFlight.unread.Reserve(w.key, n) != nil {
		return 0, w.refuse()
	}
	defer w.server.inFlight.unread.Release(w.key, n)
	w.writeHeader()
	return w.ResponseWriter.Write(p)
}

// refuse writes an error instead of the response. If the response has begun, it closes the connection.
func (w *boundedWriter) refuse() error {
	w.refused = true
	if w.begun {
		return errors.Join(errUnread, http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now()))
	}
	w.begun, w.status = true, 0
	w.server.inFlight.refuse(w.server.address(w.request))
	w.server.refuseRequest(w.ResponseWriter, w.request, errBusy)
	return errUnread
}
