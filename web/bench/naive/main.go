// Naive is the chat that one writes first: melody, a row in SQLite for each message before it is
// broadcast, encoding/json. It is what Hearth is measured beside (go test ./web/bench -bench .), and
// it promises less: nothing is synced to the disk, and a full buffer drops messages silently.
package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/olahol/melody"
	_ "modernc.org/sqlite"
)

type frame struct {
	Type      string    `json:"type"`
	ID        int64     `json:"id,omitempty"`
	Room      string    `json:"room"`
	User      string    `json:"user"`
	Message   string    `json:"message"`
	Timestamp time.Time `json:"timestamp"`
}

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "address")
	data := flag.String("data", ".", "folder")
	flag.String("limits", "", "ignored")
	flag.String("signup", "", "ignored")
	flag.Parse()
	if err := serve(*addr, *data); err != nil {
		log.Fatal(err)
	}
}

func serve(addr, data string) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "naive.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)")
	if err != nil {
		return err
	}
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY, room TEXT, user TEXT, text TEXT, at TEXT)"); err != nil {
		return err
	}
	m := melody.New()
	m.Upgrader.CheckOrigin = func(*http.Request) bool { return true }
	tell := func(room string, f frame) {
		f.Room, f.Timestamp = room, time.Now()
		b, err := json.Marshal(f)
		if err != nil {
			log.Print(err)
			return
		}
		err = m.BroadcastFilter(b, func(s *melody.Session) bool { return s.Request.URL.Path == room })
		if err != nil {
			log.Print(err)
		}
	}
	user := func(s *melody.Session) string { return s.Request.URL.Query().Get("user") }
	m.HandleConnect(func(s *melody.Session) {
		tell(s.Request.URL.Path, frame{Type: "user_join", User: user(s), Message: user(s) + " joined"})
	})
	m.HandleDisconnect(func(s *melody.Session) {
		tell(s.Request.URL.Path, frame{Type: "user_leave", User: user(s), Message: user(s) + " left"})
	})
	m.HandleMessage(func(s *melody.Session, b []byte) {
		var f frame
		if err := json.Unmarshal(b, &f); err != nil {
			return
		}
		room := s.Request.URL.Path
		row, err := db.Exec("INSERT INTO message (room, user, text, at) VALUES (?, ?, ?, ?)", room, user(s), f.Message, time.Now().Format(time.RFC3339Nano))
		if err != nil {
			log.Print(err)
			return
		}
		id, err := row.LastInsertId()
		if err != nil {
			log.Print(err)
			return
		}
		tell(room, frame{Type: "chat_message", ID: id, User: user(s), Message: f.Message})
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("  Open  http://%s/\n", l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := m.HandleRequest(w, r); err != nil {
			log.Print(err)
		}
	}))
}
