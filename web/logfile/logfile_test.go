package logfile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"
)

// database is one connection to file, with the settings given as SQLite's driver takes them.
func database(t *testing.T, file, settings string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)"+settings)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { wantNil(t, db.Close()) })
	return db
}

// written is settings that write a file through this package.
func written(t *testing.T, pageSize int) string {
	t.Helper()
	settings, err := Settings()
	wantNil(t, err)
	return fmt.Sprintf("&_pragma=page_size(%d)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&%s", pageSize, settings)
}

func wantNil(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rows is what db has in its two tables, which must be alike.
func rows(db *sql.DB) (map[int]int, error) {
	found := map[int]int{}
	if err := db.QueryRow("SELECT 1 FROM (SELECT id, length(body) FROM a EXCEPT SELECT id, length(body) FROM b)").Scan(new(int)); !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("half a commit is seen: %v", err)
	}
	list, err := db.Query("SELECT id, length(body) FROM a WHERE body = zeroblob(length(body))")
	if err != nil {
		return nil, err
	}
	defer list.Close()
	for list.Next() {
		var id, size int
		if err := list.Scan(&id, &size); err != nil {
			return nil, err
		}
		found[id] = size
	}
	return found, list.Err()
}

// TestWhatIsCommittedIsThere makes commits of all sizes, larger than what is gathered and larger than
// the cache, and takes some of them back.
func TestWhatIsCommittedIsThere(t *testing.T) {
	for _, pageSize := range []int{512, 4096, 65536} {
		t.Run(fmt.Sprint(pageSize), func(t *testing.T) { t.Parallel(); commits(t, pageSize) })
	}
}

func commits(t *testing.T, pageSize int) {
	file := filepath.Join(t.TempDir(), "test.db")
	db := database(t, file, written(t, pageSize)+"&_pragma=cache_size(10)&_pragma=wal_autocheckpoint(300)")
	_, err := db.Exec("CREATE TABLE a (id INTEGER PRIMARY KEY, body BLOB); CREATE TABLE b (id INTEGER PRIMARY KEY, body BLOB)")
	wantNil(t, err)
	reader := database(t, file, "&_pragma=query_only(1)")
	stop, stopped := make(chan bool), make(chan error, 1)
	go watch(database(t, file, "&_pragma=query_only(1)"), stop, stopped)
	random := rand.New(rand.NewPCG(1, uint64(pageSize)))
	stored := map[int]int{}
	for n := range 60 {
		next, err := change(db, random, stored)
		wantNil(t, err)
		stored = next
		found, err := rows(reader)
		wantNil(t, err)
		if !maps.Equal(found, stored) {
			t.Fatalf("after %d commits, %d rows are seen, not %d", n, len(found), len(stored))
		}
	}
	close(stop)
	wantNil(t, <-stopped)
	var verdict string
	wantNil(t, reader.QueryRow("PRAGMA integrity_check").Scan(&verdict))
	if verdict != "ok" {
		t.Errorf("SQLite finds %s", verdict)
	}
}

// watch looks at db as fast as it can: no commit may be seen in part.
func watch(db *sql.DB, stop chan bool, stopped chan error) {
	for {
		select {
		case <-stop:
			stopped <- nil
			return
		default:
		}
		if _, err := rows(db); err != nil {
			stopped <- err
			return
		}
	}
}

// change is one transaction, one in four of which is taken back, and what is stored after it.
func change(db *sql.DB, random *rand.Rand, stored map[int]int) (map[int]int, error) {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // after Commit it does nothing
	next := maps.Clone(stored)
	for range 1 + random.IntN(40) {
		id, size := random.IntN(300), random.IntN(1<<random.IntN(17))
		for _, table := range []string{"a", "b"} {
			if _, err := tx.Exec("INSERT OR REPLACE INTO "+table+" VALUES (?, zeroblob(?))", id, size); err != nil {
				return nil, err
			}
		}
		next[id] = size
	}
	if random.IntN(4) == 0 {
		return stored, tx.Rollback()
	}
	return next, tx.Commit()
}

// TestWhatWasTakenBackIsNeverWritten: it could be written late, over what somebody else has committed.
func TestWhatWasTakenBackIsNeverWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	db, other := database(t, file, written(t, 4096)+"&_pragma=cache_size(10)"), database(t, file, "&_pragma=synchronous(FULL)")
	_, err := db.Exec("CREATE TABLE a (id INTEGER PRIMARY KEY, body BLOB)")
	wantNil(t, err)
	fill(t, db, 100)
	_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	wantNil(t, err)
	tx, err := db.BeginTx(context.Background(), nil)
	wantNil(t, err)
	_, err = tx.Exec("UPDATE a SET body = randomblob(3000)")
	wantNil(t, err)
	wantNil(t, tx.Rollback())
	_, err = other.Exec("UPDATE a SET body = printf('%-3000s', 'kept')")
	wantNil(t, err)
	for _, who := range []*sql.DB{db, other, database(t, file, "")} {
		var kept int
		wantNil(t, who.QueryRow("SELECT count(*) FROM a WHERE body LIKE 'kept%'").Scan(&kept))
		if kept != 100 {
			t.Errorf("%d of 100 rows are left of a commit", kept)
		}
	}
}

// TestFewWrites counts the writes of a commit of some 500 pages.
func TestFewWrites(t *testing.T) {
	if settings, err := Settings(); settings == "" {
		t.Skip("SQLite writes by itself here: ", err)
	}
	db := database(t, filepath.Join(t.TempDir(), "test.db"), written(t, 4096))
	_, err := db.Exec("CREATE TABLE a (id INTEGER PRIMARY KEY, body BLOB)")
	wantNil(t, err)
	before := writes(t)
	fill(t, db, 500)
	if n := writes(t) - before; n < 500*4096/most || n > 40 {
		t.Errorf("%d writes", n)
	}
}

// fill puts n rows, each of nearly a page, into the table a.
func fill(t *testing.T, db *sql.DB, n int) {
	t.Helper()
	_, err := db.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) INSERT INTO a SELECT i, zeroblob(3000) FROM n", n)
	wantNil(t, err)
}

// writes is how many write(2), of all kinds, this process has made.
func writes(t *testing.T) (n int) {
	t.Helper()
	stat, err := os.ReadFile("/proc/self/io")
	wantNil(t, err)
	_, after, _ := strings.Cut(string(stat), "syscw: ")
	_, err = fmt.Sscan(after, &n)
	wantNil(t, err)
	return n
}
