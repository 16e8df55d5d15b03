// Package hearthtest runs the real program for tests, on a free port and with a data folder of its own, and talks to it as
// browsers and scripts do.
package hearthtest

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// timeout is how long a test waits for an event that must happen. It is long because computers that run tests are busy. No
// measurement depends on it.
const timeout = time.Minute

// folder creates the folder for the built program, once. Main removes it.
var folder = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "hearth-test-") })

// parallel is how many tests run at the same time for each processor. Tests mostly wait, but with the race detector they mostly
// compute.
var parallel = map[bool]int{false: 3, true: 1}[Race]

// Main runs the tests of a package and removes the program that was built for them. It returns the exit status of the process:
//
//	func TestMain(m *testing.M) { os.Exit(hearthtest.Main(m)) }
func Main(m *testing.M) int {
	flag.Parse()
	if given := flag.Lookup("test.parallel").Value.String(); given == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := flag.Set("test.parallel", strconv.Itoa(parallel*runtime.GOMAXPROCS(0))); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	status := m.Run()
	dir, err := folder()
	if err == nil {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "remove the built program:", err)
		return 1
	}
	return status
}

// Slow skips a test with -short. why says why the test is slow.
func Slow(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out with -short: " + why)
	}
}

// Cost is Slow for a test that compares costs. It also skips the test with the race detector, which changes them.
func Cost(t testing.TB, why string) {
	t.Helper()
	Slow(t, why)
	if Race {
		t.Skip("left out with -race: it compares costs")
	}
}

// binary builds the program once for all tests of a process, with the race detector if the tests have it.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := folder()
	if err != nil {
		return "", err
	}
	if err := readAll(); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hearth")
	args := []string{"build", "-o", path}
	if Race {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "hearth")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build hearth: %w\n%s", err, out)
	}
	return path, nil
})

// readAll visits all files of the module. go test caches a result until a file changes that the test has looked at, and it does
// not know from which files the program is built.
func readAll() error {
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(mod)))
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		return err
	})
}

// Binary returns the path of the built program.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Server is a running server.
type Server struct {
	URL  string   // without a slash at the end
	Data string   // the data folder
	Args []string // of the program

	program []string // the command, and its arguments before Args
	cmd     *exec.Cmd
	logs    *logs
	done    chan struct{}
	err     error
}

type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Start runs the server on a free port with a new data folder. Without args, it runs with -limits off and -signup open; with
// -signup "", the admin site decides who may sign up. The server is stopped at the end of the test. The test fails if the log
// then has a data race or a panic.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return StartIn(t, t.TempDir(), args...)
}

// StartIn is Start with a data folder that may have been used before.
func StartIn(t testing.TB, data string, args ...string) *Server {
	t.Helper()
	return StartAs(t, []string{Binary(t)}, data, args...)
}

