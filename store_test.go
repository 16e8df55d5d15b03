package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"hearth/web/chat"
	"hearth/web/db/datadir"
	"hearth/web/db/migrate"
)

// steps are a schema of the tests' own: the store knows nothing of rooms.
var steps = fstest.MapFS{"0001_one.sql": {Data: []byte("CREATE TABLE line (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT")}}

type announcements struct {
	mu  sync.Mutex
	all []string
}

func (a *announcements) publish(all []chat.Announcement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range all {
		a.all = append(a.all, x.Group)
	}
}

func (a *announcements) list() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.all...)
}

func testStore(t testing.TB, dir string) (*Store, *announcements) {
	t.Helper()
	var a announcements
	s, err := OpenStore(dir, steps, true, a.publish)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, &a
}

func insert(text string) func(chat.Tx) error {
	return func(tx chat.Tx) error {
		tx.Announce(text, chat.Event{})
		_, err := tx.Exec("INSERT INTO line (text) VALUES (?)", text)
		return err
	}
}

func lines(t testing.TB, s *Store) (n int) {
	t.Helper()
	if err := s.Reader().QueryRow("SELECT count(*) FROM line").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A job that panics after it has changed something fails alone.
func TestAPanicFailsAlone(t *testing.T) {
	s, told := testStore(t, t.TempDir())
	busy, hold := make(chan bool), make(chan bool)
	s.Submit(func(chat.Tx) error { close(busy); <-hold; return nil }, func(error) {})
	<-busy // the jobs that come until it is let go share a commit
	outcomes := make([]error, 3)
	var wait sync.WaitGroup
	for i := range outcomes {
		wait.Add(1)
		s.Submit(func(tx chat.Tx) error {
			tx.Announce(fmt.Sprint("line ", i), chat.Event{})
			_, err := tx.Exec("INSERT INTO line (text) VALUES (?)", i)
			if i == 1 {
				panic("a broken rule")
			}
			return err
		}, func(err error) { outcomes[i] = err; wait.Done() })
	}
	close(hold)
	wait.Wait()
	if outcomes[0] != nil || outcomes[1] == nil || outcomes[2] != nil {
		t.Errorf("the jobs were told %v", outcomes)
	}
	if n, got := lines(t, s), told.list(); n != 2 || !slices.Equal(got, []string{"line 0", "line 2"}) {
		t.Errorf("%d lines are stored, announced were %v", n, got)
	}
}

func TestAnnouncedInTheOrderOfSubmission(t *testing.T) {
	t.Parallel()
	s, told := testStore(t, t.TempDir())
	var wait sync.WaitGroup
	for i := range 3000 {
		wait.Add(1)
		s.Submit(insert(fmt.Sprint(i)), func(error) { wait.Done() })
	}
	wait.Wait()
	for i, got := range told.list() {
		if got != fmt.Sprint(i) {
			t.Fatalf("number %d was announced as number %s", i, got)
		}
	}
}

func TestWhatIsAnsweredIsAnnouncedAndStored(t *testing.T) {
	t.Parallel()
	s, told := testStore(t, t.TempDir())
	for i := range 50 {
		name := fmt.Sprint(i)
		if err := s.Write(context.Background(), insert(name)); err != nil {
			t.Fatal(err)
		}
		if got := told.list(); len(got) != i+1 || lines(t, s) != i+1 {
			t.Fatalf("after answer %d: %d announced, %d stored", i, len(got), lines(t, s))
		}
	}
}

// What a write has done must be acted upon, even if the browser that asked for it has gone meanwhile:
// sockets are closed, caches cleared. And what it fills in is its caller's again once it returns.
func TestAWriteIsWaitedForAfterTheRequestEnds(t *testing.T) {
	t.Parallel()
	s, _ := testStore(t, t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	begun, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.Write(ctx, func(tx chat.Tx) error {
			close(begun)
			<-goOn
			return insert("kept")(tx)
		})
	}()
	<-begun
	cancel()
	select {
	case err := <-ended:
		close(goOn)
		t.Fatalf("it returned %v before it was done", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := lines(t, s); n != 1 {
		t.Errorf("%d lines", n)
	}
	if err := s.Write(ctx, insert("never")); !errors.Is(err, context.Canceled) {
		t.Errorf("who had gone before gets %v", err)
	}
	if n := lines(t, s); n != 1 {
		t.Errorf("%d lines", n)
	}
}

func TestClosingFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := testStore(t, dir)
	var wait sync.WaitGroup
	var failed int
	for i := range 500 {
		wait.Add(1)
		s.Submit(insert(fmt.Sprint(i)), func(err error) {
			if err != nil {
				failed++
			}
			wait.Done()
		})
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
	if failed > 0 {
		t.Errorf("%d of those accepted were not stored", failed)
	}
	var e *chat.Error
	if err := s.Write(context.Background(), insert("late")); !errors.As(err, &e) || e.Code != "storage" {
		t.Errorf("a write after closing: %v", err)
	}
	again, _ := testStore(t, dir)
	if n := lines(t, again); n != 500 {
		t.Errorf("%d lines are there again", n)
	}
}

func TestOneServerForEachFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := testStore(t, dir)
	if _, err := OpenStore(dir, steps, true, nil); !errors.Is(err, datadir.ErrInUse) {
		t.Errorf("a second server: %v", err)
	}
	beside, err := OpenStore(dir, steps, false, func([]chat.Announcement) {})
	if err != nil {
		t.Fatalf("the command line beside it: %v", err)
	}
	if err := errors.Join(beside.Write(context.Background(), insert("beside")), beside.Close()); err != nil {
		t.Error(err)
	}
	if lines(t, s) != 1 {
		t.Error("the server doesn't see what was written beside it")
	}
}

func TestOtherProcessesAreNoticed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := OpenStore(dir, steps, true, func([]chat.Announcement) {})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), insert("own")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Changes():
		t.Error("its own write was taken for another's")
	case <-time.After(3 * watchEvery):
	}
	beside, err := OpenStore(dir, steps, false, func([]chat.Announcement) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(beside.Write(context.Background(), insert("another's")), beside.Close()); err != nil {
		t.Fatal(err)
	}
	<-s.Changes()
}

func TestADatabaseFromTheFutureIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := testStore(t, dir)
	if err := s.Write(context.Background(), insert("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.conn.ExecContext(context.Background(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, "hearth.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStore(dir, steps, true, nil); !errors.Is(err, migrate.ErrNewer) {
		t.Errorf("opened with %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "hearth.db"))
	if err != nil || string(before) != string(after) {
		t.Errorf("the file was touched (%v)", err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other rights")
	}
	dir := filepath.Join(t.TempDir(), "new")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, _ := testStore(t, dir)
	if err := s.Write(context.Background(), insert("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKeys(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	private := func() {
		t.Helper()
		for _, f := range files {
			if info, err := os.Stat(filepath.Join(dir, f.Name())); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s is %v", f.Name(), info.Mode())
			}
		}
	}
	private()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files { // as a copy of a folder may have them
		if err := os.Chmod(filepath.Join(dir, f.Name()), 0o644); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	testStore(t, dir)
	private()
}

func TestTheWriterRecoversAfterTheDiskFailed(t *testing.T) {
	t.Parallel()
	var told announcements
	s, err := OpenStore(t.TempDir(), steps, true, told.publish)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(context.Background(), insert("before")); err != nil {
		t.Fatal(err)
	}
	limit := "PRAGMA max_page_count = 5" // what a full disk looks like to SQLite
	if _, err := s.conn.ExecContext(context.Background(), limit); err != nil {
		t.Fatal(err)
	}
	var e *chat.Error
	err = s.Write(context.Background(), insert(strings.Repeat("much ", 100_000)))
	if !errors.As(err, &e) || e.Code != "storage" {
		t.Fatalf("on a full disk: %v", err)
	}
	if n := lines(t, s); n != 1 {
		t.Errorf("%d lines", n)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		if err = s.Write(context.Background(), insert("after")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it does not come back: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := told.list(); len(got) != 2 || got[1] != "after" {
		t.Errorf("announced were %d", len(got))
	}
	<-s.Changes() // other processes may have written meanwhile
}

// BenchmarkStore is how many rows are on disk a second, by how many wait at a time. Beside it the
// lower bound of a commit: appending a page to a file and fsync.
func BenchmarkStore(b *testing.B) {
	for _, senders := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprint(senders), func(b *testing.B) {
			s, _ := testStore(b, b.TempDir())
			together(b, senders, func(i int) error {
				return s.Write(context.Background(), func(tx chat.Tx) error { // as a message is stored
					_, err := tx.Exec("INSERT INTO line (text) VALUES (?)", fmt.Sprint("line ", i))
					return err
				})
			})
		})
	}
	b.Run("fsync", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "file"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		page := make([]byte, 4096)
		for b.Loop() {
			_, err := f.Write(page)
			if err := errors.Join(err, f.Sync()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// together calls do b.N times, from so many goroutines at a time.
func together(b *testing.B, senders int, do func(i int) error) {
	b.Helper()
	b.ResetTimer()
	var next atomic.Int64
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := do(int(i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// BenchmarkCurve is what a page of history and a message cost by how many messages there are, in
// 100 rooms and in 10 000. With -short the longest, of ten millions, are left out.
func BenchmarkCurve(b *testing.B) {
	for _, messages := range []int{1e4, 1e5, 1e6, 1e7} {
		for _, rooms := range []int{100, 10_000} {
			if messages == 1e7 && testing.Short() {
				continue
			}
			b.Run(fmt.Sprintf("messages=%d/rooms=%d", messages, rooms), func(b *testing.B) { curve(b, messages, rooms) })
		}
	}
}

func curve(b *testing.B, messages, rooms int) {
	s, c, ada := filled(b, messages, rooms)
	defer s.Close()
	defer c.Close()
	ctx := context.Background()
	caller := chat.Caller{User: ada}
	b.Run("last50", func(b *testing.B) {
		r, err := c.Enter(ctx, caller, "r7")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if found, _, err := c.History(ctx, r, chat.Page{Limit: 50}); err != nil || len(found) != min(50, messages/rooms) {
				b.Fatal(len(found), err)
			}
		}
	})
	// 64 people speak at a time: all in one room, each in a room of its own, or wherever it may be.
	for _, where := range []string{"one", "own", "any"} {
		of := map[string]int{"one": 1, "own": min(rooms, 64), "any": rooms}[where]
		b.Run("say64/"+where, func(b *testing.B) {
			together(b, 64, func(i int) error {
				done := make(chan error, 1)
				d := chat.Draft{Text: "Something that is said, of the length that such things have on most days.", Nonce: fmt.Sprint(where, b.N, " ", i)}
				c.Say(ctx, caller, fmt.Sprint("r", i%of), d, func(_ *chat.Message, _ *chat.Room, _ bool, err error) { done <- err })
				return <-done
			})
		})
	}
}

// filled returns a database with so many messages spread over the rooms r0, r1 …, and one user.
func filled(b *testing.B, messages, rooms int) (*Store, *chat.Chat, *chat.User) {
	b.Helper()
	hub := NewHub()
	s, err := OpenStore(b.TempDir(), chat.Migrations(), true, hub.PublishAll)
	if err != nil {
		b.Fatal(err)
	}
	c := chat.New(s, hub, chat.Options{})
	ctx := context.Background()
	ada, err := c.CreateUser(ctx, chat.Caller{}, chat.NewUser{Name: "ada", Password: "none"})
	if err != nil {
		b.Fatal(err)
	}
	const series = "WITH RECURSIVE series (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM series LIMIT ?2) "
	fill := func(query string, n, of int) {
		b.Helper()
		err := s.Write(ctx, func(tx chat.Tx) error {
			_, err := tx.Exec(query, of, n)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	fill(series+"INSERT INTO room (id, name, name_key, access, created_at) SELECT value + ?1, 'r' || value, 'r' || value, 'open', 0 FROM series", rooms, 1)
	fill(series+`INSERT INTO message (id, sender, text, nonce, created_at)
		SELECT (1 + value % ?1) << 32 | (1 + value / ?1), 1, 'Something that was said, number ' || value || ', of the length that such things have on most days.', value, value
		FROM series ORDER BY 1`, messages, rooms)
	return s, c, ada
}

// TestErased looks for erased texts in every byte of the data folder: after a checkpoint beside the
// open database, and after a clean stop.
func TestErased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := testStore(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	write := func(query string, args ...any) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx chat.Tx) error { tx.Erase(); _, err := tx.Exec(query, args...); return err }); err != nil {
			t.Fatal(err)
		}
	}
	const rows = 3000
	secret := func(i, n int) string { return strings.Repeat(fmt.Sprintf("<erased %d> ", i), n) }
	for i := range rows { // of all lengths, so that pages are split, and some take pages of their own
		write("INSERT INTO line (id, text) VALUES (?, ?)", i, secret(i, 1+random.IntN(40)*random.IntN(20)))
	}
	for _, i := range random.Perm(rows) { // in no order, so that pages are joined
		switch i % 4 {
		case 0:
			write("DELETE FROM line WHERE id = ?", i)
		case 1:
			write("UPDATE line SET text = ? WHERE id = ?", fmt.Sprint("short ", i), i)
		case 2:
			write("UPDATE line SET text = ? WHERE id = ?", strings.Repeat(fmt.Sprint("long ", i, " "), 1+random.IntN(900)), i)
		default:
			write("UPDATE line SET text = ? WHERE id = ?", fmt.Sprint("", i), i)
		}
	}
	emptied := func() bool { // each is the writer's own doing
		info, err := os.Stat(filepath.Join(dir, "hearth.db-wal"))
		return err == nil && info.Size() == 0
	}
	for start := time.Now(); !emptied() && time.Since(start) < time.Minute; {
		time.Sleep(100 * time.Millisecond)
	}
	for _, when := range []string{"while it is open", "after a stop"} {
		found := 0
		for name, text := range filesIn(t, dir) {
			if n := strings.Count(text, "<erased "); n > 0 {
				t.Errorf("%s %s has %d pieces of erased texts", when, name, n)
			}
			found += strings.Count(text, "short ")
		}
		if found < rows/4 {
			t.Errorf("%s there are only %d of the texts that stay", when, found)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name()] = string(b)
	}
	return all
}

// What may wait shares the commit of others, and is written by itself if none comes.
func TestDelayedWritesShareACommit(t *testing.T) {
	t.Parallel()
	h, _ := inside(t, settings{})
	const found = "SELECT count(*) FROM setting WHERE name = 'others'"
	insert := func(tx chat.Tx) error {
		_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('others', '')")
		return err
	}
	for shared := false; !shared; { // a machine may be so slow that others come too late
		wantNil(t, h.store.Write(context.Background(), func(tx chat.Tx) error {
			_, err := tx.Exec("DELETE FROM setting WHERE name = 'others'")
			return err
		}))
		done := make(chan error, 1)
		h.store.SubmitSoon(func(tx chat.Tx) error {
			var inside, outside int
			err := errors.Join(tx.QueryRow(found).Scan(&inside), h.store.readers.QueryRow(found).Scan(&outside))
			shared = inside == 1 && outside == 0
			return err
		}, func(err error) { done <- err })
		wantNil(t, h.store.Write(context.Background(), insert))
		wantNil(t, <-done)
	}
	submit := func() <-chan error {
		done := make(chan error, 1)
		h.store.SubmitSoon(func(chat.Tx) error { return nil }, func(err error) { done <- err })
		return done
	}
	wantNil(t, <-submit()) // alone
	last := submit()
	wantNil(t, h.store.Close())
	wantNil(t, <-last)
	if err := <-submit(); err == nil {
		t.Error("something is written after the store was closed")
	}
}
