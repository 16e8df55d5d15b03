package e2e

import (
	"database/sql"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"hearth/web/hearthtest"
)

// link is a TCP proxy. It can swallow all that passes through the connections that are open.
type link struct {
	net.Listener
	to string

	mu    sync.Mutex
	mutes []func()
	deaf  bool
}

// newLink returns a proxy in front of s: from then on browsers find s there.
func newLink(t *testing.T, s *hearthtest.Server) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Listener: listener, to: strings.TrimPrefix(s.URL, "http://")}
	t.Cleanup(func() { _ = l.Close() })
	go l.serve()
	return l
}

func (l *link) serve() {
	for {
		from, err := l.Accept()
		if err != nil {
			return
		}
		go l.carry(from)
	}
}

// carry copies in both directions, until it is told to swallow what comes and to keep the connection open.
func (l *link) carry(from net.Conn) {
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		_ = from.Close()
		return
	}
	muted := make(chan struct{})
	l.mu.Lock()
	l.mutes = append(l.mutes, sync.OnceFunc(func() { close(muted) }))
	if l.deaf {
		l.mutes[len(l.mutes)-1]()
	}
	l.mu.Unlock()
	copy := func(out, in net.Conn) {
		defer func() {
			select {
			case <-muted:
			default:
				_ = out.Close()
			}
		}()
		b := make([]byte, 4096)
		for {
			n, err := in.Read(b)
			if err != nil {
				return
			}
			select {
			case <-muted:
				continue
			default:
			}
			if _, err := out.Write(b[:n]); err != nil {
				return
			}
		}
	}
	go copy(to, from)
	copy(from, to)
}

// swallow mutes all connections that are open now, and if deaf is set, all later ones too.
func (l *link) swallow(deaf bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = deaf
	for _, mute := range l.mutes {
		mute()
	}
	l.mutes = nil
}

// through opens a browser that is signed in as b and comes through a proxy.
func through(t *testing.T, s *hearthtest.Server, b *hearthtest.Browser, site string) *page {
	t.Helper()
	p := visitor(t, s, b.Name)
	p.site = site
	for pair := range strings.SplitSeq(b.Cookie(), "; ") {
		p.setCookie(pair)
	}
	p.expect("WebSocket connection to|ERR_|status of 426")
	return p
}

// countTries has the page count its attempts to reach the server from now on, as window.tries.
func (p *page) countTries() {
	p.t.Helper()
	p.do(`(() => {
		window.tries = 0;
		const Real = WebSocket;
		WebSocket = class extends Real {
			constructor(...args) {
				super(...args);
				window.tries++;
			}
		};
		const ask = fetch;
		window.fetch = (...args) => {
			window.tries++;
			return ask(...args);
		};
	})()`)
}

// A connection that takes everything and brings nothing is noticed, and replaced by one that works.
func TestADeadConnectionIsReplaced(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	l := newLink(t, s)
	tom := member(t, s, "tom")
	ada := through(t, s, b, "http://"+l.Addr().String())
	for _, p := range []*page{ada, tom} {
		p.open("/chat/garden/")
	}
	ada.say("before")
	tom.hears("before")

	l.swallow(false)
	begin := time.Now()
	ada.fill(composer, "into the void")
	ada.enter()
	tom.hears("into the void")
	t.Logf("a message without a receipt went out on a new connection after %.1f s", time.Since(begin).Seconds())
	ada.missing("#pending .message")

	ada.countTries()
	l.swallow(false)
	begin = time.Now()
	ada.do(`dispatchEvent(new Event("online"))`) // as after a change of networks
	ada.until("a new connection", `window.tries === 1`)
	t.Logf("a dead connection was replaced %.1f s after the computer came online", time.Since(begin).Seconds())

	ada.countTries()
	l.swallow(true) // nothing is refused, and nothing answered
	ada.do(`dispatchEvent(new Event("online"))`)
	ada.fill(composer, "after")
	ada.enter()
	ada.until("attempts that hang", `window.tries >= 3`)
	ada.sees("#line-state")
	l.swallow(false)
	begin = time.Now()
	ada.missing("#line-state")
	t.Logf("the page was back %.1f s after the link", time.Since(begin).Seconds())
	for _, p := range []*page{ada, tom} {
		p.hears("after")
		p.heard("before", "into the void", "after")
	}
}

