package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"hearth/web/db/datadir"
)

// Errors of Make and Restore.
var (
	ErrThere  = errors.New("there is such a file already; choose another name")
	ErrNone   = errors.New("there is no such database")
	ErrItself = errors.New("that is the database itself, not a backup")
	ErrLogged = errors.New("that is no backup, but a database with a log beside it; make one with: hearth backup FILE")
)

// Make copies a snapshot of the database to a new file with mode 0600. It works beside a server. The copy gets its name once it is
// on disk and checked. Errors: ErrNone, ErrThere, *DamagedError.
func Make(ctx context.Context, file, to string) (err error) {
	if size(file) <= 0 {
		return fmt.Errorf("%s: %w", file, ErrNone)
	}
	if exists(to) {
		return fmt.Errorf("%s: %w", to, ErrThere)
	}
	f, err := os.CreateTemp(filepath.Dir(to), ".hearth-backup-*") // 0600
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	err = vacuum(ctx, file, f.Name())
	if Denied(err) {
		err = vacuumUnserved(ctx, file, f.Name(), err)
	}
	if err != nil {
		return err
	}
	if err := syncFile(f.Name()); err != nil {
		return err
	}
	if err := verify(ctx, f.Name()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), to); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return datadir.Sync(filepath.Dir(to))
}

// vacuum copies a database into the empty file to.
func vacuum(ctx context.Context, file, to string) error {
	db, err := sql.Open("sqlite", address(file, "mode=ro"))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return Explain(file, fmt.Errorf("copy the database: %w", err))
	}
	return nil
}

// vacuumUnserved is vacuum for a read-only file system, where SQLite cannot create the index of a log. It works on a copy of the
// database and its log, if no server uses them. denied is the error of vacuum.
func vacuumUnserved(ctx context.Context, file, to string, denied error) (err error) {
	lock, err := datadir.Lock(filepath.Dir(file))
	if errors.Is(err, datadir.ErrInUse) {
		return denied
	}
	if err == nil { // else there is none, and none can be made
		defer func() { err = errors.Join(err, lock.Unlock()) }()
	}
	dir, err := os.MkdirTemp(filepath.Dir(to), ".hearth-backup-*") // 0700
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	copied := filepath.Join(dir, "copy.db")
	if err := copyFile(file, copied); err != nil {
		return errors.Join(denied, err)
	}
	if exists(file + logSuffix) {
		if err := copyFile(file+logSuffix, copied+logSuffix); err != nil {
			return errors.Join(denied, err)
		}
	}
	return vacuum(ctx, copied, to)
}

// copyFile copies a file to a new one with mode 0600, or overwrites one.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// verify checks every page, row and index of a file that no process has open.
func verify(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", address(file, "mode=ro", "immutable=1", "_pragma=trusted_schema(0)"))
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("check the copy: %w", err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the copy is damaged: %s", verdict)
	}
	return nil
}

// Restore replaces the database file, which no process may have open, by a copy of the backup from. It keeps the old database beside
// it under a name with the time at, which it returns ("" if there was none). prepare checks and changes the copy. Nothing is moved
// unless the backup is sound and prepare returns no error. Resume finishes or removes what an interrupted Restore leaves.
func Restore(ctx context.Context, from, file string, at time.Time, prepare Preparation) (aside string, err error) {
	if _, err := Resume(file); err != nil {
		return "", err
	}
	if err := acceptable(from, file); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	if err := bring(ctx, from, file+copySuffix, prepare); err != nil {
		_ = os.Remove(file + copySuffix) // there may be none
		return "", fmt.Errorf("%s can't be restored: %w", from, err)
	}
	_ = os.Remove(file + wholeSuffix) // of an earlier version; it is not needed any more
	stamp := freeStamp(file, at)
	whole := file + wholeSuffix + "-" + stamp
	if err := os.Rename(file+copySuffix, whole); err != nil {
		return "", fmt.Errorf("put the backup in its place: %w", err)
	}
	if err := datadir.Sync(filepath.Dir(file)); err != nil {
		return "", err
	}
	return finish(file, whole, asideName(file, stamp))
}

