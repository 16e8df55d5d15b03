package backup

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func count(t testing.TB, file string) (rows int) {
	t.Helper()
	db := open(t, file)
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM line").Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

var noon = time.Date(2031, 2, 3, 12, 0, 0, 0, time.UTC)

func fits(context.Context, *sql.Conn) error { return nil }

// Each transaction adds ten rows, so a copy that is made meanwhile must have a multiple of ten.
func TestABackupIsOfOneMoment(t *testing.T) {
	t.Parallel()
	file := database(t, 1000)
	writer := open(t, file)
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				insert(t, writer, 10)
			}
		}
	}()
	for i := range 5 {
		to := filepath.Join(t.TempDir(), "copy.db")
		if err := Make(context.Background(), file, to); err != nil {
			t.Fatal(err)
		}
		if n := count(t, to); n%10 != 0 || n < 1000 {
			t.Errorf("copy %d has %d rows", i, n)
		}
		if info, err := os.Stat(to); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	close(stop)
	<-stopped
}

func TestNoBackupIsLeftHalfDone(t *testing.T) {
	t.Parallel()
	file := database(t, 2000)
	damaged := database(t, 2000)
	spoil(t, damaged, leaves(t, damaged)[3], strings.Repeat("\xa5", page))
	there := filepath.Join(t.TempDir(), "there.db")
	if err := os.WriteFile(there, []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		from, to string
		fails    func(error) bool
	}{
		"over a file":    {file, there, func(err error) bool { return errors.Is(err, ErrThere) }},
		"of nothing":     {file + "x", filepath.Join(t.TempDir(), "b"), func(err error) bool { return errors.Is(err, ErrNone) }},
		"into no folder": {file, filepath.Join(t.TempDir(), "no", "b"), func(err error) bool { return errors.Is(err, os.ErrNotExist) }},
		"of damage":      {damaged, filepath.Join(t.TempDir(), "b"), func(err error) bool { return errors.As(err, new(*DamagedError)) }},
	} {
		dir := filepath.Dir(c.to)
		var before map[string]string
		if exists(dir) {
			before = contents(t, dir)
		}
		if err := Make(context.Background(), c.from, c.to); !c.fails(err) {
			t.Errorf("%s: %v", name, err)
		}
		if exists(dir) && !maps.Equal(before, contents(t, dir)) {
			t.Errorf("%s: something was left", name)
		}
	}
}

func TestRestoringKeepsWhatWasThere(t *testing.T) {
	t.Parallel()
	file, backup := database(t, 2000), filepath.Join(t.TempDir(), "backup.db")
	dir := filepath.Dir(file)
	if err := Make(context.Background(), file, backup); err != nil {
		t.Fatal(err)
	}
	spoil(t, file, 0, "no database at all")
	before := contents(t, dir)
	if len(before) != 2 {
		t.Fatal("there is no log, so nothing is proved")
	}
	for round := range 2 { // both at the same time, so that the names of the old databases would be equal
		aside, err := Restore(context.Background(), backup, file, noon, fits)
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, file); n != 2000 {
			t.Errorf("%d rows are back", n)
		}
		after := contents(t, dir)
		if round == 0 && (after[filepath.Base(aside)] != before["test.db"] || after[filepath.Base(aside)+logSuffix] != before["test.db"+logSuffix]) {
			t.Errorf("what was there is not kept as %s", aside)
		}
		if len(after) != 3+round { // the database, and the old databases: the first one with its log, the second one without
			t.Errorf("round %d: %d files", round, len(after))
		}
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestOnlyASoundBackupIsRestored(t *testing.T) {
	t.Parallel()
	file := database(t, 2000)
	good, damaged, text := filepath.Join(t.TempDir(), "good"), filepath.Join(t.TempDir(), "damaged"), filepath.Join(t.TempDir(), "text")
	if err := errors.Join(Make(context.Background(), file, good), Make(context.Background(), file, damaged), os.WriteFile(text, []byte("dear"), 0o600)); err != nil {
		t.Fatal(err)
	}
	spoil(t, damaged, leaves(t, damaged)[3], strings.Repeat("\xa5", page))
	other := errors.New("of another kind")
	for name, c := range map[string]struct {
		from    string
		prepare Preparation
		says    string
	}{
		"damaged":    {damaged, fits, "damaged"},
		"a text":     {text, fits, "not a database"},
		"nothing":    {good + "x", fits, "no such file"},
		"itself":     {file, fits, ErrItself.Error()},
		"with a log": {database(t, 100), fits, ErrLogged.Error()},
		"another kind": {good, func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, "PRAGMA user_version = 7")
			return errors.Join(err, other)
		}, other.Error()},
	} {
		before := contents(t, filepath.Dir(file))
		_, err := Restore(context.Background(), c.from, file, noon, c.prepare)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if !maps.Equal(before, contents(t, filepath.Dir(file))) {
			t.Errorf("%s: something was changed", name)
		}
	}
}

