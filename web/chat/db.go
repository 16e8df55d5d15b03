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

// Migrations returns the migrations from an empty database to the current schema, in order of their names. A released migration is
// never changed.
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Disk is the store that the chat needs: one writer, and readers that never wait for it.
type Disk interface {
	// Write runs job in the writer's transaction and returns once that is on disk. If job or the commit fails, nothing is stored
	// and nothing is announced. The end of ctx does not end the wait.
	Write(ctx context.Context, job func(Tx) error) error
	// Submit is Write without the wait: done is called with the result. Jobs run, and their announcements are published, in the
	// order of submission. done must not block.
	Submit(job func(Tx) error, done func(error))
	// SubmitSoon is Submit for jobs that may wait about half a second to share the transaction of others.
	SubmitSoon(job func(Tx) error, done func(error))
	// Reader returns a pool of read-only connections.
	Reader() *sql.DB
}

// Tx is the writer's transaction. It is valid only within the job.
type Tx interface {
	Exec(query string, args ...any) (sql.Result, error)
	Query(query string, args ...any) (*sql.Rows, error)
	// QueryRow must not write.
	QueryRow(query string, args ...any) *sql.Row
	// Announce publishes e to group once the transaction is on disk, in the order of commits.
	Announce(group string, e Event)
	// Erase demands that deleted or changed data is in no file of the database a minute later.
	Erase()
	// OnRollback calls undo if the changes of the job are not stored.
	OnRollback(undo func())
}

// Announcement is an event on its way to a group.
type Announcement struct {
	Group string
	Event Event
}

// statements prepares each query once for each connection of the readers' pool: parsing takes longer than most of the queries.
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

// Query runs a query. Its text is kept forever, so it must not contain data. A query that has begun is not cut off when ctx ends:
// for that, database/sql and the driver start two goroutines for each query, which takes as long as half of a short query.
func (s *statements) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	st, err := s.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// QueryRow runs a query for one row and scans it into dest. Error: sql.ErrNoRows.
func (s *statements) QueryRow(ctx context.Context, query string, args []any, dest ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	st, err := s.prepared(ctx, query)
	if err != nil {
		return err
	}
	return st.QueryRowContext(ctx, args...).Scan(dest...)
}

// millis returns a time as it is stored: Unix milliseconds, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment returns the inverse of millis, in UTC.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
