package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"hearth/web/folder"
)

// Errors of Make and Restore.
var (
	ErrThere  = errors.New("there is such a file already; choose another name")
	ErrNone   = errors.New("there is no such database")
	ErrItself = errors.New("that is the database itself, not a backup")
	ErrLogged = errors.New("that is no backup, but a database with a log beside it; make one with: hearth backup FILE")
)

// Make copies the database file, as it is at one moment, to a new file for the owner only. It works
// beside a server. The copy has its name once it is on disk and was found sound. Errors: ErrNone,
// ErrThere, *DamagedError.
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
	if err := vacuum(ctx, file, f.Name()); err != nil {
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
	return folder.Sync(filepath.Dir(to))
}

// vacuum fills the empty file to with what a database holds.
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

// verify checks every page, row and index of a file that nobody has open.
func verify(ctx context.Context, file string) error {
	db, err := sql.Open("sqlite", address(file, "mode=ro", "immutable=1"))
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

// Restore puts the backup from in the place of the database file, which nobody may have open. What
// was there is kept beside it under a name with the time at, which is returned ("" if nothing was
// there). prepare looks whether the copy that comes in its place will do, and changes in it what must be
// changed. Nothing is moved unless the backup was found sound and prepare has no objection. An
// interrupted Restore is noticed by Examine, and can be done again.
func Restore(ctx context.Context, from, file string, at time.Time, prepare Preparation) (aside string, err error) {
	if err := acceptable(from, file); err != nil {
		return "", fmt.Errorf("%s: %w", from, err)
	}
	if err := bring(ctx, from, file+copySuffix, prepare); err != nil {
		_ = os.Remove(file + copySuffix) // there may be none
		return "", fmt.Errorf("%s can't be restored: %w", from, err)
	}
	if aside, err = putAside(file, at); err != nil {
		return aside, err
	}
	if err := os.Rename(file+copySuffix, file); err != nil {
		return aside, fmt.Errorf("put the backup in its place: %w", err)
	}
	return aside, folder.Sync(filepath.Dir(file))
}

// acceptable looks at the backup from outside.
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

// Preparation is what is done to the copy of a backup before it becomes the database.
type Preparation func(ctx context.Context, conn *sql.Conn) error

// bring copies a backup into the folder, for the owner only, checks the copy, and has it prepared.
func bring(ctx context.Context, from, to string, prepare Preparation) error {
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
		return fmt.Errorf("copy it: %w", err)
	}
	if err := verify(ctx, to); err != nil {
		return err
	}
	if err := change(ctx, to, prepare); err != nil {
		return err
	}
	return syncFile(to)
}

// change has a file prepared that is thrown away if that fails, so that it needs no journal on disk.
func change(ctx context.Context, file string, prepare Preparation) (err error) {
	db, err := sql.Open("sqlite", address(file, "mode=rw", "_pragma=journal_mode(MEMORY)"))
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

// putAside renames a database and what belongs to it, each for good before the next. The database
// goes first: without it, its log shows that something is missing; the other way round, nothing would.
func putAside(file string, at time.Time) (aside string, err error) {
	name := filepath.Join(filepath.Dir(file), "before-restore-"+at.Format("20060102-150405"))
	aside = name + ".db"
	for n := 2; exists(aside) || exists(aside+logSuffix); n++ {
		aside = fmt.Sprintf("%s-%d.db", name, n)
	}
	moved := false
	for _, suffix := range []string{"", logSuffix, indexSuffix, journalSuffix} {
		if !exists(file + suffix) {
			continue
		}
		if err := os.Rename(file+suffix, aside+suffix); err != nil {
			return aside, fmt.Errorf("put the old database aside: %w", err)
		}
		if err := folder.Sync(filepath.Dir(file)); err != nil {
			return aside, err
		}
		moved = true
	}
	if !moved {
		return "", nil
	}
	return aside, nil
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
