package faults

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// smallDisk mounts a file system of so many MiB for the test.
func smallDisk(t *testing.T, mib int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	mounted := false
	if runtime.GOOS == "linux" {
		mounted = exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mib), "hearth-test", dir).Run() == nil
	}
	diskNeeds(t, mounted, "right to mount a tmpfs (Linux, root)")
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// fill takes all the room that a disk has left.
func fill(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<16); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2] // the last gap is small
		}
	}
}

func TestTheDiskIsFull(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	disk := smallDisk(t, 8)
	s := hearthtest.StartIn(t, filepath.Join(disk, "data"))
	d := newDiskTalk(t, s)
	ballast := filepath.Join(disk, "ballast")
	for range 3 {
		d.burst(20)
		fill(t, ballast)
		if !d.untilRefused(5) {
			t.Fatal("everything was acknowledged on a full disk")
		}
		d.still()
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		d.health(200)
		d.audit()
		d.again()
	}
	fill(t, ballast)
	if !d.untilRefused(5) {
		t.Fatal("everything was acknowledged on a full disk")
	}
	s.Kill(t)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s.Restart(t)
	d.connect()
	d.audit()
	d.again()
	s.Stop(t)
	intact(t, filepath.Join(s.Data, "hearth.db"))
}

// The kernel doesn't let anybody make a disk read-only while files are open for writing, so here
// it is at the start that it is; TestTheDiskFailsAndComesBack has it happen in between.
func TestStartingOnAReadOnlyDisk(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	disk := smallDisk(t, 8)
	data := filepath.Join(disk, "data")
	s := hearthtest.StartIn(t, data)
	d := newDiskTalk(t, s)
	d.burst(10)
	s.Kill(t)
	remount := func(how string) {
		t.Helper()
		if out, err := exec.Command("mount", "-o", "remount,"+how, disk).CombinedOutput(); err != nil {
			t.Fatalf("remount: %v %s", err, out)
		}
	}
	remount("ro")
	out, status := s.Run(t, "", s.Args...)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); status != 1 || len(lines) != 1 || !strings.Contains(out, "read-only") {
		t.Errorf("status %d, says %s", status, out)
	}
	remount("rw")
	s.Restart(t)
	d.connect()
	d.burst(10)
	d.audit()
}

// Whatever fails while the server starts, it is up or it ends with a sentence, and the next start
// finds everything.
func TestTheDiskFailsWhileStarting(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	program := plainProgram(t)
	s := hearthtest.StartAs(t, []string{program}, t.TempDir())
	d := newDiskTalk(t, s)
	for n, spec := range []string{
		"pwrite64:error=ENOSPC:when=1+", "pwrite64:error=ENOSPC:when=4+", "pwrite64:error=EIO:when=12+",
		"fsync,fdatasync:error=EIO:when=1+", "fsync,fdatasync:error=EIO:when=2+", "ftruncate:error=EIO:when=1+",
	} {
		d.burst(10)
		s.Kill(t)
		said, status := startFails(t, program, s.Data, spec)
		if up := strings.Contains(said, "Ctrl+C"); !up && (status != 1 || !strings.Contains(said, "hearth: ")) || strings.Contains(said, "goroutine ") {
			t.Errorf("%d, %s: status %d, says %s", n, spec, status, said)
		}
		s.Restart(t)
		d.connect()
		d.audit()
	}
	s.Stop(t)
	intact(t, filepath.Join(s.Data, "hearth.db"))
}

// startFails starts the program with a fault from the beginning, and ends it if it comes up.
func startFails(t *testing.T, program, data, spec string) (said string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), diskPatience)
	defer cancel()
	calls, _, _ := strings.Cut(spec, ":")
	cmd := exec.CommandContext(ctx, "strace", "-D", "-f", "-o", os.DevNull, "-e", "trace="+calls, "-e", "inject="+spec,
		program, "-addr", "127.0.0.1:0", "-data", data)
	out := untilUp{up: func() { _ = cmd.Process.Signal(os.Interrupt) }}
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// untilUp keeps what a server says, and calls up once that is where it can be reached.
type untilUp struct {
	strings.Builder
	up func()
}

func (u *untilUp) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "Ctrl+C") {
		u.up()
	}
	return u.Builder.Write(p)
}