// StartWithFiles is Start with a limit of open file descriptors.
func StartWithFiles(t testing.TB, files int, args ...string) *Server {
	t.Helper()
	limited := []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d && exec "$0" "$@"`, files), Binary(t)}
	return StartAs(t, limited, t.TempDir(), args...)
}

// StartAs is StartIn with another command. program is the command and its first arguments; the arguments of the server follow.
// It may be a command that runs the server.
func StartAs(t testing.TB, program []string, data string, args ...string) *Server {
	t.Helper()
	s := &Server{program: program, Data: data, Args: append([]string{"-addr", "127.0.0.1:0", "-data", data, "-limits", "off", "-signup", "open"}, args...)}
	s.start(t)
	t.Cleanup(func() {
		s.Stop(t)
		if log := s.Log(); strings.Contains(log, "DATA RACE") || strings.Contains(log, "panic") {
			t.Errorf("the server said:\n%s", log)
		}
	})
	return s
}

var address = regexp.MustCompile(`Open\s+http://(\S+?)/\s`)

func (s *Server) start(t testing.TB) {
	t.Helper()
	s.logs, s.done = &logs{}, make(chan struct{})
	s.cmd = exec.Command(s.program[0], append(s.program[1:len(s.program):len(s.program)], s.Args...)...)
	s.cmd.Stderr = s.logs
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go s.watch(out, found)
	select {
	case at := <-found:
		s.URL = "http://" + strings.Replace(at, "localhost", "127.0.0.1", 1)
	case <-s.done:
		t.Fatalf("the server ended: %v\n%s", s.err, s.Log())
	case <-time.After(timeout):
		t.Fatalf("the server did not say where it is\n%s", s.Log())
	}
}

// watch reads what the server prints until it ends, and sends its address to found.
func (s *Server) watch(out io.Reader, found chan<- string) {
	var text strings.Builder
	lines := bufio.NewScanner(out)
	told := false
	for lines.Scan() {
		text.WriteString(lines.Text() + "\n")
		if m := address.FindStringSubmatch(text.String()); m != nil && !told {
			told = true
			found <- m[1]
		}
	}
	s.err = s.cmd.Wait()
	close(s.done)
}

// Pid returns the id of the server's process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Log returns what the server has logged.
func (s *Server) Log() string { return s.logs.String() }

// Stop sends SIGTERM to the server and waits until it has ended.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGTERM)
}

// Kill sends SIGKILL to the server and waits until it has ended. As in a power cut, the server cannot finish anything.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.signal(t, syscall.SIGKILL)
}

func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	_ = s.cmd.Process.Signal(sig) // it may have ended by itself
	select {
	case <-s.done:
	case <-time.After(timeout):
		_ = s.cmd.Process.Kill()
		<-s.done
		t.Errorf("the server did not end on %v\n%s", sig, s.Log())
	}
}

// Restart starts a server that was stopped or killed, on a free port.
func (s *Server) Restart(t testing.TB) { t.Helper(); s.start(t) }

// RestartThere is Restart on the same port, for pages that are open. It fails if another program has taken the port meanwhile.
func (s *Server) RestartThere(t testing.TB) {
	t.Helper()
	s.Args = append(s.Args, "-addr", strings.TrimPrefix(s.URL, "http://"))
	s.start(t)
}

// Command runs a subcommand on the server's data folder. It returns the output and the exit status.
func (s *Server) Command(t testing.TB, stdin string, args ...string) (out string, status int) {
	t.Helper()
	return s.Run(t, stdin, append(args, "-data", s.Data)...)
}

// Run runs the program with exactly these arguments. It returns the output and the exit status.
func (s *Server) Run(t testing.TB, stdin string, args ...string) (out string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), args...)
	cmd.Stdin = strings.NewReader(stdin)
	b, err := cmd.CombinedOutput()
	if _, failed := err.(*exec.ExitError); err != nil && !failed {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// Password is the password of all accounts that this package creates.
const Password = "a quiet fire 7"

// Visitor returns a browser without an account.
func (s *Server) Visitor(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{server: s, t: t, http: &http.Client{Jar: jar, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// SignUp creates an account and returns a browser that is signed in to it. The first account is an admin's.
func (s *Server) SignUp(t testing.TB, name string) *Browser {
	t.Helper()
	b := s.Visitor(t)
	b.Name = name
	r := b.Post("/sign_up/", "username", name, "password1", Password, "password2", Password)
	if r.Status != http.StatusSeeOther {
		t.Fatalf("sign up %s: %d %s", name, r.Status, r.Body)
	}
	return b
}

// LogIn returns a browser that is signed in to an account.
func (s *Server) LogIn(t testing.TB, name string) *Browser {
	t.Helper()
	b := s.Visitor(t)
	b.Name = name
	if r := b.Post("/login/", "username", name, "password", Password); r.Status != http.StatusSeeOther {
		t.Fatalf("log in %s: %d %s", name, r.Status, r.Body)
	}
	return b
}