// Whatever may have broken the connection without a word has the page ask whether it still works.
func TestWhenThePagePings(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	for _, path := range []string{"/chat/garden/", "/"} {
		ada.open(path)
		ada.do(`(() => {
			window.pings = window.pongs = 0;
			const send = WebSocket.prototype.send;
			WebSocket.prototype.send = function (data) {
				if (JSON.parse(data).type === "ping") {
					window.pings++;
					const count = ({ data }) => {
						if (!data.includes('"pong"')) return;
						window.pongs++;
						this.removeEventListener("message", count);
					};
					this.addEventListener("message", count);
				}
				return send.call(this, data);
			};
		})()`)
		for i, event := range []string{
			`void dispatchEvent(new Event("online"))`,
			`void document.dispatchEvent(new Event("visibilitychange"))`,
			`void document.dispatchEvent(new Event("resume"))`,
			`void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`,
			`(() => { const now = Date.now; Date.now = () => now() + 60_000; })()`, // the computer has slept
		} {
			// A page whose socket isn't open yet connects instead of asking, so the event is repeated.
			ada.until("a ping after "+event, `window.pings === `+strconv.Itoa(i+1)+` || `+event)
			ada.until("the answer", `window.pongs === `+strconv.Itoa(i+1))
		}
	}
}

// A visible page comes back soon after the server does, however long that was away.
func TestBackSoonAfterTheServer(t *testing.T) {
	s := start(t)
	ada := member(t, s, "ada")
	ada.expect("WebSocket connection to|ERR_|status of 426")
	ada.open("/chat/garden/")
	ada.say("before")
	s.Kill(t)
	ada.sees("#line-state")
	ada.countTries()
	ada.until("waits that have grown", `window.tries >= 9`)
	s.RestartThere(t)
	begin := time.Now()
	ada.missing("#line-state")
	t.Logf("the page was back %.1f s after the server", time.Since(begin).Seconds())

	s.Kill(t)
	ada.sees("#line-state")
	s.RestartThere(t)
	ada.fill(composer, "at once")
	ada.enter()
	ada.hears("at once")
	ada.heard("before", "at once")
}

// Where a proxy lets no WebSocket through, the page says so, what is written goes out all the same, and the log
// names the setting.
func TestAProxyWithoutWebSockets(t *testing.T) {
	s := start(t)
	b := s.SignUp(t, "ada")
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			r.Out.Header.Del("Upgrade")
			r.Out.Header.Del("Connection")
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(proxy.Close)
	tom := member(t, s, "tom")
	tom.open("/chat/garden/")
	ada := through(t, s, b, proxy.URL)
	ada.open("/chat/garden/")
	ada.reads("#line-state", "WebSockets")
	ada.fill(composer, "by post")
	ada.enter()
	tom.hears("by post")
	ada.hears("by post")
	ada.missing("#pending .message")
	ada.open("/")
	ada.reads("#line-state", "WebSockets")
	if log := s.Log(); !strings.Contains(log, "proxy_set_header Upgrade") {
		t.Errorf("the log does not name the setting:\n%s", log)
	}
}

