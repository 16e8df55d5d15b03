package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"hearth/web/chat"
	"hearth/web/hearthtest"
)

func TestMain(m *testing.M) { os.Exit(hearthtest.Main(m)) }

func TestUsageErrorsAreOneSentence(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	taken := strings.TrimPrefix(s.URL, "http://")
	notAFolder := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(notAFolder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"-addr", taken}, exitFailed, "in use by another program"},
		{[]string{"-addr", "nonsense"}, exitFailed, "can't listen on nonsense"},
		{[]string{"-addr", "127.0.0.1:0"}, exitFailed, "another Hearth is serving this data folder"},
		{[]string{"-addr", "127.0.0.1:0", "-data", notAFolder}, exitFailed, "can't use the data folder"},
		{[]string{"-colour", "red"}, exitUsage, "-colour"},
		{[]string{"-guests", "maybe"}, exitUsage, "-guests can be off, read, write"},
		{[]string{"serve", "now"}, exitUsage, `"now" is one word too many`},
		{[]string{"dance"}, exitUsage, `no command "dance"`},
		{[]string{"-proxies", "the-moon"}, exitUsage, `"the-moon" is no address`},
		{[]string{"-hosts", "http://chat.example.org"}, exitUsage, `"http://chat.example.org" is no name of a host`},
		{[]string{"user"}, exitUsage, "user needs a command"},
		{[]string{"user", "rename", "a"}, exitUsage, "no command user rename"},
		{[]string{"user", "add"}, exitUsage, "user add takes NAME"},
		{[]string{"user", "add", "x"}, exitUsage, "-password-stdin"},
		{[]string{"backup"}, exitUsage, "backup takes FILE"},
		{[]string{"user", "list", "all"}, exitUsage, "user list takes no arguments"},
		{[]string{"user", "list", "-colour"}, exitUsage, "`hearth help user list` lists the flags"},
		{[]string{"backup", notAFolder}, exitFailed, "there is such a file already"},
		{[]string{"restore", notAFolder}, exitFailed, "another Hearth is serving this data folder"},
		{[]string{"user", "passwd", "nobody", "-password-stdin"}, exitFailed, `no user "nobody"`},
	} {
		args := c.args
		if !slices.Contains(args, "-data") && len(args) > 1 {
			args = append(args[:len(args):len(args)], "-data", s.Data)
		}
		out, status := s.Run(t, "", args...)
		if status != c.status || !strings.Contains(out, c.says) || strings.Count(strings.TrimSpace(out), "\n") > 0 {
			t.Errorf("hearth %s: status %d, says %q", strings.Join(c.args, " "), status, out)
		}
	}
}

// Each command describes itself, and that is no error.
func TestHelp(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	for args, says := range map[string]string{
		"--help": "hearth user add NAME", "-h": "-signup", "help": "hearth restore FILE", "serve --help": "HEARTH_PROXIES",
		"user --help": "hearth user passwd NAME", "user add --help": "-password-stdin", "user link -h": "-url address", "help user list": "-json",
		"help backup": "Usage: hearth backup [flags] FILE", "restore --help": "HEARTH_DATA", "--version": "hearth ", "version": "hearth ",
	} {
		if out, status := s.Run(t, "", strings.Fields(args)...); status != 0 || !strings.Contains(out, says) {
			t.Errorf("hearth %s: status %d, says %q", args, status, out)
		}
	}
}

// An error in the value of a variable names the variable.
func TestErrorsNameTheVariable(t *testing.T) {
	for variable, value := range map[string]string{"HEARTH_GUESTS": "maybe", "HEARTH_HOSTS": "a/b", "HEARTH_PROXIES": "x", "HEARTH_ADDR": "nonsense"} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv(variable, value)
			args := []string{"-data", t.TempDir()}
			if variable != "HEARTH_ADDR" {
				args = append(args, "-addr", "127.0.0.1:0")
			}
			if err := run(t.Context(), args, nil, os.Stdout); err == nil || !strings.Contains(err.Error(), variable) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Setenv("HEARTH_GUESTS", "maybe")
	var s settings
	if err := s.parse([]string{"-guests", "off"}, os.Stdout); err != nil {
		t.Errorf("the value of a variable counts although the flag is given: %v", err)
	}
}

