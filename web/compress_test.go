package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// The API compresses long responses for clients that accept that, and no others.
func TestTheAPICompresses(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	for range 20 {
		through(t, ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": strings.Repeat("the same again ", 50)}))
	}
	get := func(path, accept string) (body, encoding string, size int) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", ada.Cookie())
		r.Header.Set("Accept-Encoding", accept)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		sent, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, encoding = string(sent), answer.Header.Get("Content-Encoding")
		if encoding == "gzip" {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			whole, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(whole)
		}
		if answer.StatusCode != http.StatusOK || !strings.Contains(answer.Header.Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %d, %v", path, answer.StatusCode, answer.Header)
		}
		return body, encoding, len(sent)
	}
	long, none, size := get("/api/rooms/tea/messages", "identity")
	zipped, encoding, small := get("/api/rooms/tea/messages", "gzip, br")
	if none != "" || encoding != "gzip" || zipped != long || small*4 > size {
		t.Errorf("%q, then %q; %d bytes, compressed %d", none, encoding, size, small)
	}
	if _, encoding, _ := get("/api/emoji?q=tada", "gzip"); encoding != "" {
		t.Errorf("a short response is compressed with %q", encoding)
	}
}
