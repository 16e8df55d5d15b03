// Hearth is a whole team chat with live presence in one program and one data folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"syscall"
	"time"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/cli"
	"hearth/web/db/backup"
	"hearth/web/label"
	"hearth/web/logging"
)

const (
	// headerWait is how long a client may take to send its request's header.
	headerWait = 5 * time.Second
	// requestWait is how long a client may take to send all of its request: the longest form (256 KiB) at 9 KB/s. It does not
	// apply to open sockets.
	requestWait = 30 * time.Second
	// answerWait is how long a client may take to read a response: the longest page (about 500 KB) at 9 KB/s.
	answerWait = time.Minute
	// maxHeader bounds the header of a request, in bytes. Browsers send less than 2 KiB here, and a proxy may add fields.
	maxHeader = 32 << 10
	// idleWait is how long a connection without a request is kept.
	idleWait = 2 * time.Minute
	// stopWait bounds a graceful stop; the parts of it have less.
	stopWait = 8 * time.Second
	// socketsWait is how long sockets have to take their close frame.
	socketsWait = 3 * time.Second
	// heapFloor is the size in bytes up to which the heap may grow before the garbage collector runs, unless that takes a GOGC
	// above maxGCPercent. The scenario rooms100 of the load harness costs 10 % less CPU than with Go's default (median of ten
	// rounds, in turns).
	heapFloor    = 64 << 20
	maxGCPercent = 400
	// memoryEvery is how often the server checks whether it can return memory to the system.
	memoryEvery = 5 * time.Second
	// sweepEvery is how often sessions, invitations and sign-in links that have expired are deleted.
	sweepEvery = time.Hour
)

// Exit statuses.
const (
	exitFailed = 1 // something went wrong
	exitUsage  = 2 // the command line was wrong
)

const usage = "Hearth is a whole team chat in one program and one data folder.\n\n"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	var wrong cli.UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &wrong):
		fmt.Fprintln(os.Stderr, "hearth:", label.Clean(err.Error()))
		os.Exit(exitUsage)
	default:
		fmt.Fprintln(os.Stderr, "hearth:", label.Clean(err.Error()))
		os.Exit(exitFailed)
	}
}

// run runs the command line.
func run(ctx context.Context, args []string, in *os.File, out io.Writer) error {
	command := "serve"
	if len(args) == 1 && (args[0] == "-version" || args[0] == "--version") {
		args = []string{"version"}
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	c := cli.Commands{In: in, Out: out, Open: openBeside, Hash: hash}
	switch command {
	case "serve":
		return serve(ctx, args, out)
	case "user":
		return c.User(ctx, args)
	case "backup":
		return c.Backup(ctx, args)
	case "restore":
		return c.Restore(ctx, args)
	case "version":
		fmt.Fprintln(out, "hearth", version())
		return nil
	case "help":
		if len(args) > 0 && args[0] != "help" {
			return run(ctx, append(args, "-help"), in, out)
		}
		printUsage(out)
		return nil
	}
	return cli.Usagef("there is no command %q; `hearth help` lists them", command)
}

// openBeside opens the chat in a data folder for a subcommand. A server may be running on the folder.
func openBeside(data string) (*chat.Chat, func() error, error) {
	store, err := OpenStore(data, chat.Migrations(), false, func([]chat.Announcement) {})
	if err != nil {
		return nil, nil, cli.FolderError(data, err)
	}
	return chat.New(store, NewHub(), chat.Options{}), store.Close, nil
}

// hash returns the hash of a password.
func hash(password string) (string, error) {
	return hasher().NewPassword(password)
}

// version returns the version from the build information.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// settings are the flags of serve.
type settings struct {
	addr, data, guests, signup, limits, log, proxies, hosts string

	source map[string]string // the environment variables that gave settings, by flag
}

// named returns the name of the flag or the environment variable that gave a setting, for error messages.
func (s *settings) named(flag string) string {
	if variable, ok := s.source[flag]; ok {
		return variable
	}
	return "-" + flag
}

// environment maps flags to their environment variables.
var environment = map[string]string{"addr": "HEARTH_ADDR", "data": "HEARTH_DATA", "guests": "HEARTH_GUESTS",
	"signup": "HEARTH_SIGNUP", "limits": "HEARTH_LIMITS", "log": "HEARTH_LOG", "proxies": "HEARTH_PROXIES",
	"hosts": "HEARTH_HOSTS"}

func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("hearth", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.addr, "addr", ":8000", "`address` to listen on; port 0 takes any free one (HEARTH_ADDR)")
	f.StringVar(&s.data, "data", "./hearth-data", "`folder` for everything Hearth keeps (HEARTH_DATA)")
	f.StringVar(&s.guests, "guests", "", "what visitors without an account may do: `off|read|write` (HEARTH_GUESTS; unset: the admin site decides, at first off)")
	f.StringVar(&s.signup, "signup", "", "who may make an account: `open|invite|closed` (HEARTH_SIGNUP; unset: an admin decides, at first closed)")
	f.StringVar(&s.limits, "limits", "on", "rate limits, `on|off`; off is for load tests and trusted networks (HEARTH_LIMITS)")
	f.StringVar(&s.log, "log", "text", "how to log, `text|json` (HEARTH_LOG)")
	f.StringVar(&s.proxies, "proxies", "", "comma-separated `addresses` or networks of proxies whose X-Forwarded-For, -Proto and -Host are believed (HEARTH_PROXIES)")
	f.StringVar(&s.hosts, "hosts", "", "comma-separated `names` under which people reach this place, as in chat.example.org (HEARTH_HOSTS)")
	return f
}

