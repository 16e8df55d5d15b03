package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func mode(t *testing.T, dir string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestADataFolderIsCreatedForTheOwner(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other rights")
	}
	above := filepath.Join(t.TempDir(), "deep")
	dir := filepath.Join(above, "data")
	for range 2 { // the first call creates the folder, the second finds it
		if err := Make(dir); err != nil {
			t.Fatal(err)
		}
		if mode(t, above) != 0o700 || mode(t, dir) != 0o700 {
			t.Errorf("%v in %v", mode(t, dir), mode(t, above))
		}
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Make(filepath.Join(file, "data")); err == nil {
		t.Error("a folder was made in a file")
	}
}

func TestOnlyOwnFoldersAreClaimed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other rights")
	}
	for _, c := range []struct {
		files []string
		want  fs.FileMode
	}{
		{nil, 0o700},
		{[]string{"photo.jpg"}, 0o755},
		{[]string{"photo.jpg", "hearth.db"}, 0o700},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o755); err != nil { // independent of the umask
			t.Fatal(err)
		}
		for _, name := range c.files {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := Claim(dir); err != nil || mode(t, dir) != c.want {
			t.Errorf("a folder with %v is %v, %v", c.files, mode(t, dir), err)
		}
	}
}

func TestOneProcessHoldsTheFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("a second time: %v", err)
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	second, err := Lock(dir)
	if err != nil {
		t.Fatalf("after the first let go: %v", err)
	}
	if err := second.Unlock(); err != nil {
		t.Error(err)
	}
}
