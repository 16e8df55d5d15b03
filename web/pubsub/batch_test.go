package pubsub

import (
	"fmt"
	"testing"

	"hearth/web/chat"
)

// The first join is sent at once, and the following ones are sent together: a few as single events, many as lists of names.
func TestJoinsAndLeavesAreMerged(t *testing.T) {
	t.Parallel()
	var b batch
	told := make(chan struct{}, 1)
	tell := func() { told <- struct{}{} }
	if !b.add(coming{"ada", "ada", true}, tell) {
		t.Fatal("the first has to wait")
	}
	wantLines(t, b.take(), `{"type":"user_join","message":"ada joined","user":"ada"}`)
	for _, x := range []coming{{"bob", "Bob", true}, {"bob", "bob", false}} {
		if b.add(x, tell) {
			t.Fatal("what follows doesn't wait")
		}
	}
	<-told
	wantLines(t, b.take(), `{"type":"user_join","message":"bob joined","user":"bob","display":"Bob"}`, `{"type":"user_leave","message":"bob left","user":"bob"}`)
	for i := range maxSingle {
		b.add(coming{fmt.Sprint("p", i), "", true}, tell)
	}
	b.add(coming{name: "p0"}, tell)
	<-told
	wantLines(t, b.take(), `{"type":"users_left","message":"1 person left","users":["p0"]}`, `{"type":"users_joined","message":"4 people joined","users":["p1","p2","p3","p4"]}`)
	if len(told) > 0 || len(b.take()) > 0 {
		t.Error("something is told twice")
	}
}

func wantLines(t *testing.T, events []chat.Event, want ...string) {
	t.Helper()
	var got []string
	for _, e := range events {
		if e.Plain {
			t.Errorf("a plain client gets %s", e.JSON(chat.Reader{}))
		}
		got = append(got, string(e.JSON(chat.Reader{Lang: "en"})))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("told\n%v, want\n%v", got, want)
	}
}