func printUsage(out io.Writer) {
	fmt.Fprint(out, usage)
	cli.PrintCommands(out, "")
	fmt.Fprint(out, "\nFlags of serve, each also an environment variable; the flag wins:\n")
	f := new(settings).flags()
	f.SetOutput(out)
	f.PrintDefaults()
}

// parse reads the flags, and the environment for those that are not given.
func (s *settings) parse(args []string, out io.Writer) error {
	f := s.flags()
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		printUsage(out)
		return err
	} else if err != nil {
		return cli.Usagef("%w; `hearth help` lists the flags", err)
	}
	if f.NArg() > 0 {
		return cli.Usagef("%q is one word too many; `hearth help` lists the flags", f.Arg(0))
	}
	given := map[string]bool{}
	f.Visit(func(x *flag.Flag) { given[x.Name] = true })
	s.source = map[string]string{}
	for name, variable := range environment {
		if v := os.Getenv(variable); v != "" && !given[name] {
			if err := f.Set(name, v); err != nil {
				return cli.Usagef("%s: %w", variable, err)
			}
			s.source[name] = variable
		}
	}
	return s.check()
}

func (s *settings) check() error {
	for _, c := range []struct{ name, value, allowed string }{
		{"guests", s.guests, " off read write"}, {"signup", s.signup, " open invite closed"},
		{"limits", s.limits, "on off"}, {"log", s.log, "text json"},
	} {
		if !slices.Contains(strings.Split(c.allowed, " "), c.value) {
			return cli.Usagef("%s can be %s, not %q", s.named(c.name), strings.Join(strings.Fields(c.allowed), ", "), c.value)
		}
	}
	return nil
}

func (s *settings) logger(out io.Writer) *slog.Logger {
	return slog.New(backup.Advise(logging.Handler(out, s.log), s.data))
}

// app is a running Hearth.
type app struct {
	store  *Store
	hub    *Hub
	chat   *chat.Chat
	site   *web.Server
	server *http.Server
	listen net.Listener
}

func serve(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	if err := s.parse(args, out); err != nil {
		return err
	}
	slog.SetDefault(s.logger(os.Stderr))
	if os.Getenv("GOGC") == "" {
		tuneGC()
	}
	h, err := build(s)
	if err != nil {
		return err
	}
	slog.Info("started", "version", version(), "addr", h.listen.Addr().String(), "data", s.data, "pid", os.Getpid())
	h.printBanner(ctx, s, out)
	return h.serve(ctx)
}

// build opens the data folder, creates all parts and listens, but does not accept requests yet.
func build(s settings) (h *app, err error) {
	proxies, err := web.ParseNetworks(s.proxies)
	if err != nil {
		return nil, cli.Usagef("%s: %w", s.named("proxies"), err)
	}
	names, err := web.ParseHosts(s.hosts)
	if err != nil {
		return nil, cli.Usagef("%s: %w", s.named("hosts"), err)
	}
	h = &app{hub: NewHub()}
	h.listen, err = net.Listen("tcp", s.addr)
	if err != nil {
		return nil, listenError(s.named("addr"), s.addr, err)
	}
	defer func(l net.Listener) {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}(h.listen)
	h.store, err = OpenStore(s.data, chat.Migrations(), true, h.hub.PublishAll)
	if err != nil {
		return nil, cli.FolderError(s.data, err)
	}
	h.chat = chat.New(h.store, h.hub, chat.Options{Signup: s.signup, Guests: s.guests, Limits: s.limits == "on"})
	if err := h.chat.FillLooks(context.Background()); err != nil {
		slog.Error("compare the names of accounts; people with the same name are not told apart until the next start", "err", err)
	}
	h.chat.ExpireStatuses()
	auth, err := NewAuth(s.data, s.limits == "on")
	if err != nil {
		return nil, errors.Join(cli.FolderError(s.data, err), h.store.Close())
	}
	h.site, err = web.New(h.chat, h.hub, auth, h.store, web.Options{Version: version(), Limits: s.limits == "on", Proxies: proxies, Hosts: names})
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	h.server = &http.Server{Handler: h.site.Handler(),
		ReadHeaderTimeout: headerWait, ReadTimeout: requestWait, WriteTimeout: answerWait, IdleTimeout: idleWait, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug)}
	return h, nil
}

