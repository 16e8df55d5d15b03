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
func TestEnteringWhileTheRoomIsCreated(t *testing.T) {
	t.Parallel()
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

// A room that is made again under the name of a deleted one is another line. Who was away meanwhile
// must not take what is said there for the rest of the old one.
func TestARoomCreatedAgainHasAnotherSequence(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	say := func(texts ...string) {
		for _, text := range texts {
			if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": text}); r.Status != http.StatusCreated {
				t.Fatal(r.Status, r.Body)
			}
		}
	}
	say("one", "two", "three")
	wantGone(t, "delete", ada.Post("/admin/rooms/1/", "action", "delete", "confirm", "r"), "/admin/rooms/?done=room_deleted")
	say("another one", "another two", "another three", "another four", "another five")
	ada.DialBatched("/ws/chat/r/?after=3").Until("reset")
	ada.DialBatched("/ws/chat/r/?after=2").Until("reset")

	sock := ada.DialBatched("/ws/chat/r/?after=0")
	seq := sock.Until("user_list").Int("seq")
	last := int64(0)
	for _, text := range []string{"another one", "another two", "another three", "another four", "another five"} {
		f := sock.Until("chat_message")
		if f.Text("message") != text || f.Int("seq") <= last {
			t.Fatalf("after number %d came %v", last, f)
		}
		last = f.Int("seq")
	}
	if last != seq {
		t.Errorf("the list ends with %d, the line with %d", seq, last)
	}
	sock.Say("still going")
	if f := sock.Until("chat_message"); f.Int("seq") != last+1 {
		t.Errorf("after number %d came %d", last, f.Int("seq"))
	}
	ada.DialBatched(fmt.Sprintf("/ws/chat/r/?after=%d", last)).Until("chat_message")
}

// Joining while others talk must give every message once: from the history or live.
func TestJoiningUnderLoadHasNoGapAndNothingTwice(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	talker := ada.Dial("/ws/chat/r/")
	go read(talker)
	stop := make(chan bool)
	done := make(chan bool)
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if talker.WriteJSON(map[string]string{"message": fmt.Sprint(i)}) != nil {
				return
			}
			time.Sleep(200 * time.Microsecond)
		}
	}()
	bob := s.SignUp(t, "bob")
	seq := int64(0)
	for round := range 40 {
		dial := bob.Dial
		if round%2 == 0 {
			dial = bob.DialBatched
		}
		sock := dial(fmt.Sprintf("/ws/chat/r/?after=%d", seq))
		for range 30 {
			f := sock.Next()
			if f.Type() == "reset" {
				seq = f.Int("seq")
				continue
			}
			if f.Type() != "chat_message" {
				continue
			}
			if f.Int("seq") != seq+1 {
				t.Fatalf("round %d: after number %d came %d", round, seq, f.Int("seq"))
			}
			seq++
		}
		_ = sock.Close()
	}
	close(stop)
	_ = talker.Close()
	<-done
	if seq == 0 {
		t.Error("nothing came")
	}
}
