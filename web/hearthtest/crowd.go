package hearthtest

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/securecookie"
	_ "modernc.org/sqlite" // the database of the server
)

// Crowd creates n accounts called NAME0000, NAME0001 and so on, and returns a signed-in browser for each. It is faster than
// signing up: it stops the server, writes the accounts into its database, and starts it again. An account must exist before.
func (s *Server) Crowd(t testing.TB, name string, n int) []*Browser {
	t.Helper()
	seal := s.sealer(t)
	cookies := make([]string, n)
	s.Edit(t, func(tx *sql.Tx) {
		for i := range n {
			user := fmt.Sprintf("%s%04d", name, i)
			token := make([]byte, 32)
			_, _ = rand.Read(token) // never fails
			hash := sha256.Sum256(token)
			now := time.Now()
			_, err := tx.Exec("INSERT INTO user (name, name_key, name_look, search, password, created_at) SELECT ?1, ?1, ?1, ?1, password, created_at FROM user LIMIT 1", user)
			if err == nil {
				_, err = tx.Exec("INSERT INTO session (token_hash, user_id, created_at, seen_at) SELECT ?, id, ?, ? FROM user WHERE name = ?", hash[:], now.UnixMilli(), now.UnixMilli(), user)
			}
			if err == nil {
				cookies[i], err = seal(token)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	var browsers []*Browser
	for i, cookie := range cookies {
		b := s.Visitor(t)
		b.Name = fmt.Sprintf("%s%04d", name, i)
		at, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "hearth", Value: cookie}})
		browsers = append(browsers, b)
	}
	return browsers
}

// sealer returns a function that seals a session's token into a cookie with the server's keys.
func (s *Server) sealer(t testing.TB) func(token []byte) (string, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Data, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	var keys []struct{ Hash, Block []byte }
	if err := json.Unmarshal(text, &keys); err != nil || len(keys) == 0 {
		t.Fatalf("keys.json: %v", err)
	}
	codec := securecookie.New(keys[0].Hash, keys[0].Block).SetSerializer(securecookie.NopEncoder{})
	return func(token []byte) (string, error) { return codec.Encode("session", token) }
}
