package faults

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"testing"
)

// dbChecker is the running program dbcheck.
type dbChecker struct {
	ask    io.Writer
	answer *json.Decoder
}

// newDBChecker starts dbcheck for the length of the test.
func newDBChecker(t testing.TB) *dbChecker {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dbcheck")
	if out, err := exec.Command("go", "build", "-o", path, "hearth/web/faults/dbcheck").CombinedOutput(); err != nil {
		t.Fatalf("build dbcheck: %v\n%s", err, out)
	}
	cmd := exec.Command(path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
			t.Errorf("dbcheck: %v", err)
		}
	})
	return &dbChecker{ask: in, answer: json.NewDecoder(out)}
}

// check opens a database that nobody has open, and returns what integrity_check says and the texts
// of all messages.
func (c *dbChecker) check(file string) (verdict string, texts []string, err error) {
	if _, err := io.WriteString(c.ask, file+"\n"); err != nil {
		return "", nil, err
	}
	var a struct {
		Verdict, Err string
		Texts        []string
	}
	if err := c.answer.Decode(&a); err != nil {
		return "", nil, err
	}
	if a.Err != "" {
		err = errors.New(a.Err)
	}
	return a.Verdict, a.Texts, err
}

// intact checks a database that nobody has open.
func intact(t testing.TB, file string) {
	t.Helper()
	if verdict, _, err := newDBChecker(t).check(file); err != nil || verdict != "ok" {
		t.Errorf("integrity_check: %s, %v", verdict, err)
	}
}
