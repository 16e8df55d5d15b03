package db

import (
	"sync"
	"time"
)

// sharesFor is how long a job waits in Sharers for the commit of another job. A commit for it alone would cost an fsync and
// space in the log.
const sharesFor = 500 * time.Millisecond

// Sharers are jobs that wait to share a commit with others. The zero value is ready to use. It is safe for concurrent use.
type Sharers struct {
	mu   sync.Mutex
	jobs []*Job
	due  time.Time // when they have waited long enough
}

// Add adds a job.
func (s *Sharers) Add(j *Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) == 0 {
		s.due = time.Now().Add(sharesFor)
	}
	s.jobs = append(s.jobs, j)
}

// Take removes and returns all jobs. With onlyDue, it does so only if the first one has waited for sharesFor; otherwise it
// returns nil.
func (s *Sharers) Take(onlyDue bool) []*Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if onlyDue && time.Now().Before(s.due) {
		return nil
	}
	jobs := s.jobs
	s.jobs = nil
	return jobs
}
