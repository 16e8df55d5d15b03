package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // registers the driver

	"hearth/web/chat"
	"hearth/web/db"
	"hearth/web/db/backup"
	"hearth/web/db/datadir"
	"hearth/web/db/migrate"
)

const (
	// maxBatch is the most jobs that share one commit. 1024 inserts take about 8 ms, which
	// bounds how long the first of them waits for the last (go test -bench Store).
	maxBatch = 1024
	// waiting is how many jobs may wait for the writer. While there are more, Submit blocks its caller.
	waiting = 4 * maxBatch
	// writerCache is the writer's page cache: 32 MiB, filled as needed. With SQLite's default of 2 MiB, the writer would read pages of
	// the index of nonces and the last pages of rooms again and again.
	writerCache = "cache_size(-32768)"
	// maxLog is the size in pages at which SQLite's log is copied into the database file: 16 MiB. A page that many messages
	// change is then written once for all of them. With 4 MiB, SQLite's default, and SQLite's small cache, 64 senders store
	// half as much in 1 000 000 messages (go test -bench Curve). A larger log gains little, and makes a checkpoint take longer
	// on the SD card of a small computer.
	maxLog = 4000
	// ownCheckpoints disables SQLite's own checkpoints: ours also clear erased data.
	ownCheckpoints = "wal_autocheckpoint(0)"
	// watchEvery is how often the writer looks for commits of other processes (the command line).
	watchEvery = 300 * time.Millisecond
	// reopenEvery is the pause between attempts to write again after the disk failed.
	reopenEvery = time.Second
	// checkpointAfter is how long after a commit SQLite's log is copied into the database file. If something was erased, the
	// log is also emptied, because it still has the erased data. README promises that within a minute.
	checkpointAfter = 20 * time.Second
	// checkpointRetry is the pause after a checkpoint that a reader, such as a backup, prevented.
	checkpointRetry = time.Second
	// erase makes SQLite overwrite deleted and changed data with zeros.
	erase = "secure_delete(1)"
	// examineFor bounds the search for damage at the start, which may take 2 s in total. 1 000 000 messages (158 MB) take half
	// of it (go test -bench Start). Damage that the search does not reach is reported when it is read.
	examineFor = time.Second
)

// synchronous is SQLite's PRAGMA: FULL means one fsync for each commit, before it is acknowledged. It is a variable only for the
// linker: the test of power cuts builds a program that does not wait for the disk, and has to find the losses (-ldflags
// "-X main.synchronous=OFF").
var synchronous = "FULL"

// errClosed is the error of calls after Close.
var errClosed = errors.New("the database is closed")

// Store is one SQLite file, the goroutine that writes it, and a pool of readers. It does not know what the rows mean.
type Store struct {
	dir        string
	lock       *flock.Flock // held by the serving process; nil for the command line
	readers    *sql.DB
	writer     *sql.DB // a pool of one
	conn       *sql.Conn
	tx         *db.Tx
	jobs       chan *db.Job
	soon       db.Sharers
	stop       chan struct{}
	closing    sync.RWMutex // held for reading while a job is handed over
	closed     bool
	finished   sync.WaitGroup
	failed     atomic.Pointer[error] // set while the disk refuses writes
	announced  []chat.Announcement   // of one commit
	version    int64                 // PRAGMA data_version, which changes when another process commits
	logDue     time.Time             // when a checkpoint is due; zero: the log has nothing new
	logBusy    bool                  // the last checkpoint was not complete
	erased     bool                  // the log has something that must not be found any more
	publishAll func([]chat.Announcement)
	changes    chan struct{}
}