func TestTheEnvironmentStandsInForFlags(t *testing.T) {
	for name, variable := range environment {
		t.Run(name, func(t *testing.T) {
			values := map[string]string{"addr": ":1", "data": "d", "guests": "read", "signup": "closed", "limits": "off", "log": "json", "proxies": "10.0.0.1", "hosts": "a.example"}
			t.Setenv(variable, values[name])
			var s settings
			if err := s.parse(nil, os.Stdout); err != nil {
				t.Fatal(err)
			}
			if new(settings).flags().Lookup(name) == nil {
				t.Fatalf("there is no flag -%s", name)
			}
			got := map[string]string{"addr": s.addr, "data": s.data, "guests": s.guests, "signup": s.signup, "limits": s.limits, "log": s.log, "proxies": s.proxies, "hosts": s.hosts}
			if got[name] != values[name] {
				t.Errorf("-%s is %q", name, got[name])
			}
			if err := s.parse([]string{"-addr", ":2"}, os.Stdout); err != nil || s.addr != ":2" {
				t.Errorf("the flag doesn't win: %q, %v", s.addr, err)
			}
		})
	}
}

// TestKilledInTheMiddle kills the server while people talk. What a sender saw acknowledged must
// be there afterwards, once and in order, and nobody may be left online.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no SIGKILL")
	}
	s := hearthtest.Start(t)
	const speakers = 4
	browsers := make([]*hearthtest.Browser, speakers)
	for i := range browsers {
		browsers[i] = s.SignUp(t, fmt.Sprint("user", i))
	}
	for round := range 3 {
		acknowledged := make([][]string, speakers)
		var wait sync.WaitGroup
		var count atomic.Int64
		for i, b := range browsers {
			wait.Add(1)
			go func() {
				defer wait.Done()
				acknowledged[i] = talkUntilCut(b, fmt.Sprintf("%d-%d", round, i), &count)
			}()
		}
		for deadline := time.Now().Add(time.Minute); count.Load() < 200 && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
		}
		s.Kill(t)
		wait.Wait()
		s.Restart(t)
		stored := map[string]int{}
		for after := int64(0); ; {
			var page struct {
				Messages []struct {
					ID             int64
					Message, Nonce string
				}
			}
			browsers[0].Get(fmt.Sprintf("/api/rooms/r/messages?limit=200&after=%d", after)).JSON(t, &page)
			if len(page.Messages) == 0 {
				break
			}
			for _, m := range page.Messages {
				stored[m.Nonce]++
				after = m.ID
			}
		}
		total := 0
		for i := range acknowledged {
			total += len(acknowledged[i])
			for _, nonce := range acknowledged[i] {
				if stored[nonce] != 1 {
					t.Errorf("round %d: %s was acknowledged and is stored %d times", round, nonce, stored[nonce])
				}
			}
		}
		if total == 0 {
			t.Errorf("round %d: nothing was acknowledged, nothing proved", round)
		}
		var people struct {
			Users []struct {
				Username string
				LoggedIn bool `json:"is_logged_in"`
			}
		}
		browsers[0].Get("/api/users").JSON(t, &people)
		for _, u := range people.Users {
			if u.LoggedIn {
				t.Errorf("%s is a ghost", u.Username)
			}
		}
	}
}

