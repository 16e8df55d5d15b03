package faults

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"hearth/web/hearthtest"
)

const (
	powerSpeakers = 4
	powerStarts   = 8 // of the cuts are tried with the program too, not with SQLite alone
)

// What was acknowledged, or shown to anybody, survives a power cut at any moment.
func TestPowerCuts(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	r := recordPower(t, plainProgram(t), 150) // some 4000 pages of log: checkpoints while people talk
	if problems := r.cuts(t, 120, powerStarts); len(problems) > 0 {
		t.Errorf("%d problems, such as:\n%s", len(problems), strings.Join(problems[:min(10, len(problems))], "\n"))
	}
}

// A program that doesn't wait for the disk, or only at checkpoints, must be found out.
func TestPowerCutsFindAWriterThatDoesNotWait(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	for _, synchronous := range []string{"OFF", "NORMAL"} {
		t.Run(synchronous, func(t *testing.T) {
			r := recordPower(t, plainProgram(t, "-ldflags", "-X main.synchronous="+synchronous), 40)
			problems := r.cuts(t, 20, 0)
			if !slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, "lost") }) {
				t.Errorf("nothing acknowledged was lost: the test would notice nothing (%d problems)", len(problems))
			}
		})
	}
}

// The model takes the folder for granted. Of a new one, the names on the way to the database have to
// be synced as well: that of the file in its folder, and that of the folder.
func TestANewFolderSurvivesAPowerCut(t *testing.T) {
	hearthtest.Slow(t, "injected faults")
	needStrace(t)
	parent, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data, trace := filepath.Join(parent, "new"), filepath.Join(t.TempDir(), "trace")
	s := hearthtest.StartAs(t, []string{"strace", "-D", "-f", "-y", "-o", trace, "-e", "trace=fsync", plainProgram(t)}, data)
	s.SignUp(t, "ada")
	s.Kill(t)
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{parent, data} {
		if !strings.Contains(string(b), "<"+folder+">") {
			t.Errorf("%s was never synced", folder)
		}
	}
}

// powerRecord is what a program did to its folder while people talked.
type powerRecord struct {
	base   string // the folder before
	events []powerEvent
	said   int
	start  func(t *testing.T, data string) *hearthtest.Server
}

// recordPower has people say so many words each on a traced server, stops it, and does so again.
func recordPower(t *testing.T, program string, words int) powerRecord {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	data, base, trace := filepath.Join(folder, "data"), filepath.Join(folder, "base"), filepath.Join(folder, "trace")
	s := hearthtest.StartAs(t, []string{program}, data)
	for i := range powerSpeakers {
		s.SignUp(t, fmt.Sprint("user", i))
	}
	s.Stop(t)
	if err := os.CopyFS(base, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	for run := range 2 {
		s = hearthtest.StartAs(t, []string{"strace", "-D", "-A", "-f", "-y", "-xx", "-s", "1000000", "-o", trace, "-e", "trace=" + powerCalls, program}, data)
		powerTalk(t, s, run, words)
		s.Stop(t)
	}
	events, err := readPowerTrace(trace, data)
	if err != nil {
		t.Fatal(err)
	}
	r := powerRecord{base: base, events: events, said: 2 * powerSpeakers * words}
	r.start = func(t *testing.T, data string) *hearthtest.Server {
		return hearthtest.StartAs(t, []string{program}, data)
	}
	return r
}

// powerTalk has everybody say everything at once and wait for the receipts.
func powerTalk(t *testing.T, s *hearthtest.Server, run, words int) {
	t.Helper()
	var wait sync.WaitGroup
	for i := range powerSpeakers {
		sock := s.LogIn(t, fmt.Sprint("user", i)).Dial("/ws/chat/r/")
		wait.Add(1)
		go func() {
			defer wait.Done()
			for n := range words {
				nonce := fmt.Sprintf("run %d, user%d, word %d", run, i, n)
				if err := sock.WriteJSON(map[string]string{"message": nonce + strings.Repeat(" and so on", n%40), "nonce": nonce}); err != nil {
					t.Error(err)
					return
				}
				for {
					f, err := sock.TryNext(diskPatience)
					if err != nil {
						t.Error(err)
						return
					}
					if f.Text("nonce") == nonce {
						break
					}
				}
			}
		}()
	}
	wait.Wait()
}

// cuts tries so many power cuts, right after something was told or at random moments, and returns
// what was wrong afterwards.
func (r powerRecord) cuts(t *testing.T, count, starts int) (problems []string) {
	t.Helper()
	seed := rand.Uint64()
	luck := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d, %d events", seed, len(r.events))
	disk, err := newPowerDisk(r.base)
	if err != nil {
		t.Fatal(err)
	}
	checker := newDBChecker(t)
	moments := r.moments(t, luck, count)
	told := map[string]bool{}
	checkpoints, tried := 0, 0
	for i, e := range r.events {
		if err := disk.take(e); err != nil {
			t.Fatal(err)
		}
		for _, nonce := range e.told {
			told[nonce] = true
		}
		if e.kind == powerWrite && e.name == "hearth.db" {
			checkpoints++
		}
		if !slices.Contains(moments, i) {
			continue
		}
		folder := filepath.Join(t.TempDir(), "data")
		left := disk.cut(luck)
		left["hearth.db-shm"] = []byte("what a cut left of an index that nobody synced")
		if err := lay(folder, left); err != nil {
			t.Fatal(err)
		}
		if tried++; starts > 0 && tried%(len(moments)/starts) == 0 {
			r.start(t, folder).Stop(t)
		}
		for _, p := range checker.losses(filepath.Join(folder, "hearth.db"), told) {
			problems = append(problems, fmt.Sprintf("cut after event %d of %d: %s", i, len(r.events), p))
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) != r.said || checkpoints < 20 {
		t.Errorf("the trace shows %d of %d acknowledgements and %d pages written by checkpoints", len(told), r.said, checkpoints)
	}
	return problems
}

// moments returns the events to cut after, the last one among them.
func (r powerRecord) moments(t *testing.T, luck *rand.Rand, count int) []int {
	var told []int
	for i, e := range r.events {
		if e.kind == powerTold {
			told = append(told, i)
		}
	}
	if len(told) == 0 {
		t.Fatal("no acknowledgement is in the trace")
	}
	moments := map[int]bool{len(r.events) - 1: true}
	for len(moments) < count {
		moments[luck.IntN(len(r.events))] = true
		moments[told[luck.IntN(len(told))]] = true
	}
	return slices.Sorted(maps.Keys(moments))
}

// lay writes a folder.
func lay(folder string, files map[string][]byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(folder, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// losses says what is wrong with a database after a cut.
func (c *dbChecker) losses(file string, told map[string]bool) (problems []string) {
	verdict, texts, err := c.check(file)
	if err != nil || verdict != "ok" {
		problems = append(problems, fmt.Sprintf("integrity_check: %.100s, %v", verdict, err))
	}
	stored := map[string]int{}
	for _, text := range texts {
		nonce, _, _ := strings.Cut(text, " and so on")
		stored[nonce]++
	}
	for nonce := range told {
		if stored[nonce] == 0 {
			problems = append(problems, nonce+" was lost")
		}
	}
	for nonce, n := range stored {
		if n > 1 {
			problems = append(problems, fmt.Sprintf("%s is there %d times", nonce, n))
		}
	}
	return problems
}