// What was written in a room goes out from any page, once, and until then every page says where it waits.
func TestUnsentGoesOutFromAnyPage(t *testing.T) {
	s := start(t)
	lobby, tom := member(t, s, "ada"), member(t, s, "tom")
	kitchen, garden := lobby.tab(), lobby.tab()
	for _, p := range []*page{lobby, tom, kitchen, garden} {
		p.expect("WebSocket connection to|ERR_|status of 426")
	}
	garden.open("/chat/garden/")
	tom.open("/chat/garden/")
	kitchen.open("/chat/kitchen/")
	lobby.open("/")
	s.Kill(t)
	garden.sees("#line-state")
	for _, text := range []string{"one", "/pm tom two", "three"} {
		garden.fill(composer, text)
		garden.enter()
	}
	for _, p := range []*page{garden, kitchen, lobby} {
		p.reads("#unsent", "3 messages")
		p.reads(`#unsent a[href="/chat/garden/"]`, "(3)")
	}
	garden.leave()
	s.RestartThere(t)
	tom.hears("three")
	tom.heard("one", "three")
	tom.reads(`.sidebar [data-room="@ada"] .badge .number`, "1")
	for _, p := range []*page{kitchen, lobby} {
		p.missing("#unsent")
	}
	again := lobby.tab()
	again.open("/chat/garden/")
	again.hears("three")
	again.heard("one", "three")
}

// A page that only says what went wrong will do.
func TestUnsentGoesOutFromAnErrorPage(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	garden := ada.tab()
	for _, p := range []*page{ada, tom, garden} {
		p.expect("WebSocket connection to|ERR_|status of 426|status of 404")
	}
	garden.open("/chat/garden/")
	tom.open("/chat/garden/")
	s.Kill(t)
	garden.sees("#line-state")
	garden.fill(composer, "from afar")
	garden.enter()
	garden.reads("#unsent", "1 message")
	garden.leave()
	s.RestartThere(t)
	ada.open("/no/such/page")
	tom.hears("from afar")
	ada.missing("#unsent")
}

// A message that is refused says why, and can be sent again, changed, or discarded.
func TestAFailedMessageOffersChoices(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	tom.open("/chat/garden/")
	ada.open("/chat/garden/")
	refused := func(text string) {
		t.Helper()
		ada.fill(composer, text)
		ada.enter()
		ada.reads("#pending .failed .state", "nobody called")
	}
	refused("/pm max hello")
	ada.reads("#unsent", "1 message")
	ada.fill(composer, "others go on")
	ada.enter()
	tom.hears("others go on")
	ada.open("/chat/garden/") // it is still there
	ada.click("#pending .failed [data-choice=edit]")
	ada.missing("#pending .failed")
	ada.until("the words in the field", `document.querySelector(".composer-text").value === "/pm max hello"`)

	refused("/pm max hello")
	ada.click("#pending .failed [data-choice=discard]")
	ada.missing("#pending .message")
	ada.missing("#unsent")

	refused("/pm max hello")
	s.SignUp(t, "max")
	ada.click("#pending .failed [data-choice=retry]")
	ada.sees("#log .whisper")
	ada.missing("#pending .message")
	ada.heard("others go on")
}

// What the disk does not take for a moment is tried again until it does: messages, and what is done to them.
func TestThePageRetriesWhatTheDiskRefuses(t *testing.T) {
	s := start(t)
	ada, tom := member(t, s, "ada"), member(t, s, "tom")
	for _, p := range []*page{ada, tom} {
		p.open("/chat/garden/")
	}
	ada.say("first")
	tom.hears("first")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "hearth.db")+"?_txlock=exclusive&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held, err := db.Begin() // while another program writes, the server can't
	if err != nil {
		t.Fatal(err)
	}
	ada.fill(composer, "second")
	ada.enter()
	tom.point("#log .message")
	tom.click("[data-tool=react]")
	tom.sees("#reaction-picker:popover-open")
	tom.enter()
	ada.reads("#pending .state", "could not be saved")
	tom.reads("#composer-error", "could not be saved")
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	tom.hears("second")
	tom.reads("#log .reaction", "👍 1")
	tom.missing("#composer-error")
	ada.missing("#pending .message")
	ada.heard("first", "second")
}