// talkUntilCut says things until the line breaks, and returns the nonces that came back.
func talkUntilCut(b *hearthtest.Browser, prefix string, count *atomic.Int64) (acknowledged []string) {
	sock, _, err := b.TryDial("/ws/chat/r/", nil)
	if err != nil {
		return nil
	}
	go func() {
		for n := 0; ; n++ {
			nonce := fmt.Sprintf("%s-%d", prefix, n)
			if sock.WriteJSON(map[string]string{"message": nonce, "nonce": nonce}) != nil {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	for {
		f, err := sock.TryNext(20 * time.Second)
		if err != nil {
			return acknowledged
		}
		if f.Type() == "chat_message" && f["user"] == b.Name && f["history"] == nil {
			acknowledged = append(acknowledged, f.Text("nonce"))
			count.Add(1)
		}
	}
}

func TestAStopIsGraceful(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada").Dial("/ws/chat/r/")
	for i := range 200 {
		ada.Say(fmt.Sprint(i))
	}
	ada.Find("the last", func(f hearthtest.Frame) bool { return f["message"] == "199" })
	s.Stop(t)
	if code := ada.Closed(); code != 1001 {
		t.Errorf("closed with %d", code)
	}
	if _, err := os.Stat(filepath.Join(s.Data, "hearth.db-wal")); !os.IsNotExist(err) {
		t.Errorf("the log was not folded into the database: %v", err)
	}
	s.Restart(t)
	s.LogIn(t, "ada")
}

// No part of an exchange may take for ever. What the time-outs do is tested in web; a minute for
// an answer is too long for a test.
func TestEveryWaitHasAnEnd(t *testing.T) {
	t.Parallel()
	h, _ := inside(t, settings{})
	s := h.server
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 30*time.Second || s.WriteTimeout != time.Minute || s.IdleTimeout != 2*time.Minute {
		t.Errorf("header %v, request %v, answer %v, idle %v", s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout)
	}
	if s.MaxHeaderBytes > 64<<10 || s.MaxHeaderBytes < 8<<10 {
		t.Errorf("a header may have %d bytes", s.MaxHeaderBytes)
	}
}

// Whatever is asked for as a place in a room's history: the answer is what lies there, or says
// that there is no such place.
func FuzzCursor(f *testing.F) {
	z := newProbe(f)
	conn := z.Open(f, "/ws/chat/r/")
	var line []int64 // ids of the messages
	for i := range 40 {
		if err := conn.WriteJSON(map[string]string{"message": fmt.Sprint(i)}); err != nil {
			f.Fatal(err)
		}
	}
	for len(line) < 40 {
		m, err := z.Next(f, conn)
		if err != nil {
			f.Fatal(err)
		}
		if m.Type() == "chat_message" {
			line = append(line, m.Int("id"))
		}
	}
	for _, s := range [][3]string{
		{"", "", ""}, {"4294967310", "4294967300", "5"}, {"0", "0", "0"}, {"-1", "7", "1"}, {"1e3", "", ""}, {"", "9223372036854775807", "201"}, {"9223372036854775808", "", "-0"},
		{"+5", " 5", "0x5"}, {"4294967300", "", "1000000"}, {"", "4294967300", ""}, {"٣", "1_0", "1.0"}, {"\xff", "\x00", "%"}, {"", "12", ""}, {"", "40", ""}, {"", "41", ""}, {"", "000", ""},
	} {
		f.Add(s[0], s[1], s[2])
	}
	f.Fuzz(func(t *testing.T, before, after, limit string) {
		probePage(t, z, line, before, after, limit)
		probeResume(t, z, line, after)
	})
}

// place returns the number that a cursor stands for, or -1 if it is none.
func place(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// probePage checks what the API has between two ids.
func probePage(t *testing.T, z *hearthtest.Probe, line []int64, before, after, limit string) {
	t.Helper()
	w := z.Get("/api/rooms/r/messages", url.Values{"before": {before}, "after": {after}, "limit": {limit}})
	b, a, l := place(cmp.Or(before, "0")), place(cmp.Or(after, "0")), place(cmp.Or(limit, "50"))
	if min(b, a, l) < 0 {
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"bad_number"`) {
			t.Fatalf("before=%q, after=%q, limit=%q is answered with %d", before, after, limit, w.Code)
		}
		return
	}
	want := slices.DeleteFunc(slices.Clone(line), func(id int64) bool { return id <= a || b > 0 && id >= b })
	if l = max(1, min(l, 200)); int64(len(want)) > l {
		if after != "" && b == 0 {
			want = want[:l]
		} else {
			want = want[int64(len(want))-l:]
		}
	}
	var page struct{ Messages []hearthtest.Frame }
	err := json.Unmarshal(w.Body.Bytes(), &page)
	var got []int64
	for _, m := range page.Messages {
		got = append(got, m.Int("id"))
	}
	if err != nil || w.Code != http.StatusOK || !slices.Equal(got, want) {
		t.Fatalf("before=%q, after=%q, limit=%q is answered with %d and %d instead of %d", before, after, limit, w.Code, got, want)
	}
}

// probeResume checks what a socket is told that comes back after a number.
func probeResume(t *testing.T, z *hearthtest.Probe, line []int64, after string) {
	t.Helper()
	conn := z.Open(t, "/ws/chat/r/?"+url.Values{"after": {after}}.Encode())
	defer conn.Close()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("the end")); err != nil {
		t.Fatal(err)
	}
	want, unknown := line[len(line)-10:], false
	if n := place(after); after != "" {
		unknown = n < 0 || n > int64(len(line))
		want = line[max(0, min(n, int64(len(line)))):]
	}
	if unknown {
		want = []int64{0} // stands for a reset
	}
	var got []int64
	for {
		f, err := z.Next(t, conn)
		switch {
		case err != nil:
			t.Fatal(err)
		case f.Type() == "reset", f.Type() == "chat_message":
			got = append(got, f.Int("id"))
		case f.Type() == "error":
			if !slices.Equal(got, want) {
				t.Fatalf("after=%q is told %d instead of %d", after, got, want)
			}
			return
		case f.Type() != "user_list" && f.Type() != "user_join":
			t.Fatalf("after=%q is told %v", after, f)
		}
	}
}

// A change that can't be read when it is to be told is told once it can: nobody looks at an old
// list until the next change.
func TestAListThatCouldNotBeReadIsToldLater(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{
		"search",     // read for the table alone
		"first_name", // for each person as well
	} {
		t.Run(hidden, func(t *testing.T) {
			h, s := inside(t, settings{})
			ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
			people, table := bob.Dial("/users/"), bob.Dial("/new-user/")
			tea := ada.Dial("/ws/chat/tea/")
			isAda := func(online bool) func(hearthtest.Frame) bool {
				return func(f hearthtest.Frame) bool { return f["user"] == "ada" && f["online"] == online && f["new"] == nil }
			}
			rows := func(on, off int) func(hearthtest.Frame) bool {
				return func(f hearthtest.Frame) bool {
					html := f.Text("html_users")
					return strings.Count(html, ">Online<") == on && strings.Count(html, ">Offline<") == off
				}
			}
			people.Find("ada there", isAda(true))
			table.Find("both there", rows(2, 0))

			rename(t, h, "user", hidden, "hidden")
			_ = tea.Close()
			for h.hub.OnlineCount() > 1 {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Second) // it is tried, in vain
			rename(t, h, "user", "hidden", hidden)
			people.Find("ada gone", isAda(false))
			table.Find("ada gone", rows(1, 1))
		})
	}
}

func TestUnreadThatCouldNotBeCountedIsToldLater(t *testing.T) {
	t.Parallel()
	h, s := inside(t, settings{})
	ada, elsewhere := unreadTalk(t, s)
	rename(t, h, "membership", "read", "hidden")
	if r := ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "the kettle is on"}); r.Status != http.StatusCreated {
		t.Fatal(r.Status, r.Body)
	}
	time.Sleep(3 * time.Second) // it is tried a second later, in vain
	rename(t, h, "membership", "hidden", "read")
	if f := elsewhere.Until("unread"); f["room"] != "tea" || f.Int("unread") != 1 {
		t.Errorf("bob is told %v", f)
	}
}

// However long a commit takes, who is elsewhere is told of what was said in it.
func TestUnreadIsCountedAfterTheCommit(t *testing.T) {
	t.Parallel()
	h, s := inside(t, settings{})
	ada, elsewhere := unreadTalk(t, s)
	busy, hold := make(chan bool), make(chan bool)
	h.store.Submit(func(chat.Tx) error { close(busy); <-hold; return nil }, func(error) {})
	<-busy // what comes until it is let go is one commit
	said := make(chan int, 1)
	go func() {
		said <- ada.PostJSON("/api/rooms/tea/messages", map[string]string{"message": "the kettle is on"}).Status
	}()
	for len(h.store.jobs) == 0 {
		time.Sleep(time.Millisecond)
	}
	h.store.Submit(func(chat.Tx) error { time.Sleep(1500 * time.Millisecond); return nil }, func(error) {})
	close(hold)
	if status := <-said; status != http.StatusCreated {
		t.Fatal(status)
	}
	if f := elsewhere.Until("unread"); f["room"] != "tea" || f.Int("unread") != 1 {
		t.Errorf("bob is told %v", f)
	}
}

// unreadTalk has bob belong to a room and be elsewhere.
func unreadTalk(t *testing.T, s *hearthtest.Server) (ada *hearthtest.Browser, elsewhere *hearthtest.Socket) {
	ada, bob := s.SignUp(t, "ada"), s.SignUp(t, "bob")
	ada.Dial("/ws/chat/tea/").Settled() // it is kept now
	bob.Get("/chat/tea/")               // he belongs to it
	elsewhere = bob.DialBatched("/ws/chat/hall/")
	elsewhere.Settled()
	time.Sleep(2 * time.Second) // what was rung for is told
	return ada, elsewhere
}

// rename renames a column, so that nothing that needs it can be read.
func rename(t *testing.T, h *app, table, from, to string) {
	t.Helper()
	err := h.store.Write(context.Background(), func(tx chat.Tx) error {
		_, err := tx.Exec("ALTER TABLE " + table + " RENAME COLUMN " + from + " TO " + to)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestGCPercent(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 100, mb: 400, 12 * mb: 400, 16 * mb: 300, 32 * mb: 100, 60 * mb: 100, 200 * mb: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("with %d bytes alive: %d, not %d", live, got, want)
		}
	}
}

func TestMemoryIsReturnedWhenItIsCalm(t *testing.T) {
	const mb = 1 << 20
	var a allocations
	for i, step := range []struct {
		total uint64
		calm  bool
	}{{mb / 2, false}, {mb / 2, false}, {40 * mb, false}, {80 * mb, false}, // too early
		{80*mb + mb/2, false}, {80*mb + mb/2, false}, {80*mb + mb/2, false}, {80*mb + mb*3/4, true}, // little since 80 MB
		{80*mb + mb*3/4, false}, {81*mb + mb/4, false}, {81*mb + mb/2, false}, {81*mb + mb/2, false}, {82 * mb, false}, {82 * mb, true}, // enough since then
		{90 * mb, false}, {91 * mb, false}, {92 * mb, false}, {93 * mb, false}, {94 * mb, false}} {
		if got := a.calm(step.total); got != step.calm {
			t.Errorf("step %d: calm is %v", i, got)
		}
	}
}

// A while after two sign-ups and no traffic, the process holds little memory: at most 30 MiB RSS and 14 MiB anonymous. It
// is built without the race detector. With -v it prints what lives on the heap by package.
func TestMemoryAtRest(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("reads /proc, and builds the program")
	}
	const maxRSS, maxAnon = 30 << 10, 14 << 10 // KiB
	program := filepath.Join(t.TempDir(), "hearth")
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".") // as README says
	build.Env = append(os.Environ(), "CGO_ENABLED=0")                     // the C library takes another 1.3 MB
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := hearthtest.StartAs(t, []string{program}, t.TempDir())
	for _, name := range []string{"ada", "bob"} {
		s.SignUp(t, name).Get("/")
	}
	rss, anon := 0, 0
	for range 300 { // 90 s
		if rss, anon = residentKiB(t, s.Pid(), "VmRSS"), residentKiB(t, s.Pid(), "RssAnon"); rss <= maxRSS && anon <= maxAnon {
			break
		}
		time.Sleep(300 * time.Millisecond)
	}
	t.Logf("RSS %.1f MiB, %.1f MiB of it anonymous", float64(rss)/1024, float64(anon)/1024)
	if rss > maxRSS || anon > maxAnon {
		t.Errorf("at most %d and %d KiB are allowed", maxRSS, maxAnon)
	}
	if testing.Verbose() {
		printHeap(t)
	}
}

// residentKiB reads a line of /proc/PID/status.
func residentKiB(t *testing.T, pid int, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), field+":")
	n, err := strconv.Atoi(strings.Fields(rest + " x")[0])
	if err != nil {
		t.Skipf("the kernel does not tell %s", field)
	}
	return n
}

// printHeap prints the live heap of a server in this process after two sign-ups, by the package that allocated it.
func printHeap(t *testing.T) {
	before := runtime.MemProfileRate
	runtime.MemProfileRate = 1
	defer func() { runtime.MemProfileRate = before }()
	h, err := build(settings{addr: "127.0.0.1:0", data: t.TempDir(), signup: "open", limits: "off"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- h.serve(ctx) }()
	site := "http://" + h.listen.Addr().String()
	for _, name := range []string{"ada", "bob"} {
		form := url.Values{"username": {name}, "password1": {hearthtest.Password}, "password2": {hearthtest.Password}}
		r, err := http.NewRequest(http.MethodPost, site+"/sign_up/", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", site)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil || answer.StatusCode != http.StatusSeeOther {
			t.Fatal(err, answer)
		}
		_ = answer.Body.Close()
	}
	runtime.GC()
	runtime.GC() // the profile is that of the last collection but one
	records := make([]runtime.MemProfileRecord, 100_000)
	n, _ := runtime.MemProfile(records, false)
	bytes := map[string]int64{}
	for _, r := range records[:n] {
		bytes[packageOf(r.Stack())] += r.InUseBytes()
	}
	for _, name := range slices.SortedFunc(maps.Keys(bytes), func(a, b string) int { return cmp.Compare(bytes[b], bytes[a]) })[:min(20, len(bytes))] {
		t.Logf("%6d KiB  %s", bytes[name]>>10, name)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// packageOf returns the package of the innermost function that does not belong to the runtime.
func packageOf(stack []uintptr) string {
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		dir, name := path.Split(f.Function)
		if pkg, _, _ := strings.Cut(name, "."); dir+pkg != "runtime" && f.Function != "" || !more {
			return dir + pkg
		}
	}
}

// BenchmarkStart is the time from a start after a kill to an answer, with 1 000 000 messages and a
// few MB of log that the kill left.
func BenchmarkStart(b *testing.B) {
	left := killedWith(b, 1_000_000)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		data := filepath.Join(b.TempDir(), "data")
		if err := os.CopyFS(data, os.DirFS(left)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s := hearthtest.StartIn(b, data)
		if r := s.Visitor(b).Get("/healthz"); r.Status != 200 {
			b.Fatal(r.Status, r.Body)
		}
		b.StopTimer()
		s.Kill(b)
		b.StartTimer()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/start")
}

// killedWith returns a data folder with so many messages, as a kill leaves it.
func killedWith(b *testing.B, messages int) string {
	b.Helper()
	dir, left := b.TempDir(), filepath.Join(b.TempDir(), "left")
	s, err := OpenStore(dir, chat.Migrations(), true, func([]chat.Announcement) {})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	run := func(query string, args ...any) {
		b.Helper()
		if _, err := s.conn.ExecContext(context.Background(), query, args...); err != nil {
			b.Fatal(err)
		}
	}
	const series = "WITH RECURSIVE series (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM series LIMIT ?) "
	run(series+"INSERT INTO room (name, name_key, access, created_at) SELECT 'r' || value, 'r' || value, 'open', 0 FROM series", 100)
	run(series+`INSERT INTO message (id, sender, text, nonce, created_at)
		SELECT (1 + value % 100) << 32 | (1 + value / 100), 1 + value % 50, 'Something that was said, number ' || value || ', of the length that such things have on most days.', 'nonce-' || value, value
		FROM series`, messages)
	run("PRAGMA wal_checkpoint(TRUNCATE)")
	run("PRAGMA wal_autocheckpoint = 0")
	for i := range 300 {
		run("INSERT INTO message (id, sender, text, nonce, created_at) VALUES (1 << 32 | ?, 1, 'late', ?, 0)", messages+i, fmt.Sprint("late ", i))
	}
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"hearth.db", "hearth.db-wal"} {
		info, err := os.Stat(filepath.Join(left, name))
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%s: %d MB", name, info.Size()>>20)
	}
	return left
}
