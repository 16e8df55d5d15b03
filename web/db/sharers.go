package db

import (
	"sync"
	"time"
)

// sharesFor is how long jobs wait in Sharers. A commit of their own would cost an fsync and pages of the log.
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

// Take removes and returns all jobs; with onlyDue none, unless the first one has waited for sharesFor.
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
