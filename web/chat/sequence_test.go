package chat

import (
	"context"
	"testing"
)

// When a room has used all sequence numbers, a new message is refused. It does not get an id of the next room.
func TestASequenceHasAnEnd(t *testing.T) {
	t.Parallel()
	p := newTestChat(t)
	full, other := p.room("full", Open), p.room("other", Open)
	err := p.disk.Write(context.Background(), func(tx Tx) error {
		_, err := tx.Exec("UPDATE room SET first = ? WHERE id = ?", maxSeq-1, full.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	last := p.say(p.admin, "full", "the last word")
	if last.Seq != maxSeq || last.RoomID != full.ID {
		t.Errorf("the last word is number %d of room %d", last.Seq, last.RoomID)
	}
	p.Say(context.Background(), p.admin, "full", Draft{Text: "one more"}, func(_ *Message, _ *Room, _ bool, err error) {
		wantCode(t, err, "storage", "")
	})
	wantCode(t, p.Delete(context.Background(), p.admin, last.ID), "storage", "")
	if said := p.say(p.admin, "other", "the first word"); said.Seq != 1 || said.RoomID != other.ID {
		t.Errorf("the first word is number %d of room %d", said.Seq, said.RoomID)
	}
	if err := p.DeleteRoom(context.Background(), p.admin, full, "full"); err != nil {
		t.Errorf("the full room can't be deleted: %v", err)
	}
}
