// Package db implements transactions with group commit: jobs that wait share one transaction and one fsync. A job that
// fails is rolled back alone, in the database and in memory, and the others go on. It also erases deleted text from the
// files of the database.
package db

import (
	"fmt"

	"hearth/web/chat"
)

// Job is one change of the database, and the callback for its result.
type Job struct {
	do        func(chat.Tx) error
	done      func(error)
	announced []chat.Announcement
	undo      []func()
	erases    bool
	err       error
}

// NewJob returns a job that runs do. done is called with the result.
func NewJob(do func(chat.Tx) error, done func(error)) *Job { return &Job{do: do, done: done} }

// Announced returns the announcements of the job, none if it failed.
func (j *Job) Announced() []chat.Announcement { return j.announced }

// Erases reports whether the job has called Erase.
func (j *Job) Erases() bool { return j.erases }

// Answer calls done with the error of the job, or with failed: why it was not run or not stored.
func (j *Job) Answer(failed error) {
	if failed == nil {
		failed = j.err
	}
	j.done(failed)
}

// try runs the job and turns a panic into its error, so that one bad row does not stop the writer.
func (j *Job) try(tx chat.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v", p)
		}
	}()
	return j.do(tx)
}

// rollback undoes the changes of the job in memory.
func (j *Job) rollback() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	j.undo, j.announced = nil, nil
}
