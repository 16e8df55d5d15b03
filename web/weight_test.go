package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// fetched returns the text of a page or file, and its compressed size.
func fetched(t *testing.T, b *hearthtest.Browser, url string) (text string, size int) {
	t.Helper()
	b.Header = http.Header{"Accept-Encoding": {"gzip"}}
	defer func() { b.Header = nil }()
	r := b.Get(url)
	if r.Status != http.StatusOK {
		t.Fatalf("%s: %d", url, r.Status)
	}
	if r.Header.Get("Content-Encoding") != "gzip" {
		return r.Body, len(r.Body)
	}
	z, err := gzip.NewReader(strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := io.Copy(&plain, z); err != nil {
		t.Fatal(err)
	}
	return plain.String(), len(r.Body)
}

// A first visit of a room fits into 100 KB: the page into the first packets of a connection, and one stylesheet. The head of the page
// names every module, so that none is requested late.
func TestWeightOfAFirstVisit(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for i := range 60 {
		ada.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": fmt.Sprint("Message ", i, " has some words, **a bold one** and https://example.org/", i)})
	}
	page, size := fetched(t, ada, "/chat/kitchen/")
	if size > 14<<10 {
		t.Errorf("the page has %d bytes", size)
	}
	files := []string{}
	for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"#]+)`).FindAllStringSubmatch(page, -1) {
		if !slices.Contains(files, m[1]) {
			files = append(files, m[1])
		}
	}
	total := size
	for _, file := range files {
		text, size := fetched(t, ada, file)
		switch path.Ext(file) {
		case ".png", ".webmanifest": // not loaded to show the page
			continue
		case ".css":
			if size > 25<<10 {
				t.Errorf("%s has %d bytes", file, size)
			}
		case ".js":
			for _, m := range regexp.MustCompile(`(?m)^import [^"]*"\./([^"]+)";`).FindAllStringSubmatch(text, -1) {
				if imported := path.Join(path.Dir(file), m[1]); !slices.Contains(files, imported) {
					t.Errorf("the page does not name %s, which %s imports", imported, file)
				}
			}
		}
		total += size
	}
	t.Logf("page %d bytes, all %d", size, total)
	if total > 100_000 || len(files) < 30 {
		t.Errorf("%d files with %d bytes in all", len(files), total)
	}
}

// The script in the head of a room's page is the only one that the Content-Security-Policy permits beside files of the server.
func TestPolicyPermitsTheScriptOfThePage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	r := s.SignUp(t, "ada").Get("/chat/kitchen/")
	m := regexp.MustCompile(`(?s)<script data-path="([^"]+)">(.*?)</script>`).FindStringSubmatch(r.Body)
	if m == nil || m[1] != "/ws/chat/kitchen/?after=0" {
		t.Fatalf("the page has no script in its head: %q", m)
	}
	sum := sha256.Sum256([]byte(m[2]))
	want := "script-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"
	if policy := r.Header.Get("Content-Security-Policy"); !strings.Contains(policy, want) {
		t.Errorf("the policy is %q", policy)
	}
}

// A page that is open already gets the main part of another room, with the version of the files that the part needs.
func TestPartOfAPage(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	ada.PostJSON("/api/rooms/kitchen/messages", map[string]string{"message": "hello"})
	whole := ada.Get("/chat/kitchen/")
	ada.Header = http.Header{"Hearth-Part": {"main"}}
	part := ada.Get("/chat/kitchen/")
	version := part.Header.Get("Hearth-Part")
	if part.Status != http.StatusOK || version == "" || !strings.Contains(whole.Body, "/static/"+version+"/") {
		t.Fatalf("%d, version %q", part.Status, version)
	}
	if !strings.HasPrefix(part.Body, "<title>#kitchen") || !strings.Contains(part.Body, `<main class="pane room"`) || strings.Contains(part.Body, "sidebar-body") {
		t.Errorf("the part is %.300q…", part.Body)
	}
	if vary := strings.Join(part.Header.Values("Vary"), ","); !strings.Contains(vary, "Hearth-Part") {
		t.Errorf("Vary is %q", vary)
	}
	if r := ada.Get("/chat/@nobody/"); r.Status != http.StatusNotFound || r.Header.Get("Hearth-Part") != "" {
		t.Errorf("a conversation with nobody: %d, version %q", r.Status, r.Header.Get("Hearth-Part"))
	}
}
