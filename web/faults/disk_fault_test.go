package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"hearth/web/hearthtest"
)

// While the disk fails for good, nothing is acknowledged, reading and presence go on, and once it
// is back, so is writing.
func TestTheDiskFailsAndComesBack(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	s := hearthtest.StartAs(t, []string{plainProgram(t)}, t.TempDir())
	d := newDiskTalk(t, s)
	for name, spec := range map[string]string{
		"fsync":     "fsync,fdatasync:error=EIO",
		"full":      "pwrite64:error=ENOSPC",
		"broken":    "pwrite64:error=EIO",
		"read-only": "pwrite64,ftruncate:error=EROFS",
	} {
		t.Run(name, func(t *testing.T) {
			d.t = t
			d.burst(5)
			mend := injectFault(t, s, "", spec)
			if !d.untilRefused(5) {
				t.Fatal("everything was acknowledged on a disk that fails")
			}
			d.still()
			d.burst(5)
			mend()
			d.health(200)
			d.audit()
			d.again()
		})
	}
	d.t = t
	stopWhole(t, s)
}

// stopWhole stops the server, whose database must be sound.
func stopWhole(t *testing.T, s *hearthtest.Server) {
	t.Helper()
	s.Stop(t)
	intact(t, filepath.Join(s.Data, "hearth.db"))
}

// A single call fails, be it the first or a later one, or all from there on.
func TestTheDiskFailsAtTheNthCall(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	s := hearthtest.StartAs(t, []string{plainProgram(t)}, t.TempDir())
	d := newDiskTalk(t, s)
	for n := 1; n <= 4; n++ {
		for _, spec := range []string{
			fmt.Sprintf("fsync,fdatasync:error=EIO:when=%d", n),
			fmt.Sprintf("pwrite64:error=ENOSPC:when=%d", 3*n),
			fmt.Sprintf("pwrite64:error=EIO:when=%d+", 5*n),
		} {
			t.Run(spec, func(t *testing.T) {
				d.t = t
				mend := injectFault(t, s, "", spec)
				if !d.untilRefused(5) {
					t.Error("nothing failed, nothing is proved")
				}
				mend()
				d.health(200)
				d.audit()
				d.again()
			})
		}
	}
	d.t = t
	stopWhole(t, s)
}

// checkpointDue is from how many bytes of log each commit tries a checkpoint.
func checkpointDue(t *testing.T) int64 {
	t.Helper()
	source, err := os.ReadFile("../../store.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`maxLog = (\d+)`).FindSubmatch(source)
	if found == nil {
		t.Fatal("store.go doesn't say when the log is folded in")
	}
	pages, err := strconv.ParseInt(string(found[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * 4096
}

// A checkpoint that fails harms nobody: the log has everything, and grows until one succeeds.
func TestCheckpointsFail(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	data, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := hearthtest.StartAs(t, []string{plainProgram(t)}, data)
	d := newDiskTalk(t, s)
	due := checkpointDue(t)
	file := filepath.Join(data, "hearth.db")
	log := func() int64 {
		info, err := os.Stat(file + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	for _, spec := range []string{"pwrite64:error=EIO", "fsync:error=EIO"} {
		mend := injectFault(t, s, file, spec)
		for start := log(); log() < max(start, due)+100*4096; { // were it folded in, it would not grow
			d.burst(10)
		}
		mend()
		if len(d.refused) > 0 {
			t.Errorf("%d refused, %s", len(d.refused), d.refused[0])
		}
		d.audit()
		s.Kill(t)
		s.Restart(t)
		d.connect()
		d.audit()
		d.burst(10)
	}
	s.Stop(t)
	intact(t, file)
}

// Who is killed while the disk fails has still not stored what was refused: a failed fsync leaves a
// whole commit in the log. Slow writes give the kill time to come right after the refusal.
func TestKilledWhileTheDiskFails(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	s := hearthtest.StartAs(t, []string{plainProgram(t)}, t.TempDir())
	d := newDiskTalk(t, s)
	for _, specs := range [][]string{
		{"fsync:error=EIO", "pwrite64:delay_enter=50ms"},
		{"pwrite64:error=ENOSPC:when=7+"},
	} {
		mend := injectFault(t, s, "", specs...)
		if !d.untilRefused(1) {
			t.Fatal("nothing failed, nothing is proved")
		}
		s.Kill(t)
		mend()
		s.Restart(t)
		d.connect()
		d.audit()
		d.again()
	}
	s.Stop(t)
	intact(t, filepath.Join(s.Data, "hearth.db"))
}
