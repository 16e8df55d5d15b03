package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// Commands that read or change an existing installation do not create a data folder.
func TestCommandsCreateNoDataFolderByMistake(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "photo.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	password := hearthtest.Password + "\n"
	backup := filepath.Join(t.TempDir(), "backup.db")
	for _, data := range []string{filepath.Join(t.TempDir(), "none"), full, filepath.Join(full, "photo.jpg")} {
		for _, args := range [][]string{
			{"user", "list"}, {"user", "passwd", "ada", "-password-stdin"}, {"user", "admin", "ada", "on"}, {"user", "disable", "ada"},
			{"user", "enable", "ada"}, {"user", "add", "ada", "-password-stdin"}, {"backup", backup},
		} {
			out, status := s.Run(t, password, append(args, "-data", data)...)
			if status != failed || !strings.Contains(out, "no data folder") || !strings.Contains(out, "-data") || strings.Count(out, "\n") != 1 {
				t.Errorf("%v in %s: status %d, %s", args, data, status, out)
			}
		}
	}
	if files, err := os.ReadDir(full); err != nil || len(files) != 1 {
		t.Errorf("something was made: %v, %v", files, err)
	}
	if _, err := os.Stat(backup); err == nil {
		t.Error("a backup of nothing was made")
	}

	fresh := filepath.Join(t.TempDir(), "fresh", "place")
	out, status := s.Run(t, password, "user", "add", "ada", "-admin", "-password-stdin", "-data", fresh)
	if status != 0 || !strings.Contains(out, "Made the data folder "+fresh) {
		t.Errorf("user add -admin: status %d, %s", status, out)
	}
	if out, status := s.Run(t, "", "backup", backup, "-data", fresh); status != 0 {
		t.Fatalf("backup: status %d, %s", status, out)
	}
	again := filepath.Join(t.TempDir(), "again")
	if out, status := s.Run(t, "", "restore", backup, "-data", again); status != 0 || !strings.Contains(out, "Made the data folder "+again) {
		t.Errorf("restore: status %d, %s", status, out)
	}
	if out, status := s.Run(t, "", "user", "list", "-data", again); status != 0 || !strings.Contains(out, "ada") {
		t.Errorf("what was restored: status %d, %s", status, out)
	}
}
