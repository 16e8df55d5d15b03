package web_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// A room is made when somebody speaks in it. Who is just coming in at that moment must neither
// miss what was said first nor get it twice.
func TestComingInWhileTheRoomIsMade(t *testing.T) {
	const rooms, sockets = 25, 12 // in one room out of ten, somebody comes at the very moment
	s := hearthtest.Start(t)
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	for i := range rooms {
		room := fmt.Sprintf("room-%d", i)
		var busy sync.WaitGroup
		for range sockets {
			busy.Go(func() { expectTwo(t, ada, room) })
		}
		for _, text := range []string{"first", "second"} {
			if r := bob.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": text}); r.Status != http.StatusCreated {
				t.Errorf("%s: %d %s", room, r.Status, r.Body)
			}
		}
		busy.Wait()
	}
}

// expectTwo comes into a room and waits until it has heard, or been told that there were, two messages.
func expectTwo(t *testing.T, b *hearthtest.Browser, room string) {
	sock, _, err := b.TryDial("/ws/chat/"+room+"/", nil, "hearth.1")
	if err != nil {
		t.Errorf("%s: %v", room, err)
		return
	}
	defer sock.Close()
	for had := int64(-1); had < 2; {
		f, err := sock.TryNext(20 * time.Second) // machines that run tests are busy
		switch {
		case err != nil:
			t.Errorf("%s, after number %d: %v", room, had, err)
			return
		case f.Type() == "user_list" && had < 0:
			had = f.Int("seq")
		case f.Type() != "chat_message":
		case f.Int("seq") != had+1:
			t.Errorf("%s: number %d came after %d", room, f.Int("seq"), had)
			return
		default:
			had++
		}
	}
}