func listenError(flag, addr string, err error) error {
	const wsaInUse = syscall.Errno(10048) // as Windows says it (WSAEADDRINUSE)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaInUse) {
		return fmt.Errorf("%s is in use by another program; choose another address with %s, as in -addr :8001", addr, flag)
	}
	return fmt.Errorf("can't listen on %s: %w; choose an address with %s, as in -addr :8000", addr, err, flag)
}

// serve serves requests until ctx ends, then stops gracefully.
func (h *app) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- h.server.Serve(h.site.Listener(h.listen)) }()
	go h.chat.IndexMentions(ctx)
	h.chat.ContinueRemovals()
	sweep, tidy := time.NewTicker(sweepEvery), time.NewTicker(memoryEvery)
	defer sweep.Stop()
	defer tidy.Stop()
	var allocated allocations
	for {
		select {
		case err := <-failed:
			return errors.Join(err, h.store.Close())
		case <-h.store.Changes():
			h.chat.Forget()
		case <-sweep.C:
			if err := h.chat.SweepSessions(ctx); err != nil {
				slog.Error("delete expired sessions", "err", err)
			}
		case <-tidy.C:
			if allocated.calm(metric("/gc/heap/allocs:bytes")) {
				go freeMemory()
			}
		case <-ctx.Done():
			return h.stop()
		}
	}
}

// tuneGC sets GOGC now and after every collection.
func tuneGC() {
	debug.SetGCPercent(gcPercent(metric("/gc/heap/live:bytes")))
	runtime.AddCleanup(new(*byte), func(struct{}) { tuneGC() }, struct{}{})
}

// gcPercent returns the GOGC with which a live heap of so many bytes grows to heapFloor. It is at least Go's default of 100 and
// at most maxGCPercent.
func gcPercent(live uint64) int {
	const usual = 100
	if live == 0 || live >= heapFloor {
		return usual
	}
	return int(min(max((heapFloor-live)*100/live, usual), maxGCPercent))
}

// freeMemory returns unused memory to the system. What sync.Pools hold, such as compressors of 800 KB, takes two collections, and
// what these release takes a third one, which is part of FreeOSMemory: without it, the process keeps 3 MB more in two of three runs.
func freeMemory() {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
}

// allocations decides when to return memory to the system. The garbage collector alone keeps the memory that a sign-up or many
// new sockets used.
type allocations struct {
	freed  uint64
	totals [calmCalls]uint64 // of the last calls
	calls  int
}

// calmCalls is in how many calls of calm little must have been allocated. With one, a server with 300 sockets in which somebody
// says a sentence each second returns memory every 10 s. That took a quarter of its CPU time.
const calmCalls = 4

// calm reports whether little was allocated in the last calmCalls calls, and enough since calm last returned true. total is the
// number of bytes that were allocated since the program started.
func (a *allocations) calm(total uint64) bool {
	const little, enough = 1 << 20, 1 << 20 // a page that is shown for the first time takes 3 to 5 MB
	i := a.calls % calmCalls
	quiet := a.calls >= calmCalls && total-a.totals[i] < little
	a.totals[i] = total
	a.calls++
	if !quiet || total-a.freed < enough {
		return false
	}
	a.freed = total
	return true
}

// metric returns a number of package runtime/metrics.
func metric(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// stop finishes the requests in progress, closes the sockets and closes the database. Acknowledged messages are on disk anyway.
func (h *app) stop() error {
	slog.Info("stopping")
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	sockets, done := context.WithTimeout(ctx, socketsWait)
	defer done()
	online := h.hub.OnlineUsers()
	h.hub.Close(sockets)
	err := h.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = h.server.Close()
	}
	h.chat.Close()
	err = errors.Join(err, h.chat.SeenAll(ctx, online), h.store.Close())
	logging.Flush()
	slog.Info("stopped")
	return err
}

// printBanner prints the server's addresses, and logs which decisions an admin has not made yet.
func (h *app) printBanner(ctx context.Context, s settings, out io.Writer) {
	some, err := h.chat.HasUsers(ctx)
	decided, err2 := h.chat.SignupDecided(ctx)
	if err := errors.Join(err, err2); err != nil {
		slog.Error("read accounts and settings", "err", err)
	}
	b := cli.Banner{Version: version(), Addr: h.listen.Addr(), Data: s.data, Empty: err == nil && !some}
	b.Print(out)
	if link := b.Link(h.site.SetupPath()); b.Empty && s.log == "json" {
		slog.Info("to make the first account from another computer, open the link", "link", link)
	} else if b.Empty {
		fmt.Fprintf(os.Stderr, "  To make the first account from another computer, open this link. It works once, until Hearth\n"+
			"  stops. Put the name by which you reach Hearth in place of the host, if that is another one.\n\n  %s\n\n", link)
	}
	if some && err2 == nil && !decided {
		slog.Warn("nobody can sign up until an admin has chosen, in the lobby, who may; or start with -signup open, invite or closed")
	}
}
