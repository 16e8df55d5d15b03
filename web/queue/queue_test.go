package queue

import (
	"slices"
	"testing"
)

func collect(q *Queue) *[]string {
	var got []string
	q.Write = func(p []byte) { got = append(got, string(p)) }
	return &got
}

func TestAWindowAtATimeInOrder(t *testing.T) {
	q := Queue{Window: 2, Limit: 100}
	got := collect(&q)
	for _, s := range []string{"a", "b", "c", "d"} {
		if !q.Push([]byte(s)) {
			t.Fatalf("no room for %s", s)
		}
	}
	if !slices.Equal(*got, []string{"a", "b"}) || q.UnderWay() != 2 {
		t.Fatalf("handed on %v, %d under way", *got, q.UnderWay())
	}
	q.Sent()
	q.Sent()
	if !slices.Equal(*got, []string{"a", "b", "c", "d"}) {
		t.Errorf("handed on %v", *got)
	}
}

func TestTheBoundIsInBytesAndNothingFollowsAGap(t *testing.T) {
	q := Queue{Window: 1, Limit: 4}
	got := collect(&q)
	for _, s := range []string{"x", "ab", "cd"} {
		if !q.Push([]byte(s)) {
			t.Fatalf("no room for %s", s)
		}
	}
	q.PushAny([]byte("a long answer"))
	if q.Push([]byte("e")) {
		t.Fatal("more than the bound was taken")
	}
	if q.Close() {
		t.Error("an overrun closes the queue")
	}
	q.Push([]byte("f"))
	q.Sent()
	q.Sent()
	if !slices.Equal(*got, []string{"x"}) {
		t.Errorf("after the overrun came %v", *got)
	}
}

func TestPushDoesNotAllocateWhileTheReaderKeepsUp(t *testing.T) {
	q := Queue{Window: 4, Limit: 100, Write: func([]byte) {}}
	p := []byte("a message")
	if n := testing.AllocsPerRun(100, func() { q.Push(p); q.Sent() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
