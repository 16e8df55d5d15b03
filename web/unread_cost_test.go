package web_test

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

var unreadReaders = flag.Int("unread.readers", 30, "how many people are told what is unread in TestUnreadFrames")

// unreadFrames counts the unread events and messages that pages get.
func unreadFrames(pages []*openPage) (n int64) {
	for _, p := range pages {
		n += p.unread.Load()
	}
	return n
}

// People who are told what they have not read in rooms where others talk.
func TestUnreadFrames(t *testing.T) {
	t.Parallel()
	hearthtest.Slow(t, "it counts the frames of many seconds")
	const rounds = 3
	n := *unreadReaders
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	crowd := s.Crowd(t, "member", n)
	ada = s.LogIn(t, "ada")
	say := func(room int, text string) {
		if r := ada.PostJSON(fmt.Sprintf("/api/rooms/r%d/messages", room), map[string]string{"message": text}); r.Status != http.StatusCreated {
			t.Fatal(r.Status, r.Body)
		}
	}
	var direct time.Duration // for a frame with a message, which nobody has to count
	for _, rooms := range []int{0, 1, 10} {
		path := func(int) string { return "/users/" }
		if rooms == 0 {
			say(0, "so that the room is there")
			path = func(int) string { return "/ws/chat/r0/" }
		}
		for room := range rooms {
			say(room, "so that the room is there")
			for _, b := range crowd {
				if r := b.Get(fmt.Sprintf("/chat/r%d/", room)); r.Status != http.StatusOK { // whoever has looked at a room is told of it
					t.Fatal(r.Status)
				}
			}
		}
		var size atomic.Int64
		pages := come(t, s, crowd, 0, path, nil, &size)
		var used time.Duration
		told := int64(0)
		for round := range rounds + 1 {
			before := cpuTime(t, s)
			begun := unreadFrames(pages)
			for room := range max(1, rooms) {
				say(room, fmt.Sprint("round ", round))
			}
			for unreadFrames(pages)-begun < int64(n*max(1, rooms)) {
				time.Sleep(20 * time.Millisecond)
			}
			time.Sleep(time.Second) // what is still being done, and the room's count in all lists
			if round > 0 {          // the rooms have been loaded, and all greetings are over
				used += cpuTime(t, s) - before
				told += int64(n * max(1, rooms))
			}
		}
		leave(pages)
		each := used / time.Duration(told)
		if rooms == 0 {
			direct = each
			t.Logf("%d people get a message: %.1f µs CPU each", n, each.Seconds()*1e6)
			continue
		}
		t.Logf("%d people are told what is unread in %d rooms: %.1f µs CPU a room, %.2f times that of a message", n, rooms, each.Seconds()*1e6, each.Seconds()/direct.Seconds())
	}
}

// isUnread reports whether a line is an unread event or a message.
func isUnread(line []byte) bool {
	return bytes.HasPrefix(line, []byte(`{"type":"unread"`)) || bytes.HasPrefix(line, []byte(`{"type":"chat_message"`))
}
