package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite"

	"hearth/web/chat"
	"hearth/web/db"
)

// testTx returns the Tx of a new database. Its table line has a unique column text.
func testTx(t *testing.T) (*db.Tx, *sql.Conn) {
	t.Helper()
	pool, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	tx := db.NewTx(conn)
	t.Cleanup(func() {
		if err := errors.Join(tx.Close(), conn.Close(), pool.Close()); err != nil {
			t.Error(err)
		}
	})
	if _, err := conn.ExecContext(context.Background(), "CREATE TABLE line (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT"); err != nil {
		t.Fatal(err)
	}
	return tx, conn
}

// stored returns the texts in the table, in order.
func stored(t *testing.T, conn *sql.Conn) []string {
	t.Helper()
	rows, err := conn.QueryContext(context.Background(), "SELECT text FROM line ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func pragma(t *testing.T, conn *sql.Conn, p string) {
	t.Helper()
	if _, err := conn.ExecContext(context.Background(), "PRAGMA "+p); err != nil {
		t.Fatal(err)
	}
}

func insert(tx chat.Tx, text string) error {
	tx.Announce(text, chat.Event{})
	_, err := tx.Exec("INSERT INTO line (text) VALUES (?)", text)
	return err
}

// failures are the ways in which a job fails alone, after it has inserted a row, and the code of its error.
var failures = map[int]struct {
	do   func(chat.Tx) error
	code string
}{
	2: {do: func(tx chat.Tx) error {
		_, err := tx.Exec("INSERT INTO line (text) SELECT 'second' UNION ALL SELECT 'line 0'") // line 0 exists
		return err
	}},
	3: {do: func(tx chat.Tx) error { return insert(tx, "line 0") }}, // line 0 exists
	5: {do: func(chat.Tx) error { panic("a broken rule") }},
	7: {do: func(chat.Tx) error { return chat.Errorf("not_allowed") }, code: "not_allowed"},
}

func TestOneBadRowFailsAlone(t *testing.T) {
	tx, conn := testTx(t)
	outcomes, undone := make([]error, 100), make([]int, 100)
	var jobs []*db.Job
	var want []string
	for i := range outcomes {
		text := fmt.Sprint("line ", i)
		bad := failures[i%10].do
		if bad == nil {
			want = append(want, text)
		}
		jobs = append(jobs, db.NewJob(func(tx chat.Tx) error {
			tx.OnRollback(func() { undone[i]++ })
			if err := insert(tx, text); err != nil || bad == nil {
				return err
			}
			return bad(tx)
		}, func(err error) { outcomes[i] = err }))
	}
	if err := tx.Commit(jobs); err != nil {
		t.Fatal(err)
	}
	var announced []string
	for i, j := range jobs {
		j.Answer(nil)
		f, bad := failures[i%10]
		if bad != (outcomes[i] != nil) || bad != (undone[i] == 1) {
			t.Errorf("job %d: %v, undone %d times", i, outcomes[i], undone[i])
		}
		if f.code != "" && !errors.Is(outcomes[i], chat.Errorf(f.code)) {
			t.Errorf("job %d lost its error: %v", i, outcomes[i])
		}
		for _, a := range j.Announced() {
			announced = append(announced, a.Group)
		}
	}
	if got := stored(t, conn); !slices.Equal(got, want) {
		t.Errorf("stored is %v", got)
	}
	if !slices.Equal(announced, want) {
		t.Errorf("announced were %v", announced)
	}
}

// A statement that fails after it has inserted some of its rows is rolled back, and the other jobs are stored.
func TestOneStatementFailsAlone(t *testing.T) {
	tx, conn := testTx(t)
	var outcomes []error
	var jobs []*db.Job
	for _, texts := range []string{`["one", "two"]`, `["three", "one"]`, `["four"]`} {
		jobs = append(jobs, db.NewJob(func(tx chat.Tx) error {
			_, err := tx.Exec("INSERT INTO line (text) SELECT value FROM json_each(?)", texts)
			return err
		}, func(err error) { outcomes = append(outcomes, err) }))
	}
	if err := tx.Commit(jobs); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		j.Answer(nil)
	}
	if outcomes[0] != nil || outcomes[1] == nil || outcomes[2] != nil {
		t.Errorf("the jobs were told %v", outcomes)
	}
	if got := stored(t, conn); !slices.Equal(got, []string{"one", "two", "four"}) {
		t.Errorf("stored is %v", got)
	}
}

