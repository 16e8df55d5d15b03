// Package db implements transactions with group commit: jobs that wait share one transaction and one fsync. A job that
// fails is rolled back alone, in the database and in memory, and the others go on. It also erases deleted text from the
// files of the database.
package db

import (
	"fmt"

	"hearth/web/chat"
)

// Job is one change of the database, and who waits for it.
type Job struct {
	do        func(chat.Tx) error
	done      func(error)
	announced []chat.Announcement
	undo      []func()
	erases    bool
	err       error
}

// NewJob makes a job of what do does; done is told what came of it.
func NewJob(do func(chat.Tx) error, done func(error)) *Job { return &Job{do: do, done: done} }

// Announced returns what the job had to tell, nothing if it failed.
func (j *Job) Announced() []chat.Announcement { return j.announced }

// Erases reports whether what the job has deleted or changed must not be found any more.
func (j *Job) Erases() bool { return j.erases }

// Answer tells who waits what came of the job, or failed: why it was never tried, or did not reach the disk.
func (j *Job) Answer(failed error) {
	if failed == nil {
		failed = j.err
	}
	j.done(failed)
}

// try turns a panic in the job into its error: one bad row must not stop the writer.
func (j *Job) try(tx chat.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v", p)
		}
	}()
	return j.do(tx)
}

// rollback takes back in memory what the job has done.
func (j *Job) rollback() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	j.undo, j.announced = nil, nil
}
