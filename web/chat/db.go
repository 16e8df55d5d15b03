package chat

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"sync"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the steps from an empty database to today's schema, in order of their names.
// They only ever go forward: a step that has been released is never changed.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Disk is what the chat needs of the store: one writer, and readers that never wait for it.
type Disk interface {
	// Write runs job on the writer's transaction and returns once that is on disk. If job
	// fails, or the commit does, nothing of it is stored and nothing is announced. A ctx that ends
	// meanwhile does not end the wait.
	Write(ctx context.Context, job func(Tx) error) error
	// Submit is Write without the wait: done is called once it is decided. Jobs are run, and
	// their announcements made, in the order of submission. done must not block.
	Submit(job func(Tx) error, done func(error))
	// SubmitSoon is Submit for what may wait about half a second to share the transaction of others.
	SubmitSoon(job func(Tx) error, done func(error))
	// Reader is a pool of read-only connections.
	Reader() *sql.DB
}

// Tx is the writer's transaction, valid only within the job it was handed to.
type Tx interface {
	Exec(query string, args ...any) (sql.Result, error)
	Query(query string, args ...any) (*sql.Rows, error)
	// QueryRow is for reading alone.
	QueryRow(query string, args ...any) *sql.Row
	// Announce publishes e to group once the transaction is on disk, in the order of commits.
	Announce(group string, e Event)
	// Erase says that what the job deletes or changes must be in no file of the database a minute later.
	Erase()
	// OnRollback calls undo if what the job did does not reach the disk.
	OnRollback(undo func())
}

// Announcement is an event on its way to a group.
type Announcement struct {
	Group string
	Event Event
}

// statements prepares each query once on every connection of the readers' pool: parsing takes
// longer than most of the queries.
type statements struct {
	db    *sql.DB
	stmts sync.Map // query -> *sql.Stmt
}

func (s *statements) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := s.stmts.Load(query); ok {
		return st.(*sql.Stmt), nil
	}
	st, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if other, taken := s.stmts.LoadOrStore(query, st); taken {
		return other.(*sql.Stmt), st.Close()
	}
	return st, nil
}

// Query runs query, whose text must be one of the program's own.
func (s *statements) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// QueryRow runs query for one row, and scans it into dest. sql.ErrNoRows if there is none.
func (s *statements) QueryRow(ctx context.Context, query string, args []any, dest ...any) error {
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// millis is how times are stored: Unix milliseconds, 0 for "never".
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the inverse of millis, in UTC.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