// If restoring is interrupted, at whatever step, the next start finishes it, or the old database is unchanged.
func TestAnInterruptedRestore(t *testing.T) {
	t.Parallel()
	original := database(t, 1000)
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := Make(context.Background(), original, backup); err != nil {
		t.Fatal(err)
	}
	const stamp = "20260501-120000"
	for _, c := range []struct {
		name   string
		copied string   // the suffix of the copy at the interruption
		moved  []string // the suffixes of the files that were moved before
		rows   int      // how many the database has afterwards
	}{
		{"while it copied", copySuffix, nil, 1500},
		{"before it moved anything", wholeSuffix + "-" + stamp, nil, 1500},
		{"after the database", wholeSuffix + "-" + stamp, []string{""}, 1000},
		{"after the log", wholeSuffix + "-" + stamp, []string{"", logSuffix}, 1000},
		{"after all", wholeSuffix + "-" + stamp, []string{"", logSuffix, indexSuffix}, 1000},
	} {
		file := filepath.Join(t.TempDir(), "test.db")
		if err := os.CopyFS(filepath.Dir(file), os.DirFS(filepath.Dir(database(t, 1500)))); err != nil {
			t.Fatal(err)
		}
		if err := bring(context.Background(), backup, file+c.copied, fits); err != nil {
			t.Fatal(err)
		}
		if c.copied == copySuffix {
			if err := os.Truncate(file+c.copied, 5000); err != nil {
				t.Fatal(err)
			}
		}
		aside := asideName(file, stamp)
		for _, suffix := range c.moved {
			if err := os.Rename(file+suffix, aside+suffix); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := Resume(file)
		if err != nil || (kept == aside) != (len(c.moved) > 0) {
			t.Errorf("%s: kept %q, %v", c.name, kept, err)
		}
		if err := Examine(file, testPatience); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := count(t, file); n != c.rows {
			t.Errorf("%s: there are %d rows", c.name, n)
		}
		if kept != "" && count(t, kept) != 1500 {
			t.Errorf("%s: what was there is not whole", c.name)
		}
		for name := range contents(t, filepath.Dir(file)) {
			if strings.Contains(name, copySuffix) || strings.Contains(name, wholeSuffix) {
				t.Errorf("%s: %s is left", c.name, name)
			}
		}
	}
}

// A backup can be made of a database in a read-only file system, although SQLite needs to create an index of the log.
func TestBackupOfAReadOnlyFileSystem(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if runtime.GOOS != "linux" || exec.Command("mount", "-t", "tmpfs", "hearth-test", disk).Run() != nil {
		if os.Getenv("CI") == "true" && runtime.GOOS == "linux" {
			t.Fatal("this test needs the right to mount a tmpfs")
		}
		t.Skip("this test needs Linux, and the right to mount a tmpfs")
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	if err := os.CopyFS(disk, os.DirFS(filepath.Dir(database(t, 1000)))); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(disk, "test.db"+indexSuffix)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", disk).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	dir := t.TempDir()
	to := filepath.Join(dir, "backup.db")
	if err := Make(context.Background(), filepath.Join(disk, "test.db"), to); err != nil {
		t.Fatal(err)
	}
	if n := count(t, to); n != 1000 {
		t.Errorf("the backup has %d rows", n)
	}
	if left := contents(t, dir); len(left) != 1 {
		t.Errorf("beside the backup there are %d files", len(left)-1)
	}
}
