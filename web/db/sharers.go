package db

import (
	"sync"
	"time"
)

// sharesFor is how long jobs wait in Sharers. A commit of their own would cost an fsync, and the pages of the
// log that each commit begins.
const sharesFor = 500 * time.Millisecond

// Sharers are jobs that wait for a commit of others to share. The zero value is ready to use. It is safe
// for concurrent use.
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

// Take takes all jobs out; with onlyDue none, unless the first of them has waited long enough.
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
