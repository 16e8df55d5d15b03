package cli_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// An admin whose database is damaged can restore a backup by following the messages that Hearth prints.
func TestDamageBackupRestore(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	db := filepath.Join(s.Data, "hearth.db")
	backup := filepath.Join(t.TempDir(), "backup.db")
	ada := s.SignUp(t, "ada")
	for i := range 300 { // more data than fits into the first pages, which stay undamaged, and into the page cache
		if r := ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": strings.Repeat(fmt.Sprint(i, " "), 500)}); r.Status != 201 {
			t.Fatal(r.Status, r.Body)
		}
	}
	if out, status := s.Command(t, "", "backup", backup); status != 0 {
		t.Fatalf("backup beside the server: %d %s", status, out)
	}
	s.Stop(t)
	s.Restart(t)

	size, err := os.Stat(db)
	if err != nil {
		t.Fatal(err)
	}
	const kept = 100 << 10 // the schema and the small tables
	noise := strings.Repeat("\xa5", int(size.Size())-kept)
	f, err := os.OpenFile(db, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte(noise), kept)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if r := ada.Get("/api/rooms/r/messages"); r.Status < 500 {
		t.Fatalf("damage was read as %d %s", r.Status, r.Body)
	}
	s.Kill(t) // after that, s.Log returns the whole log
	if log := s.Log(); !strings.Contains(log, "hearth restore BACKUP -data "+s.Data) {
		t.Errorf("the log doesn't say what to do:\n%s", log)
	}

	damaged, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	out, status := s.Run(t, "", s.Args...)
	if status != failed || strings.Count(strings.TrimSpace(out), "\n") > 0 || !strings.Contains(out, "is damaged") || !strings.Contains(out, "hearth restore BACKUP -data "+s.Data) {
		t.Errorf("a start with a damaged database: %d %s", status, out)
	}
	if after, err := os.ReadFile(db); err != nil || !bytes.Equal(damaged, after) {
		t.Errorf("the damaged file was changed (%v)", err)
	}
	out, status = s.Command(t, "", "restore", backup)
	if status != 0 || !strings.Contains(out, "kept as") {
		t.Fatalf("restore: %d %s", status, out)
	}
	s.Restart(t)
	if r := s.LogIn(t, "ada").Get("/api/rooms/r/messages"); !strings.Contains(r.Body, "299 299") {
		t.Errorf("after restoring: %d %.200s", r.Status, r.Body)
	}
}

// A restored backup lacks the messages that were stored after it was made. A client that has received them and then resumes
// must get a reset: new messages must not get the same sequence numbers.
func TestARestoredRoomHasAnotherSequence(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	say := func(room string, n int) {
		t.Helper()
		for range n {
			if r := ada.PostJSON("/api/rooms/"+room+"/messages", map[string]string{"message": "hello"}); r.Status != http.StatusCreated {
				t.Fatal(r.Status, r.Body)
			}
		}
	}
	say("r", 3)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if out, status := s.Command(t, "", "backup", backup); status != 0 {
		t.Fatal(out)
	}
	say("r", 2)
	say("later", 2)
	s.Stop(t)
	if out, status := s.Command(t, "", "restore", backup); status != 0 {
		t.Fatal(out)
	}
	s.Restart(t)
	ada = s.LogIn(t, "ada")
	say("r", 4)
	say("later", 4)
	for _, place := range []string{"r/?after=5", "r/?after=3", "r/?after=1", "r/?after=0", "later/?after=2"} {
		ada.DialBatched("/ws/chat/" + place).Until("reset")
	}
	last := ada.DialBatched("/ws/chat/r/").Until("user_list").Int("seq")
	sock := ada.DialBatched(fmt.Sprint("/ws/chat/r/?after=", last-2))
	for _, want := range []int64{last - 1, last} {
		if f := sock.Until("chat_message"); f.Int("seq") != want {
			t.Errorf("instead of number %d came %v", want, f)
		}
	}
	if r := ada.Get("/api/rooms/r/messages"); strings.Count(r.Body, "hello") != 7 {
		t.Errorf("instead of 3 old and 4 new messages there are %s", r.Body)
	}
}
