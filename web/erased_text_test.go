package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// occurrences counts a text in all files of a data folder.
func occurrences(t *testing.T, dir, text string) (n int) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil && !os.IsNotExist(err) { // SQLite removes its log at a stop
			t.Fatal(err)
		}
		n += strings.Count(string(b), text)
	}
	return n
}

// TestErasedTextIsInNoFile in whatever way it was erased: within a minute while the server runs, and at
// once after a clean stop.
func TestErasedTextIsInNoFile(t *testing.T) {
	t.Parallel()
	for _, stop := range []bool{false, true} {
		t.Run(fmt.Sprintf("stop=%v", stop), func(t *testing.T) {
			t.Parallel()
			s := hearthtest.Start(t)
			ada := s.SignUp(t, "ada")
			room, doomed := ada.DialBatched("/ws/chat/kitchen/"), ada.DialBatched("/ws/chat/attic/")
			say := func(to *hearthtest.Socket, text string) int64 {
				to.Say(text)
				return to.Find("the receipt", func(f hearthtest.Frame) bool { return f["message"] == text }).Int("id")
			}
			for i := range 30 { // rooms whose messages come in turns share pages, which are split
				deleted, edited := say(room, fmt.Sprint("ERASED deleted ", i)), say(room, fmt.Sprint("ERASED edited ", i))
				say(room, fmt.Sprint("stays ", i))
				say(doomed, fmt.Sprint("ERASED with its room ", i))
				room.Send(map[string]any{"type": "edit", "id": edited, "message": "changed"})
				room.Until("message_edited")
				room.Send(map[string]any{"type": "delete", "id": deleted})
				room.Until("message_deleted")
			}
			ada.Post("/profile/", "name", "ERASED", "first_name", "ERASED", "last_name", "name")
			ada.Post("/profile/", "name", "", "first_name", "Ada", "last_name", "Lund")
			wantGone(t, "delete the room", ada.Post("/admin/rooms/2/", "action", "delete", "confirm", "attic"), "/admin/rooms/?done=room_deleted")
			if stop {
				s.Stop(t)
			}
			for begun := time.Now(); !stop && time.Since(begun) < time.Minute && occurrences(t, s.Data, "ERASED") > 0; {
				time.Sleep(100 * time.Millisecond)
			}
			if n := occurrences(t, s.Data, "ERASED"); n > 0 {
				t.Errorf("erased texts are found %d times", n)
			}
			if n := occurrences(t, s.Data, "stays "); n < 30 {
				t.Errorf("texts that were not erased are found %d times", n)
			}
		})
	}
}
