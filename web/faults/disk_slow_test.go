package faults

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

var slowGets = flag.Int("slow.gets", 20, "how many pages of each kind TestReadingWhileTheDiskIsSlow asks for")

// slowSync is how long each fsync of a slow disk takes.
const slowSync = 200 * time.Millisecond

// readPaths are pages of each kind, and answers of the API.
var readPaths = []string{"/", "/chat/r/", "/chat/@bob/", "/conversations/", "/profile/", "/admin/users/", "/admin/messages/", "/api/rooms", "/api/rooms/r/messages", "/api/users"}

// syncing starts a server, traced so that each of its fsyncs can take longer by a time, and has somebody say something
// twice a second until the test ends.
func syncing(t *testing.T, longer time.Duration) *hearthtest.Browser {
	t.Helper()
	program := []string{"strace", "-D", "-f", "--seccomp-bpf", "-o", os.DevNull, "-e", "trace=fsync,fdatasync"}
	if longer > 0 {
		program = append(program, "-e", fmt.Sprintf("inject=fsync,fdatasync:delay_enter=%d", longer.Microseconds()))
	}
	s := hearthtest.StartAs(t, append(program, plainProgram(t)), t.TempDir())
	ada := s.SignUp(t, "ada")
	s.SignUp(t, "bob")
	for range 30 {
		ada.PostJSON("/api/rooms/r/messages", map[string]string{"message": "hello"})
	}
	ada.PostJSON("/api/rooms/@bob/messages", map[string]string{"message": "psst"})
	bob := s.LogIn(t, "bob")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Second / 2):
				if r := bob.PostJSON("/api/rooms/r/messages", map[string]string{"message": fmt.Sprint("more ", i)}); r.Status != 201 {
					t.Errorf("bob is answered %d", r.Status)
				}
			}
		}
	}()
	t.Cleanup(func() { close(stop); <-stopped })
	return ada
}

// Who reads waits for no fsync.
func TestReadingWhileTheDiskIsSlow(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	diskNeeds(t, straceWorks(), "strace that may trace (Linux, Debian's package strace, the right to ptrace)")
	t.Parallel()
	disks := []*hearthtest.Browser{syncing(t, 0), syncing(t, slowSync)}
	took := map[string][2][]time.Duration{}
	for range *slowGets {
		for _, path := range readPaths {
			both := took[path]
			for i, b := range disks {
				begun := time.Now()
				if r := b.Get(path); r.Status != 200 {
					t.Fatalf("%s: %d", path, r.Status)
				}
				both[i] = append(both[i], time.Since(begun))
			}
			took[path] = both
		}
	}
	for _, path := range readPaths {
		both := took[path]
		for i := range both {
			slices.Sort(both[i])
		}
		part := func(share float64) (fast, slow time.Duration) {
			at := int(share * float64(*slowGets-1))
			return both[0][at], both[1][at]
		}
		fast, slow := part(0.5)
		fast99, slow99 := part(0.99)
		t.Logf("%-22s median %.2f ms, %.2f times that of a fast disk; p99 %.2f ms, %.2f times", path,
			slow.Seconds()*1000, slow.Seconds()/fast.Seconds(), slow99.Seconds()*1000, slow99.Seconds()/fast99.Seconds())
		if slow > fast+slowSync/2 {
			t.Errorf("%s waits for the disk: %v instead of %v", path, slow, fast)
		}
	}
}
