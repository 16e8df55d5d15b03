package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	_ "modernc.org/sqlite"
)

const (
	one = "CREATE TABLE line (text TEXT)"
	two = "ALTER TABLE line ADD COLUMN at INTEGER"
)

// folder returns a folder of steps with these texts.
func folder(texts ...string) fstest.MapFS {
	steps := fstest.MapFS{"README": {Data: []byte("no step")}}
	for i, text := range texts {
		steps[fmt.Sprintf("%04d_step.sql", i+1)] = &fstest.MapFile{Data: []byte(text)}
	}
	return steps
}

func database(t *testing.T) (dsn string) { return filepath.Join(t.TempDir(), "test.db") }

func open(t *testing.T, dsn string) (*sql.DB, *sql.Conn) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(conn.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	return db, conn
}

func columns(t *testing.T, db *sql.DB) (n, version int) {
	t.Helper()
	if err := db.QueryRow("SELECT count(*) FROM pragma_table_info('line')").Scan(&n); err != nil {
		t.Fatal(err)
	}
	version, err := read(context.Background(), db)
	if err != nil {
		t.Fatal(err)
	}
	return n, version
}

func TestMigrationsRunOnceAndWhole(t *testing.T) {
	ctx := context.Background()
	db, conn := open(t, database(t))
	broken := two + "; CREATE TABLE line (x)"
	for i, c := range []struct {
		texts            []string
		fails            string
		columns, version int
	}{
		{nil, "", 0, 0},
		{[]string{one}, "", 1, 1},
		{[]string{one}, "", 1, 1},
		{[]string{one, broken}, "0002_step.sql", 1, 1},
		{[]string{one, two}, "", 2, 2},
		{[]string{one, two}, "", 2, 2},
	} {
		err := Run(ctx, conn, folder(c.texts...))
		if (err != nil) != (c.fails != "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("run %d: %v", i, err)
		}
		if n, version := columns(t, db); n != c.columns || version != c.version {
			t.Errorf("after run %d there are %d columns at version %d", i, n, version)
		}
	}
}

func TestAnEmptyDatabaseComesAllTheWay(t *testing.T) {
	db, conn := open(t, database(t))
	if err := Run(context.Background(), conn, folder(one, two)); err != nil {
		t.Fatal(err)
	}
	if n, version := columns(t, db); n != 2 || version != 2 {
		t.Errorf("%d columns at version %d", n, version)
	}
}

func TestWhatIsNewerOrForeignIsRefused(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		version   int
		check, up error
	}{
		{0, nil, ErrForeign}, {1, nil, nil}, {2, nil, nil}, {3, ErrNewer, ErrNewer},
	} {
		dsn := database(t)
		_, conn := open(t, dsn)
		if err := Run(ctx, conn, folder([]string{one, two}[:min(c.version, 2)]...)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(ctx, fmt.Sprint("PRAGMA user_version = ", c.version)); err != nil {
			t.Fatal(err)
		}
		if err := Check(ctx, dsn, folder(one, two)); !errors.Is(err, c.check) {
			t.Errorf("a database at version %d: %v", c.version, err)
		}
		if err := Up(ctx, conn, folder(one, two)); !errors.Is(err, c.up) {
			t.Errorf("a copy at version %d: %v", c.version, err)
		}
	}
}
