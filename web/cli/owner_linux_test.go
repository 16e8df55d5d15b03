package cli_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hearth/web/hearthtest"
)

const nobody = 65534

// asNobody returns a folder and a program that an unprivileged user can use, and how that user runs it.
func asNobody(t *testing.T) (dir string, run func(stdin string, args ...string) (string, int)) {
	t.Helper()
	if os.Geteuid() != 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("this test needs root, to switch to another user")
		}
		t.Skip("this test needs root, to switch to another user")
	}
	dir, err := os.MkdirTemp("", "hearth-owner-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	program := filepath.Join(dir, "hearth")
	in, err := os.Open(hearthtest.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(program, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, func(stdin string, args ...string) (string, int) {
		t.Helper()
		cmd := exec.Command(program, args...)
		cmd.Stdin = strings.NewReader(stdin)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		b, _ := cmd.CombinedOutput() // the exit status has the error
		return string(b), cmd.ProcessState.ExitCode()
	}
}

// Files that root creates on the command line belong to the owner of the data folder, whose server can go on using them.
func TestFilesBelongToTheOwnerOfTheFolder(t *testing.T) {
	t.Parallel()
	dir, run := asNobody(t)
	s := hearthtest.Start(t)
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	password := hearthtest.Password + "\n"
	backup := filepath.Join(t.TempDir(), "backup.db")
	for _, args := range [][]string{
		{"user", "add", "ada", "-admin", "-password-stdin"}, {"backup", backup}, {"restore", backup}, {"user", "add", "bob", "-password-stdin"},
	} {
		if out, status := s.Run(t, password, append(args, "-data", data)...); status != 0 {
			t.Fatalf("%v: status %d, %s", args, status, out)
		}
		files, err := os.ReadDir(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			if uid := info.Sys().(*syscall.Stat_t).Uid; uid != nobody || info.Mode().Perm() != 0o600 {
				t.Errorf("after %v: %s belongs to %d, %v", args, f.Name(), uid, info.Mode())
			}
		}
	}
	if out, status := run(password, "user", "add", "eve", "-password-stdin", "-data", data); status != 0 {
		t.Errorf("the owner can't go on: status %d, %s", status, out)
	}
}

// The error for a data folder that the user may not use names the owner of the folder.
func TestErrorsNameTheOwner(t *testing.T) {
	t.Parallel()
	dir, run := asNobody(t)
	s := hearthtest.Start(t)
	data := filepath.Join(dir, "data")
	if out, status := s.Run(t, hearthtest.Password+"\n", "user", "add", "ada", "-admin", "-password-stdin", "-data", data); status != 0 {
		t.Fatal(out)
	}
	backup := filepath.Join(dir, "backup.db")
	for _, mode := range []os.FileMode{0o700, 0o755} { // the folder can't be looked into; its files can't be opened
		if err := os.Chmod(data, mode); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"user", "list"}, {"user", "passwd", "ada", "-password-stdin"}, {"backup", backup}, {"restore", backup}, {"serve", "-addr", "127.0.0.1:0"}} {
			out, status := run(hearthtest.Password+"\n", append(args, "-data", data)...)
			if status != failed || !strings.Contains(out, "belongs to root") {
				t.Errorf("%v, folder %v: status %d, %s", args, mode, status, out)
			}
		}
	}
}
