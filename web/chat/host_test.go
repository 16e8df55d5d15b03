package chat

import (
	"context"
	"fmt"
	"testing"
)

func TestHostsOfAdminsAreBounded(t *testing.T) {
	t.Parallel()
	h := newEmptyChat(t)
	ctx := context.Background()
	for i := range maxHosts + 2 {
		for range 2 { // the second time, the name is known
			if err := h.LearnHost(ctx, fmt.Sprintf("chat%d.example.org", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]bool{"chat0.example.org": false, "chat1.example.org": false, "chat2.example.org": true, "chat33.example.org": true, "example.org": false, "": false} {
		if known, err := h.KnowsHost(ctx, name); known != want || err != nil {
			t.Errorf("%q is known: %v, %v", name, known, err)
		}
	}
	admin := Caller{User: &User{ID: 1, Admin: true}}
	if err := h.ForgetHost(ctx, Caller{User: &User{ID: 2}}, "chat2.example.org"); err == nil {
		t.Error("anybody can have a name forgotten")
	}
	if err := h.ForgetHost(ctx, admin, "chat2.example.org"); err != nil {
		t.Error(err)
	}
	if known, err := h.KnowsHost(ctx, "chat2.example.org"); known || err != nil {
		t.Errorf("a name is not forgotten: %v", err)
	}
	for _, name := range []string{"two names", "a..b", ".a", "a.", "", "ünicode.example", "UPPER.example", "a/b", "a:1", "<b>"} {
		if err := h.LearnHost(ctx, name); err != nil || ValidHost(name) {
			t.Errorf("%q is taken for the name of a host: %v", name, err)
		}
	}
	if known, err := h.KnowsHost(ctx, "two"); known || err != nil {
		t.Errorf("half a name is known: %v", err)
	}
}