// OpenStore opens the database in the folder dir, which it creates if necessary (0700, files 0600), and runs the migrations in
// steps. With serve it locks the folder against other servers; without, it works beside a server. publish gets the announcements
// of each commit, in order, once it is on disk; it must not wait for another write. Errors: datadir.ErrInUse, migrate.ErrNewer,
// *backup.DamagedError.
func OpenStore(dir string, steps fs.FS, serve bool, publish func([]chat.Announcement)) (*Store, error) {
	s := &Store{dir: dir, publishAll: publish, changes: make(chan struct{}, 1), jobs: make(chan *db.Job, waiting), stop: make(chan struct{})}
	if err := s.prepare(serve); err != nil {
		return nil, err
	}
	if err := s.open(steps); err != nil {
		return nil, errors.Join(backup.Explain(s.file(), err), s.release())
	}
	s.finished.Add(1)
	go s.write()
	return s, nil
}

// prepare creates the folder and the files, so that SQLite uses the right mode for the files that it adds, and takes the lock.
func (s *Store) prepare(serve bool) error {
	if err := datadir.Make(s.dir); err != nil {
		return err
	}
	if err := datadir.Claim(s.dir); err != nil {
		return err
	}
	if serve {
		lock, err := datadir.Lock(s.dir)
		if err != nil {
			return err
		}
		s.lock = lock
		if err := s.examine(); err != nil {
			return errors.Join(err, s.release())
		}
	}
	f, err := os.OpenFile(s.file(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return errors.Join(fmt.Errorf("open the database: %w", err), s.release())
	}
	if err := errors.Join(f.Close(), datadir.Tidy(s.dir)); err != nil {
		return errors.Join(err, s.release())
	}
	return nil
}

// examine finishes an interrupted restore, and looks for damage.
func (s *Store) examine() error {
	aside, err := backup.Resume(s.file())
	if err != nil {
		return err
	}
	if aside != "" {
		slog.Warn("finished restoring a backup, which had been interrupted", "kept", aside)
	}
	return backup.Examine(s.file(), examineFor)
}

func (s *Store) file() string { return datadir.Database(s.dir) }

func (s *Store) release() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Unlock()
}

// dsn returns the DSN of the database, with the pragmas that every connection needs.
func (s *Store) dsn(pragmas ...string) string {
	q := "?_pragma=busy_timeout(5000)"
	for _, p := range append(pragmas, "foreign_keys(1)", "temp_store(MEMORY)") {
		q += "&_pragma=" + p
	}
	path := strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(s.file()))
	return "file:" + path + q
}

func (s *Store) open(steps fs.FS) error {
	ctx := context.Background()
	if err := migrate.Check(ctx, s.dsn("query_only(1)"), steps); err != nil {
		return err
	}
	if err := s.openWriter(); err != nil {
		return err
	}
	if err := migrate.Run(ctx, s.conn, steps); err != nil {
		return errors.Join(err, s.closeWriter())
	}
	if s.lock != nil {
		if err := db.RewriteOnce(ctx, s.conn); err != nil {
			slog.Warn("data that an earlier version deleted may still be in the database file; the next start tries again", "err", err)
		}
		s.erased = true // something may have been erased before a crash
		s.checkpoint()  // so that the database file alone is a complete copy
	}
	readers, err := sql.Open("sqlite", s.dsn("query_only(1)"))
	if err != nil {
		return fmt.Errorf("open the readers: %w", err)
	}
	n := max(4, runtime.NumCPU())
	readers.SetMaxOpenConns(n)
	readers.SetMaxIdleConns(n)
	s.readers = readers
	return nil
}

func (s *Store) openWriter() error {
	pragmas := []string{"journal_mode(WAL)", "synchronous(" + synchronous + ")", "journal_size_limit(67108864)", writerCache, ownCheckpoints, erase}
	if runtime.GOOS == "darwin" { // there, only these make fsync reach the platter
		pragmas = append(pragmas, "fullfsync(1)", "checkpoint_fullfsync(1)")
	}
	pool, err := sql.Open("sqlite", s.dsn(pragmas...))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(context.Background())
	if err != nil {
		return errors.Join(fmt.Errorf("open the database %s: %w", s.file(), err), pool.Close())
	}
	s.writer, s.conn, s.tx = pool, conn, db.NewTx(conn)
	if err := conn.QueryRowContext(context.Background(), "PRAGMA data_version").Scan(&s.version); err != nil {
		return errors.Join(fmt.Errorf("read data_version: %w", err), s.closeWriter())
	}
	return nil
}

