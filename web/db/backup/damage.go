// Package backup copies a SQLite file while it is in use, restores a copy, and detects damage. It knows nothing about the
// tables in the file.
package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The files that SQLite and Restore keep beside a database, as suffixes of its name.
const (
	logSuffix     = "-wal"
	indexSuffix   = "-shm"
	journalSuffix = "-journal"
	copySuffix    = ".copying"   // a copy on its way in, perhaps not whole
	wholeSuffix   = ".restoring" // a whole copy that takes the database's place; a time follows
)

// DamagedError is the error of a damaged database.
type DamagedError struct {
	File, Reason string
}

// Error returns what is wrong and how to restore a backup.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("the database %s is damaged (%s); nothing was changed; to go back to a backup: %s", e.File, e.Reason, RestoreCommand(filepath.Dir(e.File)))
}

// RestoreCommand returns the command that replaces a damaged database in dir by a backup.
func RestoreCommand(dir string) string { return "hearth restore BACKUP -data " + dir }

// Corrupt reports whether err is SQLite's error of a damaged file.
func Corrupt(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	primary := e.Code() & 0xff // the low byte is the primary result code
	return primary == sqlite3.SQLITE_CORRUPT || primary == sqlite3.SQLITE_NOTADB
}

// Denied reports whether SQLite may not read or write a file.
func Denied(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the low byte is the primary result code
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return true
	}
	return false
}

// Explain turns SQLite's error of a damaged file into a *DamagedError, and returns other errors unchanged.
func Explain(file string, err error) error {
	if Corrupt(err) {
		return &DamagedError{file, err.Error()}
	}
	return err
}

// Examine looks for damage in the database file, which no server may have open. It changes nothing, but SQLite may add an empty log
// and its index. It finds at once: a missing or empty file with a log, a file that is no database or is cut off, a damaged header or
// schema, and damage in the last rows of a table. Then it reads all pages of all tables until patience is over; other damage is found
// when it is read. It does not compare indexes with their tables. Error: *DamagedError, or why the file cannot be read.
func Examine(file string, patience time.Duration) error {
	empty, err := examineFile(file)
	if err != nil || empty {
		return err
	}
	if size(file+journalSuffix) > 0 {
		return nil // a transaction to be rolled back first, by whoever opens it for writing
	}
	db, err := sql.Open("sqlite", address(file, "mode=ro"))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return examineRows(ctx, db, file)
}

// examineFile checks the file without opening it as a database.
func examineFile(file string) (empty bool, err error) {
	damaged := func(reason string) (bool, error) { return false, &DamagedError{file, reason} }
	_, err = os.Stat(file)
	gone := errors.Is(err, os.ErrNotExist)
	switch {
	case err != nil && !gone:
		return false, fmt.Errorf("look for the database: %w", err)
	case gone && exists(file+wholeSuffix): // of a version that did not finish it at the next start
		return damaged("restoring it was interrupted")
	case gone && size(file+logSuffix) > 0:
		return damaged("it is missing, but its log is there")
	case size(file) == 0 && size(file+logSuffix) > 0:
		return damaged("it is empty, but its log is not")
	}
	return size(file) <= 0, nil
}

// examineRows checks a database through SQLite. Only reading all pages ends with ctx.
func examineRows(ctx context.Context, db *sql.DB, file string) error {
	if err := examineLength(db, file); err != nil {
		return err
	}
	tables, err := names(db)
	if err != nil {
		return Explain(file, fmt.Errorf("read the schema: %w", err))
	}
	found := make([]error, len(tables))
	var wait sync.WaitGroup
	for i, table := range tables { // side by side: large ones, which may not get done, hold up no others
		wait.Add(1)
		go func() {
			defer wait.Done()
			found[i] = examineTable(ctx, db, file, table)
		}()
	}
	wait.Wait()
	for _, err := range found {
		if err != nil {
			return err
		}
	}
	return nil
}

// examineLength looks for pages that are neither in the file nor possibly in its log.
func examineLength(db *sql.DB, file string) error {
	const logHeader, frameHeader = 32, 24 // bytes (https://sqlite.org/fileformat.html, 4.1)
	var pages, pageSize int64
	err := db.QueryRow("SELECT page_count, page_size FROM pragma_page_count, pragma_page_size").Scan(&pages, &pageSize)
	if err != nil {
		return Explain(file, fmt.Errorf("read the database: %w", err))
	}
	logged := max(0, size(file+logSuffix)-logHeader) / (pageSize + frameHeader)
	if missing := pages - size(file)/pageSize; missing > logged {
		return &DamagedError{file, fmt.Sprintf("%d of its %d pages are missing", missing-logged, pages)}
	}
	return nil
}

func names(db *sql.DB) (tables []string, err error) {
	rows, err := db.Query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	return tables, rows.Err()
}

// examineTable reads the last row of a table, where a cut-off file or a crash shows, and then checks the structure of its pages and
// of its indexes.
func examineTable(ctx context.Context, db *sql.DB, file, table string) error {
	quoted := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
	var one int
	err := db.QueryRow("SELECT 1 FROM " + quoted + " ORDER BY rowid DESC LIMIT 1").Scan(&one) // fails where there is no rowid
	if Corrupt(err) {
		return Explain(file, err)
	}
	var verdict string
	err = db.QueryRowContext(ctx, "PRAGMA quick_check("+quoted+")").Scan(&verdict)
	if err != nil && ctx.Err() != nil {
		return nil // as far as it got, all was well
	}
	if err != nil {
		return Explain(file, fmt.Errorf("check %s: %w", table, err))
	}
	if verdict != "ok" {
		lines := strings.Split(strings.TrimSpace(verdict), "\n") // the first may be a heading
		return &DamagedError{file, table + ": " + lines[len(lines)-1]}
	}
	return nil
}

func exists(file string) bool { return size(file) >= 0 }

// size returns the size of a file in bytes, -1 if there is none.
func size(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return -1
	}
	return info.Size()
}

// address returns the DSN of a file.
func address(file string, options ...string) string {
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(file))
	return "file:" + path + "?" + strings.Join(append(options, "_pragma=busy_timeout(5000)"), "&")
}

// Advise wraps a log handler: records about a damaged database get advice what to do.
func Advise(h slog.Handler, dir string) slog.Handler { return adviser{h, dir} }

type adviser struct {
	slog.Handler
	dir string
}

// Handle adds the restore command to records with an error that is Corrupt.
func (a adviser) Handle(ctx context.Context, r slog.Record) error {
	damaged := false
	r.Attrs(func(attr slog.Attr) bool {
		err, ok := attr.Value.Any().(error)
		damaged = ok && Corrupt(err)
		return !damaged
	})
	if damaged {
		r = r.Clone()
		r.AddAttrs(slog.String("damaged", "to go back to a backup, stop Hearth, then: "+RestoreCommand(a.dir)))
	}
	return a.Handler.Handle(ctx, r)
}

// WithAttrs keeps the advice.
func (a adviser) WithAttrs(attrs []slog.Attr) slog.Handler {
	return adviser{a.Handler.WithAttrs(attrs), a.dir}
}

// WithGroup keeps the advice.
func (a adviser) WithGroup(name string) slog.Handler {
	return adviser{a.Handler.WithGroup(name), a.dir}
}
