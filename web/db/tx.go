package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"hearth/web/chat"
)

// Tx runs the write transactions of one connection, one after the other, and keeps their prepared statements. It is not safe for
// concurrent use.
type Tx struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	job   *Job // the running job
	saved bool // the running job has a savepoint
}

// NewTx returns a Tx for conn. The caller must close conn.
func NewTx(conn *sql.Conn) *Tx { return &Tx{conn: conn, stmts: map[string]*sql.Stmt{}} }

// Close closes the prepared statements.
func (t *Tx) Close() error {
	var errs []error
	for _, s := range t.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Commit runs jobs in one transaction. An error means that none of them counts as stored, and that their changes in memory are
// undone. If the fsync failed, SQLite's log may still contain them: the caller must overwrite them before it answers. An error of
// a single job is passed to its Answer.
func (t *Tx) Commit(jobs []*Job) error {
	err := t.commit(jobs)
	if err == nil {
		return nil
	}
	_, undo := t.exec("ROLLBACK")
	for _, j := range jobs {
		j.rollback()
	}
	return errors.Join(err, ignoreNoTransaction(undo))
}

func (t *Tx) commit(jobs []*Job) error {
	if _, err := t.exec("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, j := range jobs {
		if err := t.run(j); err != nil {
			return err
		}
	}
	if _, err := t.exec("COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// ignoreNoTransaction drops the error that there is no transaction to roll back: SQLite has rolled it back, for example because the
// disk is full, or it has never begun.
func ignoreNoTransaction(err error) error {
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

// run runs one job. It returns errors that end the whole transaction; an error of the job alone is kept in the job.
func (t *Tx) run(j *Job) error {
	t.job, t.saved = j, false
	j.err = j.try(t)
	if j.err == nil {
		return t.release()
	}
	if diskFailed(j.err) {
		return j.err
	}
	if err := t.undo(); err != nil {
		return errors.Join(j.err, err)
	}
	j.rollback()
	return nil
}

// diskFailed reports whether an error of SQLite concerns the file and not the statement.
func diskFailed(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the low byte is the primary result code
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM:
		return true
	}
	return false
}

// prepared returns a prepared statement, which is kept forever: there are few texts, and they contain no data.
func (t *Tx) prepared(query string) (*sql.Stmt, error) {
	if s := t.stmts[query]; s != nil {
		return s, nil
	}
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = s
	return s, nil
}

// release releases the savepoint of the job.
func (t *Tx) release() error {
	if !t.saved {
		return nil
	}
	if _, err := t.exec("RELEASE job"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

// undo rolls back to the savepoint of the job.
func (t *Tx) undo() error {
	if !t.saved {
		return nil
	}
	if _, err := t.exec("ROLLBACK TO job"); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return t.release()
}

// Exec runs query with a prepared statement, in a savepoint of the job.
func (t *Tx) Exec(query string, args ...any) (sql.Result, error) {
	if err := t.save(); err != nil {
		return nil, err
	}
	return t.exec(query, args...)
}

// save creates the savepoint before the first statement of the job that may change something.
func (t *Tx) save() error {
	if t.saved {
		return nil
	}
	if _, err := t.exec("SAVEPOINT job"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	t.saved = true
	return nil
}

func (t *Tx) exec(query string, args ...any) (sql.Result, error) {
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args...)
}

// Query runs query, which may change what it returns, with a prepared statement, in a savepoint of the job.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if err := t.save(); err != nil {
		return nil, err
	}
	s, err := t.prepared(query)
	if err != nil {
		return nil, err
	}
	return s.Query(args...)
}

// QueryRow reads with a prepared statement. If preparing fails, the row has the error.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row {
	s, err := t.prepared(query)
	if err != nil {
		return t.conn.QueryRowContext(context.Background(), query, args...)
	}
	return s.QueryRow(args...)
}

// Announce stores e, which is published to group after the commit.
func (t *Tx) Announce(group string, e chat.Event) {
	t.job.announced = append(t.job.announced, chat.Announcement{Group: group, Event: e})
}

// Erase demands that data which the job deletes or changes is soon in no file.
func (t *Tx) Erase() { t.job.erases = true }

// OnRollback stores a function that undoes changes in memory if the job is not stored.
func (t *Tx) OnRollback(undo func()) { t.job.undo = append(t.job.undo, undo) }
