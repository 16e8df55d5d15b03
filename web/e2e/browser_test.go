// Package e2e tells stories of people who use Hearth: the built program in a real Chromium.
package e2e

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"hearth/web/hearthtest"
)

const (
	// patience is how long a story waits for what must come. Nothing is measured with it.
	patience = time.Minute
	// beat is how often a condition is looked at.
	beat = 15 * time.Millisecond
)

var errNoBrowser = errors.New("no Chromium here: apt-get install chromium, or set HEARTH_CHROMIUM to the path of one")

// chromium returns the path of the browser, "" if there is none.
func chromium() string {
	if path := os.Getenv("HEARTH_CHROMIUM"); path != "" {
		return path
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// browser is the one process that all tests share; stop ends it.
var (
	browser = sync.OnceValues(startBrowser)
	stop    = func() {}
)

// houseHost is a name of this computer to the browser, as one in a house: not of localhost, whose pages
// browsers trust as they trust HTTPS.
const houseHost = "house.local"

func startBrowser() (context.Context, error) {
	path := chromium()
	if path == "" {
		return nil, errNoBrowser
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox, // containers and build machines have none to offer
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("host-resolver-rules", "MAP "+houseHost+" 127.0.0.1"),
		chromedp.WSURLReadTimeout(patience),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	stop = func() { cancel(); cancelAllocator() }
	return ctx, chromedp.Do(ctx)
}

func TestMain(m *testing.M) {
	code := hearthtest.Main(m)
	stop()
	os.Exit(code)
}

// start runs a server for one story, or skips it where there is no browser. On build machines,
// which set CI, a missing browser is a failure.
func start(t *testing.T, args ...string) *hearthtest.Server {
	t.Helper()
	hearthtest.Slow(t, "a browser")
	_, err := browser()
	if errors.Is(err, errNoBrowser) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel() // stories wait more than they work, and each has a server of its own
	return hearthtest.Start(t, args...)
}

// visitor opens a browser of its own, with an empty page and nobody signed in.
func visitor(t *testing.T, s *hearthtest.Server, who string) *page {
	t.Helper()
	shared, err := browser()
	if err != nil {
		t.Fatal(err)
	}
	return newPage(t, shared, s.URL, who, chromedp.WithNewBrowserContext())
}

// member signs up and opens a browser that is signed in. The first one is the admin.
func member(t *testing.T, s *hearthtest.Server, name string) *page {
	t.Helper()
	return signedIn(t, s, s.SignUp(t, name))
}

// signedIn opens a browser that has b's session.
func signedIn(t *testing.T, s *hearthtest.Server, b *hearthtest.Browser) *page {
	t.Helper()
	p := visitor(t, s, b.Name)
	for pair := range strings.SplitSeq(b.Cookie(), "; ") {
		p.setCookie(pair)
	}
	return p
}

func (p *page) setCookie(pair string) {
	p.t.Helper()
	name, value, _ := strings.Cut(pair, "=")
	_, err := chromedp.Call(p.ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: p.site})
	p.check("set a cookie", err)
}