// Resume finishes an interrupted Restore of file, and returns the name of the old database ("" if there was nothing to do). If the
// old database had not been moved yet, it stays.
func Resume(file string) (aside string, err error) {
	if err := os.Remove(file + copySuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("remove what an interrupted restore left: %w", err)
	}
	dir, prefix := filepath.Dir(file), filepath.Base(file)+wholeSuffix+"-"
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("look for an interrupted restore: %w", err)
	}
	for _, f := range files {
		stamp, whole := strings.CutPrefix(f.Name(), prefix)
		if !whole {
			continue
		}
		path := filepath.Join(dir, f.Name())
		aside = asideName(file, stamp)
		if exists(file) && !exists(aside) {
			if err := os.Remove(path); err != nil {
				return "", fmt.Errorf("remove what an interrupted restore left: %w", err)
			}
			aside = ""
			continue
		}
		if _, err := finish(file, path, aside); err != nil {
			return "", err
		}
	}
	return aside, nil
}

// freeStamp returns the time as a part of file names that do not exist yet.
func freeStamp(file string, at time.Time) string {
	first := at.Format("20060102-150405")
	stamp := first
	for n := 2; exists(asideName(file, stamp)) || exists(asideName(file, stamp)+logSuffix); n++ {
		stamp = fmt.Sprintf("%s-%d", first, n)
	}
	return stamp
}

func asideName(file, stamp string) string {
	return filepath.Join(filepath.Dir(file), "before-restore-"+stamp+".db")
}

// finish moves the old database aside and the copy to its place.
func finish(file, whole, aside string) (kept string, err error) {
	moved, err := putAside(file, aside)
	if err != nil {
		return aside, err
	}
	if moved {
		kept = aside
	}
	if err := os.Rename(whole, file); err != nil {
		return kept, fmt.Errorf("put the backup in its place: %w", err)
	}
	return kept, datadir.Sync(filepath.Dir(file))
}

// acceptable checks the backup file without opening it as a database.
func acceptable(from, file string) error {
	backup, err := os.Stat(from)
	if err != nil {
		return err
	}
	if there, err := os.Stat(file); err == nil && os.SameFile(backup, there) {
		return ErrItself
	}
	if size(from+logSuffix) > 0 {
		return ErrLogged
	}
	return nil
}

// Preparation checks and changes the copy of a backup before it becomes the database.
type Preparation func(ctx context.Context, conn *sql.Conn) error

// bring copies a backup into the folder with mode 0600, checks the copy, and prepares it.
func bring(ctx context.Context, from, to string, prepare Preparation) error {
	if err := copyFile(from, to); err != nil {
		return err
	}
	if err := verify(ctx, to); err != nil {
		return err
	}
	if err := change(ctx, to, prepare); err != nil {
		return err
	}
	return syncFile(to)
}

// change prepares a file. It needs no journal on disk, because the file is removed if that fails.
func change(ctx context.Context, file string, prepare Preparation) (err error) {
	db, err := sql.Open("sqlite", address(file, "mode=rw", "_pragma=trusted_schema(0)", "_pragma=journal_mode(MEMORY)"))
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return prepare(ctx, conn)
}

// putAside renames a database and its other files, and syncs each before the next. It reports whether there were any. The database is
// first: a log without a database shows that something is missing; a database without its log would not.
func putAside(file, aside string) (moved bool, err error) {
	for _, suffix := range []string{"", logSuffix, indexSuffix, journalSuffix} {
		if !exists(file + suffix) {
			continue
		}
		if err := os.Rename(file+suffix, aside+suffix); err != nil {
			return moved, fmt.Errorf("put the old database aside: %w", err)
		}
		if err := datadir.Sync(filepath.Dir(file)); err != nil {
			return moved, err
		}
		moved = true
	}
	return moved, nil
}

// syncFile waits until a file is on disk.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
