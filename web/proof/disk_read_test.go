package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"hearth/web/hearthtest"
)

// Who only reads gets everything while the disk is full: also rooms that they have never looked at, for
// which a read position is to be stored, and sockets.
func TestReadingOnAFullDisk(t *testing.T) {
	disk := smallDisk(t, 8)
	s := hearthtest.StartIn(t, filepath.Join(disk, "data"))
	d := newDiskTalk(t, s)
	for i := range 5 {
		if r := d.ada.PostJSON(fmt.Sprint("/api/rooms/room", i, "/messages"), map[string]string{"message": "hello"}); r.Status != 201 {
			t.Fatal(r.Status, r.Body)
		}
	}
	d.ada.PostJSON("/api/rooms/@bob/messages", map[string]string{"message": "psst"})
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	if !d.untilRefused(5) {
		t.Fatal("everything was acknowledged on a full disk")
	}
	for name, b := range map[string]*hearthtest.Browser{"ada": d.ada, "bob": d.bob} {
		paths := []string{"/", "/?q=a", "/conversations/", "/profile/", "/chat/r/", "/chat/nobody-spoke-here/", "/chat/room0/", "/chat/room1/?before=99999999999", "/chat/@bob/",
			"/chat/@ada/", "/rooms/new/", "/logout/", "/api/rooms", "/api/rooms/room3/messages", "/api/rooms/@ada/messages", "/api/users"}
		if name == "ada" {
			paths = append(paths, "/admin/", "/admin/users/", "/admin/users/2/", "/admin/rooms/", "/admin/rooms/1/", "/admin/messages/", "/admin/invites/", "/admin/settings/", "/admin/log/")
		}
		for _, path := range paths {
			r := b.Get(path)
			for r.Status == 303 && len(r.Header.Get("Location")) > 1 {
				r = b.Get(r.Header.Get("Location"))
			}
			if r.Status != 200 {
				t.Errorf("%s reads %s: %d", name, path, r.Status)
			}
		}
		sock := b.DialBatched("/ws/chat/room2/?after=0")
		last := sock.Until("chat_message")
		sock.Send(map[string]any{"type": "read", "id": last.Int("id")})
		sock.Until("read")
		b.Dial("/users/").Until("presence")
		b.Dial("/new-user/").Until("user_update")
		b.Dial("/ws/chat/room4/").Until("chat_message")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	d.health(200)
	s.Stop(t) // what was left behind meanwhile is written now
	s.Restart(t)
	bob := s.LogIn(t, "bob")
	d.ada = s.LogIn(t, "ada")
	elsewhere := bob.DialBatched("/ws/chat/r/")
	d.ada.PostJSON("/api/rooms/room2/messages", map[string]string{"message": "again"})
	if f := elsewhere.Until("unread"); f["room"] != "room2" || f.Int("unread") != 1 {
		t.Errorf("what bob read on the full disk is forgotten: %v", f)
	}
}