// closeWriter closes the write connection, if there is one: reopening it may have failed.
func (s *Store) closeWriter() error {
	if s.writer == nil {
		return nil
	}
	err := errors.Join(s.tx.Close(), s.conn.Close(), s.writer.Close())
	s.writer = nil
	return err
}

// Reader returns the pool of read-only connections.
func (s *Store) Reader() *sql.DB { return s.readers }

// Write runs do in the writer's transaction and waits until it is on disk, even if ctx ends meanwhile, because the caller has to
// act upon the result. If ctx has ended before, nothing is written.
func (s *Store) Write(ctx context.Context, do func(chat.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	s.Submit(do, func(err error) { done <- err })
	return <-done
}

// Submit queues do for the writer. done is called once it is on disk, or with an error.
func (s *Store) Submit(do func(chat.Tx) error, done func(error)) {
	s.submit(do, done, func(j *db.Job) { s.jobs <- j })
}

// SubmitSoon is Submit for jobs that may wait up to half a second to share a commit with others.
func (s *Store) SubmitSoon(do func(chat.Tx) error, done func(error)) {
	s.submit(do, done, s.soon.Add)
}

func (s *Store) submit(do func(chat.Tx) error, done func(error), queue func(*db.Job)) {
	s.closing.RLock()
	defer s.closing.RUnlock()
	if s.closed {
		done(storageError(errClosed))
		return
	}
	if err := s.failed.Load(); err != nil {
		done(storageError(*err))
		return
	}
	queue(db.NewJob(do, done))
}

func storageError(err error) error { return &chat.Error{Code: "storage", Err: err} }

// Healthy returns an error if the database cannot be written or read.
func (s *Store) Healthy(ctx context.Context) error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	var one int
	return s.readers.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

// Close finishes the submitted jobs, copies the log into the database file and unlocks the folder. Later calls do nothing.
func (s *Store) Close() error {
	s.closing.Lock()
	already := s.closed
	s.closed = true
	s.closing.Unlock()
	if already {
		return nil
	}
	close(s.stop)
	s.finished.Wait()
	err := s.readers.Close()
	return errors.Join(err, s.closeWriter(), s.release()) // the last connection's Close checkpoints
}

// write is the writer goroutine, the only one that uses the write connection.
func (s *Store) write() {
	defer s.finished.Done()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	for {
		select {
		case j := <-s.jobs:
			s.commit(append(s.gather(j), s.soon.Take(false)...))
			s.checkpointIfDue()
		case <-watch.C:
			s.look()
			if jobs := s.soon.Take(true); len(jobs) > 0 {
				s.commit(jobs)
			}
			s.checkpointIfDue()
		case <-s.stop:
			for len(s.jobs) > 0 {
				s.commit(s.gather(<-s.jobs))
			}
			if jobs := s.soon.Take(false); len(jobs) > 0 {
				s.commit(jobs)
			}
			s.checkpoint()
			return
		}
	}
}

// gather returns all jobs that wait. It does not wait for more.
func (s *Store) gather(first *db.Job) []*db.Job {
	jobs := []*db.Job{first}
	for len(jobs) < maxBatch {
		select {
		case j := <-s.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// look checks for commits of other processes.
func (s *Store) look() {
	var v int64
	if err := s.tx.QueryRow("PRAGMA data_version").Scan(&v); err != nil {
		slog.Error("look for commits of other processes", "err", err)
		return
	}
	if v != s.version {
		s.version = v
		s.logged()
		s.changed()
	}
}

// Changes returns a channel that gets a value after another process has committed something.
func (s *Store) Changes() <-chan struct{} { return s.changes }

func (s *Store) changed() {
	select {
	case s.changes <- struct{}{}:
	default: // one value for several changes is enough
	}
}

// logged schedules a checkpoint after a commit.
func (s *Store) logged() {
	if s.logDue.IsZero() {
		s.logDue = time.Now().Add(checkpointAfter)
	}
}

func (s *Store) checkpointIfDue() {
	if s.logDue.IsZero() {
		return
	}
	due := time.Now().After(s.logDue)
	if !due && !s.logBusy {
		pages, err := s.tx.LogPages()
		due = err == nil && pages >= maxLog // an error shows again at the checkpoint
	}
	if due {
		s.checkpoint()
	}
}

// checkpoint copies the log into the database file, and empties it if something was erased. If that fails, it is scheduled again:
// soon if a reader uses an older snapshot, later if the disk fails, which does not harm the log.
func (s *Store) checkpoint() {
	job := db.ClearPages(s.file()+"-wal", func(err error) {
		if err != nil {
			slog.Warn("clear erased data in the log", "err", err)
		}
	})
	if job != nil {
		s.commit([]*db.Job{job})
	}
	done, err := s.tx.Checkpoint(s.erased)
	s.logBusy, s.logDue = !done, time.Time{}
	switch {
	case err != nil:
		slog.Warn("the database file could not be brought up to date; its log still has everything", "err", err)
		s.logDue = time.Now().Add(checkpointAfter)
	case !done:
		s.logDue = time.Now().Add(checkpointRetry)
	default:
		s.erased = false
	}
}

// commit runs the jobs in one transaction, publishes their announcements and answers their callers. Jobs that are submitted
// meanwhile share the next commit: the more there are, the less each costs. If the disk fails, all jobs fail, and the writer
// recovers before it accepts more.
func (s *Store) commit(jobs []*db.Job) {
	if err := s.tx.Commit(jobs); err != nil {
		s.failed.Store(&err)
		s.overwriteFailed()
		for _, j := range jobs {
			j.Answer(storageError(err))
		}
		s.recover(err)
		return
	}
	s.logged()
	s.publish(jobs)
	for _, j := range jobs {
		j.Answer(nil)
	}
}

// recover answers all jobs with cause until the reopened file accepts a write again. A failed fsync cannot be retried, because the
// kernel may have dropped the pages.
func (s *Store) recover(cause error) {
	slog.Error("a commit has failed; messages are refused until one succeeds", "err", cause)
	defer s.failed.Store(nil)
	retry := time.NewTicker(reopenEvery)
	defer retry.Stop()
	for {
		if err := s.reopen(); err == nil {
			slog.Info("the database takes writes again")
			s.changed() // another process may have committed meanwhile, which the new connection cannot tell
			return
		}
		for waiting := true; waiting; {
			select {
			case j := <-s.jobs:
				j.Answer(storageError(cause))
			case <-retry.C:
				waiting = false
			case <-s.stop:
				return
			}
		}
	}
}

// overwriteFailed overwrites a failed commit in the log before the callers get the error. If fsync failed, the log may contain
// the whole commit, and after a crash the next start would find it. A commit that changes nothing takes its place in the file,
// even if that commit fails too.
func (s *Store) overwriteFailed() {
	if err := s.touch(); err != nil {
		slog.Debug("overwrite the failed commit", "err", err)
	}
}

// reopen replaces the write connection, and tests it with a commit that changes nothing.
func (s *Store) reopen() error {
	if err := s.closeWriter(); err != nil {
		slog.Debug("close the failed database", "err", err)
	}
	if err := s.openWriter(); err != nil {
		return err
	}
	return s.touch()
}

// touch commits a transaction that changes nothing and is written to the log nevertheless.
func (s *Store) touch() error {
	ctx := context.Background()
	var v int
	if err := s.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return fmt.Errorf("read user_version: %w", err)
	}
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v)); err != nil {
		return fmt.Errorf("write user_version: %w", err)
	}
	return nil
}

// publish publishes the announcements of stored jobs.
func (s *Store) publish(jobs []*db.Job) {
	s.announced = s.announced[:0]
	for _, j := range jobs {
		s.announced = append(s.announced, j.Announced()...)
		s.erased = s.erased || j.Erases()
	}
	if len(s.announced) > 0 {
		s.publishAll(s.announced)
		clear(s.announced)
	}
}