// If a job fails after its first statement, that statement is rolled back, whatever its kind.
func TestAFailedFirstStatementIsRolledBack(t *testing.T) {
	tx, conn := testTx(t)
	second := errors.New("a second thought")
	var outcomes []error
	var jobs []*db.Job
	for _, do := range []func(chat.Tx) error{
		func(tx chat.Tx) error { return insert(tx, "one") },
		func(tx chat.Tx) error {
			rows, err := tx.Query("INSERT INTO line (text) VALUES ('returned') RETURNING id")
			if err != nil {
				return err
			}
			return errors.Join(rows.Close(), second)
		},
		func(tx chat.Tx) error {
			_, err := tx.Exec("INSERT INTO line (text) VALUES ('one') ON CONFLICT DO NOTHING")
			return errors.Join(err, second)
		},
	} {
		jobs = append(jobs, db.NewJob(do, func(err error) { outcomes = append(outcomes, err) }))
	}
	if err := tx.Commit(jobs); err != nil {
		t.Fatal(err)
	}
	for _, j := range jobs {
		j.Answer(nil)
	}
	if outcomes[0] != nil || !errors.Is(outcomes[1], second) || !errors.Is(outcomes[2], second) {
		t.Errorf("the jobs were told %v", outcomes)
	}
	if got := stored(t, conn); !slices.Equal(got, []string{"one"}) {
		t.Errorf("stored is %v", got)
	}
}

// The COMMIT itself can fail, because of a deferred foreign key. SQLite does not roll back then.
func TestACommitThatFails(t *testing.T) {
	tx, conn := testTx(t)
	pragma(t, conn, "foreign_keys = 1")
	if _, err := conn.ExecContext(t.Context(), "CREATE TABLE answer (line INTEGER REFERENCES line (id) DEFERRABLE INITIALLY DEFERRED) STRICT"); err != nil {
		t.Fatal(err)
	}
	undone := 0
	lost := db.NewJob(func(tx chat.Tx) error {
		tx.OnRollback(func() { undone++ })
		if err := insert(tx, "lost"); err != nil {
			return err
		}
		_, err := tx.Exec("INSERT INTO answer (line) VALUES (99)") // there is no row 99
		return err
	}, func(error) {})
	if err := tx.Commit([]*db.Job{lost}); err == nil || undone != 1 || len(lost.Announced()) > 0 {
		t.Errorf("the commit: %v, undone %d times, announced %v", err, undone, lost.Announced())
	}
	next := db.NewJob(func(tx chat.Tx) error { return insert(tx, "next") }, func(error) {})
	if err := tx.Commit([]*db.Job{next}); err != nil {
		t.Errorf("the next commit: %v", err)
	}
	if got := stored(t, conn); !slices.Equal(got, []string{"next"}) {
		t.Errorf("stored is %v", got)
	}
}

// If the database cannot be written to, all jobs of the commit fail.
func TestAllJobsOfAFailedCommitFail(t *testing.T) {
	for name, test := range map[string]struct {
		pragma string
		begun  int // how many jobs have started
	}{
		"a full disk":                  {"max_page_count = 5", 1},
		"a database that is only read": {"query_only = 1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			tx, conn := testTx(t)
			pragma(t, conn, test.pragma)
			undone := 0
			var jobs []*db.Job
			for i := range 3 {
				jobs = append(jobs, db.NewJob(func(tx chat.Tx) error {
					tx.OnRollback(func() { undone++ })
					tx.Announce("lost", chat.Event{})
					_, err := tx.Exec("INSERT INTO line (text) VALUES (printf('%09000d', ?))", i) // three pages
					return err
				}, func(error) {}))
			}
			if err := tx.Commit(jobs); err == nil || undone != test.begun {
				t.Errorf("the commit: %v, %d are undone in memory", err, undone)
			}
			if got := stored(t, conn); len(got) > 0 {
				t.Errorf("stored are %d lines", len(got))
			}
			for i, j := range jobs {
				if len(j.Announced()) > 0 {
					t.Errorf("job %d announces", i)
				}
			}
			pragma(t, conn, "query_only = 0")
			pragma(t, conn, "max_page_count = 1000")
			if err := tx.Commit(jobs[:1]); err != nil || len(stored(t, conn)) != 1 {
				t.Errorf("the next commit: %v, stored are %d lines", err, len(stored(t, conn)))
			}
		})
	}
}
