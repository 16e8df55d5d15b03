package chat

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkNews looks for news of a person who has opened 1000 rooms.
func BenchmarkNews(b *testing.B) {
	p := newTestChat(b)
	bob := p.user("bob")
	err := p.disk.Write(context.Background(), func(tx Tx) error {
		for i := range int64(1000) {
			if _, err := tx.Exec("INSERT INTO room (id, name, name_key, access, created_at) VALUES (?1, ?2, ?2, 'open', 0)", i+1, fmt.Sprint("room", i)); err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO membership (user_id, room_id, read) VALUES (?, ?, 3)", bob.ID, i+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	p.forgetRooms()
	for b.Loop() {
		if n, err := p.News(context.Background(), bob); err != nil || len(n.rooms) != 1000 {
			b.Fatal(n, err)
		}
	}
}
