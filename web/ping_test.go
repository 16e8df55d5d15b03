package web_test

import (
	"testing"

	"hearth/web/hearthtest"
)

// Every socket answers a ping, in either dialect, whoever asks and wherever it is.
func TestPing(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t, "-guests", "read")
	ada, visitor := s.SignUp(t, "ada"), s.Visitor(t)
	for _, path := range []string{"/ws/chat/r/", "/ws/chat/@ada/", "/users/", "/new-user/"} {
		for _, b := range []*hearthtest.Browser{ada, visitor} {
			if path == "/ws/chat/@ada/" && b == visitor {
				continue
			}
			for _, sock := range []*hearthtest.Socket{b.Dial(path), b.DialBatched(path)} {
				sock.Send(map[string]string{"type": "ping"})
				if f := sock.Until("pong"); len(f) != 2 || f["message"] != "" {
					t.Errorf("%s at %s got %v", b.Name, path, f)
				}
			}
		}
	}
}
