// Package faults has the tests that break what Hearth stands on and hold it to its promises.
package faults

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hearth/web/hearthtest"
)

// diskPatience is how long these tests wait for what must come, on machines that are busy.
const diskPatience = 30 * time.Second

// diskNeeds skips the test where what it needs is missing. In CI nothing may be missing.
func diskNeeds(t testing.TB, have bool, what string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("CI") == "true":
		t.Fatalf("CI has to have %s", what)
	default:
		t.Skipf("there is no %s", what)
	}
}

// straceWorks reports whether programs can be watched with strace.
var straceWorks = sync.OnceValue(func() bool {
	return runtime.GOOS == "linux" && exec.Command("strace", "-f", "-o", os.DevNull, "true").Run() == nil
})

// needStrace skips the test where they can't.
func needStrace(t testing.TB) {
	t.Helper()
	diskNeeds(t, straceWorks(), "strace that may trace (Linux, Debian's package strace, the right to ptrace)")
}

// plainProgram builds the program without the race detector, which strace would slow too much.
func plainProgram(t testing.TB, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hearth")
	if out, err := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), "hearth")...).CombinedOutput(); err != nil {
		t.Fatalf("build hearth: %v\n%s", err, out)
	}
	return path
}

// injectFault makes system calls of the server fail, each spec as strace's -e inject= takes it,
// until the function that it returns is called. Only those on one file do, unless it is "".
func injectFault(t testing.TB, s *hearthtest.Server, file string, specs ...string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*diskPatience)
	args := []string{"-f", "-p", fmt.Sprint(s.Pid()), "-o", os.DevNull, "-e", "trace=fsync,fdatasync,pwrite64,ftruncate"}
	if file != "" {
		args = append(args, "-P", file)
	}
	for _, spec := range specs {
		args = append(args, "-e", "inject="+spec)
	}
	cmd := exec.CommandContext(ctx, "strace", args...)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(said)
	first, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(first, "attached") {
		t.Fatalf("strace says %q, %v", first, err)
	}
	drained := make(chan struct{})
	go func() { _, _ = io.Copy(io.Discard, lines); close(drained) }()
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt) // strace lets go of the server
		<-drained
		_ = cmd.Wait() // how it ends says nothing
		cancel()
	})
	t.Cleanup(end)
	return end
}
