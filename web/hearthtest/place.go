package hearthtest

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Place is what Populate puts into a server's database, beside the accounts that were created before.
type Place struct {
	Rooms, People int
	// Messages is how many messages each room has.
	Messages int
	// Longest makes the names, topics and texts as long as they may be.
	Longest bool
	// Unread leaves all messages unread for accounts that were created before. Otherwise nothing is unread for them, because they
	// have opened all rooms.
	Unread bool
}

// Populate stops the server, writes rooms called room0000 and so on and people called person0000 and so on into its database, and
// starts it again. The people have no password that anybody knows. An account must exist before.
func (s *Server) Populate(t testing.TB, p Place) {
	t.Helper()
	s.Edit(t, func(tx *sql.Tx) { p.write(t, tx) })
}

// Edit stops the server, changes its database in a transaction, and starts it again.
func (s *Server) Edit(t testing.TB, change func(tx *sql.Tx)) {
	t.Helper()
	s.Stop(t)
	db, err := sql.Open("sqlite", filepath.Join(s.Data, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	change(tx)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
}

func (p Place) write(t testing.TB, tx *sql.Tx) {
	t.Helper()
	exec := func(query string, args ...any) int64 {
		t.Helper()
		r, err := tx.Exec(query, args...)
		if err != nil {
			t.Fatal(err)
		}
		id, err := r.LastInsertId()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	now := time.Now().UnixMilli()
	var before int64
	if err := tx.QueryRow("SELECT max(id) FROM user").Scan(&before); err != nil {
		t.Fatal(err)
	}
	sender := int64(1)
	for i := range p.People {
		x := p.person(i)
		sender = exec("INSERT INTO user (name, name_key, name_look, display_name, email, search, password, created_at, last_seen) VALUES (?1, ?1, ?1, ?2, ?3, lower(?1 || ' ' || ?2), '', ?4, ?5)",
			x.user, x.name, x.email, now-int64(i%400)*86_400_000, now-int64(i)*60_000)
	}
	for i := range p.Rooms {
		x := p.room(i)
		room := exec("INSERT INTO room (name, name_key, topic, access, created_by, created_at, open_since) VALUES (?1, ?1, ?2, 'open', 1, ?3, 0)", x.name, x.topic, now)
		for n := range p.Messages {
			exec("INSERT INTO message (id, sender, text, created_at) VALUES (? << 32 | ?, ?, ?, ?)", room, n+1, sender, x.text, now+int64(n))
		}
		if !p.Unread {
			exec("INSERT INTO membership (user_id, room_id, read) SELECT id, ?, ? FROM user WHERE id <= ?", room, p.Messages, before)
		}
	}
}

type somebody struct{ user, name, email string }

func (p Place) person(i int) somebody {
	x := somebody{user: fmt.Sprintf("person%04d", i), name: fmt.Sprintf("Person Number %d", i), email: fmt.Sprintf("person%d@example.org", i)}
	if p.Longest && i%3 == 0 {
		x.user += strings.Repeat("x", 150-len(x.user))
		x.name = strings.Repeat("Wolfeschlegelsteinhausen ", 6)[:149]
		x.email = strings.Repeat("e", 64) + "@" + strings.Repeat("mail", 40) + ".example.org"
	}
	if p.Longest && i%3 == 1 {
		x.name = "王" + strings.Repeat("小龙", 74)
	}
	return x
}

type somewhere struct{ name, topic, text string }

func (p Place) room(i int) somewhere {
	x := somewhere{name: fmt.Sprintf("room%04d", i), topic: fmt.Sprint("The topic of room ", i), text: "Spare fuses are in the drawer by the window."}
	if p.Longest && i%3 == 0 {
		x.name += strings.Repeat("-abcdefghi", 12)
		x.topic = strings.Repeat("Benches, tools, who has the key and who has not. ", 5)
		x.text = strings.Repeat("Donaudampfschifffahrtsgesellschaft", 40)
	}
	if p.Longest && i%3 == 1 {
		x.name += strings.Repeat("木工房", 40)
		x.topic = strings.Repeat("工具和材料", 50)
		x.text = strings.Repeat("早上好，大家今天过得怎么样？", 20)
	}
	return x
}
