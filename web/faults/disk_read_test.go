package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// shownBy is what stands for the parts in braces of a route.
var shownBy = strings.NewReplacer("{$}", "", "{room}", "r", "{id}", "2", "{name}", "ada")

// notRead are routes below which there is nothing to read for somebody who is signed in, or that are read in another way. The room r does
// not exist, so it has no settings.
var notRead = regexp.MustCompile(`^/(ws|users|new-user|static|sign_up|login|guest|invite|setup|link|password|chat/r/(settings|members|people))/`)

// routesThatShow returns the addresses of all pages and answers of the API, from the source.
func routesThatShow(t *testing.T) (paths []string) {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	route := regexp.MustCompile(`mux\.HandleFunc\("GET (/[^"]*)"`)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range route.FindAllStringSubmatch(string(source), -1) {
			path := shownBy.Replace(m[1])
			if notRead.MatchString(path) {
				continue
			}
			if strings.Contains(path, "{") {
				t.Errorf("say in shownBy or notRead what is to be read at %s", path)
			}
			paths = append(paths, path)
		}
	}
	if len(paths) < 15 {
		t.Fatalf("only %d routes are found", len(paths))
	}
	return paths
}

// readEverything reads all pages and opens all sockets, as an admin and as somebody else.
func readEverything(t *testing.T, d *diskTalk) {
	t.Helper()
	for name, b := range map[string]*hearthtest.Browser{"ada": d.ada, "bob": d.bob} {
		paths := append(routesThatShow(t), "/?q=a", "/chat/nobody-spoke-here/", "/chat/room0/", "/chat/room1/?before=99999999999", "/chat/@bob/",
			"/chat/@ada/", "/api/rooms/room3/messages", "/api/rooms/@ada/messages")
		if name == "ada" { // the owner
			paths = append(paths, "/chat/room0/settings/")
		}
		for _, path := range paths {
			if name != "ada" && strings.HasPrefix(path, "/admin/") {
				continue
			}
			r := b.Get(path)
			for r.Status == 303 && len(r.Header.Get("Location")) > 1 {
				r = b.Get(r.Header.Get("Location"))
			}
			if r.Status != 200 && path != "/healthz" { // that says how the disk is
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
}

// The same while the disk takes no write at all.
func TestReadingOnADiskThatIsReadOnly(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	t.Parallel()
	s := hearthtest.StartAs(t, []string{plainProgram(t)}, t.TempDir())
	d := newDiskTalk(t, s)
	for i := range 5 {
		if r := d.ada.PostJSON(fmt.Sprint("/api/rooms/room", i, "/messages"), map[string]string{"message": "hello"}); r.Status != 201 {
			t.Fatal(r.Status, r.Body)
		}
	}
	stop := injectFault(t, s, "", "pwrite64,ftruncate,fsync,fdatasync:error=EROFS")
	if !d.untilRefused(5) {
		t.Fatal("everything was acknowledged on a read-only disk")
	}
	readEverything(t, d)
	stop()
	d.health(200)
}

// Who only reads gets everything while the disk is full: also rooms that they have never looked at, for
// which a read position is to be stored, and sockets.
func TestReadingOnAFullDisk(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
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
	readEverything(t, d)
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
