// Hearth is a whole team chat with live presence in one program and one data folder.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"hearth/web"
	"hearth/web/backup"
	"hearth/web/chat"
	"hearth/web/folder"
	"hearth/web/locale"
	"hearth/web/migrate"
)

const (
	// headerWait is how long a client may take to send its request's header.
	headerWait = 5 * time.Second
	// requestWait is how long a client may take to send all of its request: the longest form
	// (256 KiB) at 9 KB/s. Sockets are beyond it.
	requestWait = 30 * time.Second
	// answerWait is how long a client may take to read an answer, at worst a page of some
	// 500 KB at 9 KB/s.
	answerWait = time.Minute
	// maxHeader bounds a request's header, in bytes. Ours are below 2 KiB; a proxy may add to them.
	maxHeader = 32 << 10
	// idleWait is how long a connection without a request is kept.
	idleWait = 2 * time.Minute
	// stopWait bounds a graceful stop; the parts of it have less.
	stopWait = 8 * time.Second
	// socketsWait is how long sockets have to take their close frame.
	socketsWait = 3 * time.Second
	// maxLine bounds a password that is piped in, in bytes.
	maxLine = 4096
	// crowd is how many sockets make a wave, after which the memory of their handshakes is given back.
	crowd = 500
	// sweepEvery is how often ended sessions and invitations are swept.
	sweepEvery = time.Hour
)

// Exit statuses.
const (
	exitFailed = 1 // something went wrong
	exitUsage  = 2 // the command line was wrong
)

const usage = `Hearth is a whole team chat in one program and one data folder.

  hearth [serve] [flags]           run the server
  hearth user add NAME [-admin] [-first F] [-last L] [-email E]
                                   make an account; asks for the password
  hearth user list                 list the accounts
  hearth user passwd NAME          set a password; asks for it
  hearth user admin NAME on|off    make somebody an admin, or not any more
  hearth user disable|enable NAME  shut an account, or open it again
  hearth backup FILE               copy the database to a new file
  hearth restore FILE              put such a copy in the place of the database
  hearth version                   print the version

All of them take -data FOLDER. The user commands and backup work beside a running server,
which takes note of them at once; restore needs it stopped, and keeps what was there under
another name. add and passwd take -password-stdin to read the password from a pipe.

Flags of serve (each also as an environment variable; the flag wins):
`

// usageError is a mistake on the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	var wrong usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, &wrong):
		fmt.Fprintf(os.Stderr, "hearth: %v\n", err)
		os.Exit(exitUsage)
	default:
		fmt.Fprintf(os.Stderr, "hearth: %v\n", err)
		os.Exit(exitFailed)
	}
}

// run does what the command line says.
func run(ctx context.Context, args []string, in *os.File, out io.Writer) error {
	command := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		command, args = args[0], args[1:]
	}
	switch command {
	case "serve":
		return serveCommand(ctx, args, out)
	case "user":
		return userCommand(ctx, args, in, out)
	case "backup", "restore":
		return copyCommand(ctx, command, args, out)
	case "version":
		fmt.Fprintln(out, "hearth", version())
		return nil
	case "help":
		printUsage(out)
		return nil
	}
	return usagef("there is no command %q; `hearth help` lists them", command)
}

// version is what the module's build was stamped with.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// settings are the flags of serve.
type settings struct {
	addr, data, guests, signup, limits, log, proxies string
}

// names are the environment variables that stand in for flags.
var environment = map[string]string{"addr": "HEARTH_ADDR", "data": "HEARTH_DATA", "guests": "HEARTH_GUESTS",
	"signup": "HEARTH_SIGNUP", "limits": "HEARTH_LIMITS", "log": "HEARTH_LOG", "proxies": "HEARTH_PROXIES"}

func (s *settings) flags() *flag.FlagSet {
	f := flag.NewFlagSet("hearth", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&s.addr, "addr", ":8000", "`address` to listen on; port 0 takes any free one (HEARTH_ADDR)")
	f.StringVar(&s.data, "data", "./hearth-data", "`folder` for everything Hearth keeps (HEARTH_DATA)")
	f.StringVar(&s.guests, "guests", "", "what visitors without an account may do: `off|read|write` (HEARTH_GUESTS; unset: the admin site decides, at first off)")
	f.StringVar(&s.signup, "signup", "", "who may make an account: `open|invite|closed` (HEARTH_SIGNUP; unset: the admin site decides, at first open)")
	f.StringVar(&s.limits, "limits", "on", "rate limits, `on|off`; off is for load tests and trusted networks (HEARTH_LIMITS)")
	f.StringVar(&s.log, "log", "text", "how to log, `text|json` (HEARTH_LOG)")
	f.StringVar(&s.proxies, "proxies", "", "comma-separated `addresses` or networks of proxies whose X-Forwarded-For and -Proto are believed (HEARTH_PROXIES)")
	return f
}

func printUsage(out io.Writer) {
	fmt.Fprint(out, usage)
	f := new(settings).flags()
	f.SetOutput(out)
	f.PrintDefaults()
}

// parse reads the environment, then the flags.
func (s *settings) parse(args []string, out io.Writer) error {
	f := s.flags()
	for name, variable := range environment {
		if v, ok := os.LookupEnv(variable); ok && v != "" {
			if err := f.Set(name, v); err != nil {
				return usagef("%s: %w", variable, err)
			}
		}
	}
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		printUsage(out)
		return err
	} else if err != nil {
		return usagef("%w; `hearth help` lists the flags", err)
	}
	if f.NArg() > 0 {
		return usagef("%q is one word too many; `hearth help` lists the flags", f.Arg(0))
	}
	return s.check()
}

func (s *settings) check() error {
	for _, c := range []struct{ name, value, allowed string }{
		{"guests", s.guests, " off read write"}, {"signup", s.signup, " open invite closed"},
		{"limits", s.limits, "on off"}, {"log", s.log, "text json"},
	} {
		if !contains(strings.Split(c.allowed, " "), c.value) {
			return usagef("-%s can be %s, not %q", c.name, strings.Join(strings.Fields(c.allowed), ", "), c.value)
		}
	}
	return nil
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

func (s *settings) networks() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range strings.FieldsFunc(s.proxies, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(text)
		if a, bad := netip.ParseAddr(text); bad == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, usagef("-proxies: %q is no address or network", text)
		}
		all = append(all, p)
	}
	return all, nil
}

func (s *settings) logger(out io.Writer) *slog.Logger {
	var h slog.Handler = slog.NewTextHandler(out, nil)
	if s.log == "json" {
		h = slog.NewJSONHandler(out, nil)
	}
	return slog.New(backup.Advise(h, s.data))
}

// house is a running Hearth.
type house struct {
	store  *Store
	hub    *Hub
	chat   *chat.Chat
	server *http.Server
	listen net.Listener
}

func serveCommand(ctx context.Context, args []string, out io.Writer) error {
	var s settings
	if err := s.parse(args, out); err != nil {
		return err
	}
	slog.SetDefault(s.logger(os.Stderr))
	h, err := build(s)
	if err != nil {
		return err
	}
	printBanner(out, h.listen.Addr(), s.data, h.empty(ctx))
	return h.serve(ctx)
}

// build puts the house together and takes its address, but doesn't answer yet.
func build(s settings) (h *house, err error) {
	proxies, err := s.networks()
	if err != nil {
		return nil, err
	}
	h = &house{hub: NewHub()}
	h.listen, err = net.Listen("tcp", s.addr)
	if err != nil {
		return nil, listenError(s.addr, err)
	}
	defer func(l net.Listener) {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}(h.listen)
	h.store, err = OpenStore(s.data, chat.Migrations(), true, StoreOptions{Publish: h.hub.PublishAll, Changed: func() { h.chat.Forget() }})
	if err != nil {
		return nil, folderError(s.data, err)
	}
	h.chat = chat.New(h.store, chat.Fixed{Signup: s.signup, Guests: s.guests})
	h.chat.Attach(h.hub)
	auth, err := NewAuth(s.data, s.limits == "on")
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	site, err := web.New(h.chat, h.hub, auth, h.store, web.Options{Version: version(), Limits: s.limits == "on", Proxies: proxies})
	if err != nil {
		return nil, errors.Join(err, h.store.Close())
	}
	h.hub.Watch(site.Watch())
	h.server = &http.Server{Handler: site.Handler(),
		ReadHeaderTimeout: headerWait, ReadTimeout: requestWait, WriteTimeout: answerWait, IdleTimeout: idleWait, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug)}
	return h, nil
}

func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is in use by another program; choose another address with -addr, as in -addr :8001", addr)
	}
	return fmt.Errorf("can't listen on %s: %w; choose an address with -addr, as in -addr :8000", addr, err)
}

func folderError(dir string, err error) error {
	if errors.As(err, new(*backup.DamagedError)) {
		return err
	}
	if errors.Is(err, folder.ErrInUse) || errors.Is(err, migrate.ErrNewer) {
		return fmt.Errorf("%s: %w", dir, err)
	}
	return fmt.Errorf("can't use the data folder %s: %w", dir, err)
}

// serve answers until ctx ends, then stops gracefully.
func (h *house) serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- h.server.Serve(h.listen) }()
	sweep, tidy := time.NewTicker(sweepEvery), time.NewTicker(time.Second)
	defer sweep.Stop()
	defer tidy.Stop()
	wave := tide{}
	for {
		select {
		case err := <-failed:
			return errors.Join(err, h.store.Close())
		case <-sweep.C:
			if err := h.chat.SweepSessions(ctx); err != nil {
				slog.Error("sweep sessions", "err", err)
			}
		case <-tidy.C:
			if wave.over(h.hub.Count()) {
				go debug.FreeOSMemory()
			}
		case <-ctx.Done():
			return h.stop()
		}
	}
}

// tide notices when a wave of sockets has come or gone.
type tide struct {
	before, last int // sockets after the last wave, and when last looked
}

// over reports whether the number of sockets, looked at every second, has come to rest far from
// where it was.
func (t *tide) over(now int) bool {
	calm := now == t.last
	t.last = now
	if !calm || max(now-t.before, t.before-now) < crowd {
		return false
	}
	t.before = now
	return true
}

// stop takes no more requests, finishes those it has, sends the sockets away and closes the
// database: what was acknowledged is on disk anyway.
func (h *house) stop() error {
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
	return errors.Join(err, h.chat.SeenAll(ctx, online), h.store.Close())
}

// empty reports whether nobody has an account yet.
func (h *house) empty(ctx context.Context) bool {
	some, err := h.chat.HasUsers(ctx)
	return err == nil && !some
}

// printBanner says where to point the browser.
func printBanner(out io.Writer, addr net.Addr, data string, empty bool) {
	folder, err := filepath.Abs(data)
	if err != nil {
		folder = data
	}
	fmt.Fprintf(out, "\n  Hearth %s is running.\n\n", version())
	for i, url := range addresses(addr) {
		if i == 0 {
			fmt.Fprintf(out, "  Open          %s\n", url)
		} else {
			fmt.Fprintf(out, "  In the house  %s\n", url)
		}
	}
	fmt.Fprintf(out, "  Data folder   %s\n\n", folder)
	if empty {
		fmt.Fprintf(out, "  Sign up there: the first account is the admin's.\n")
	}
	fmt.Fprintf(out, "  Ctrl+C stops it.\n\n")
}

// addresses are the URLs at which a server that listens on addr can be reached, this computer's first.
func addresses(addr net.Addr) []string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return []string{addr.String()}
	}
	ip, err := netip.ParseAddr(host)
	if err == nil && !ip.IsUnspecified() {
		if ip.IsLoopback() {
			host = "localhost"
		}
		return []string{"http://" + net.JoinHostPort(host, port) + "/"}
	}
	urls := []string{"http://localhost:" + port + "/"}
	found, err := net.InterfaceAddrs()
	if err != nil {
		return urls
	}
	for _, a := range found {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			urls = append(urls, "http://"+net.JoinHostPort(n.IP.String(), port)+"/")
		}
	}
	return urls
}

// userFlags are those of all commands but serve.
type userFlags struct {
	data, first, last, email string
	admin, passwordStdin     bool
}

func (u *userFlags) parse(verb string, args []string) ([]string, error) {
	f := flag.NewFlagSet("hearth "+verb, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	data := os.Getenv("HEARTH_DATA")
	if data == "" {
		data = "./hearth-data"
	}
	f.StringVar(&u.data, "data", data, "")
	if verb == "add" {
		f.BoolVar(&u.admin, "admin", false, "")
		f.StringVar(&u.first, "first", "", "")
		f.StringVar(&u.last, "last", "", "")
		f.StringVar(&u.email, "email", "", "")
	}
	if verb == "add" || verb == "passwd" {
		f.BoolVar(&u.passwordStdin, "password-stdin", false, "")
	}
	var words []string
	for len(args) > 0 { // flags may stand before, between and after the words
		if err := f.Parse(args); err != nil {
			return nil, usagef("%w; `hearth help` shows how", err)
		}
		if args = f.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	return words, nil
}

// userCommand changes accounts, beside a running server or without one.
func userCommand(ctx context.Context, args []string, in *os.File, out io.Writer) error {
	if len(args) == 0 {
		return usagef("user needs a command: add, list, passwd, admin, disable or enable")
	}
	verb := args[0]
	var u userFlags
	words, err := u.parse(verb, args[1:])
	if err != nil {
		return err
	}
	needs := map[string]int{"add": 1, "list": 0, "passwd": 1, "admin": 2, "disable": 1, "enable": 1}
	n, known := needs[verb]
	if !known {
		return usagef("there is no command user %s: add, list, passwd, admin, disable and enable are", verb)
	}
	if len(words) != n {
		return usagef("user %s takes %d words beside the flags, not %d; `hearth help` shows how", verb, n, len(words))
	}
	store, err := OpenStore(u.data, chat.Migrations(), false, StoreOptions{Publish: func([]chat.Announcement) {}, Changed: func() {}})
	if err != nil {
		return folderError(u.data, err)
	}
	c := chat.New(store, chat.Fixed{})
	c.Attach(NewHub())
	err = userVerb(ctx, c, verb, words, u, in, out)
	return errors.Join(explain(err, words), store.Close())
}

// copyCommand copies the database to a file, or back.
func copyCommand(ctx context.Context, verb string, args []string, out io.Writer) error {
	var u userFlags
	words, err := u.parse(verb, args)
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return usagef("%s takes 1 word beside the flags, the FILE, not %d", verb, len(words))
	}
	file := words[0]
	if verb == "backup" {
		if err := backup.Make(ctx, folder.Database(u.data), file); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s is a copy of the database, and it is sound.\n", file)
		return nil
	}
	aside, err := RestoreStore(ctx, u.data, file, chat.Migrations())
	if err != nil {
		return folderError(u.data, err)
	}
	fmt.Fprintf(out, "The database is that of %s now.\n", file)
	if aside != "" {
		fmt.Fprintf(out, "What was there is kept as %s.\n", aside)
	}
	return nil
}

// explain says what a rule has against a command, in words.
func explain(err error, words []string) error {
	if errors.Is(err, chat.ErrNotFound) {
		return fmt.Errorf("there is no user %q; `hearth user list` lists them", words[0])
	}
	var e *chat.Error
	if errors.As(err, &e) && e.Err == nil {
		return errors.New(locale.Of("en").T("error."+e.Code, e.Args...))
	}
	return err
}

func userVerb(ctx context.Context, c *chat.Chat, verb string, words []string, u userFlags, in *os.File, out io.Writer) error {
	if verb == "list" {
		return listUsers(ctx, c, out)
	}
	if verb == "add" {
		return addUser(ctx, c, words[0], u, in, out)
	}
	user, err := c.UserByName(ctx, words[0])
	if err != nil {
		return err
	}
	by := chat.Console()
	switch verb {
	case "passwd":
		hash, err := newPassword(user.Name, u, in, out)
		if err != nil {
			return err
		}
		return c.SetPassword(ctx, by, user.ID, hash)
	case "admin":
		if words[1] != "on" && words[1] != "off" {
			return usagef("user admin NAME takes on or off, not %q", words[1])
		}
		return c.SetAdmin(ctx, by, user.ID, words[1] == "on")
	}
	return c.SetDisabled(ctx, by, user.ID, verb == "disable")
}

func addUser(ctx context.Context, c *chat.Chat, name string, u userFlags, in *os.File, out io.Writer) error {
	if err := c.CheckName(ctx, name); err != nil {
		return err
	}
	hash, err := newPassword(name, u, in, out)
	if err != nil {
		return err
	}
	made, err := c.CreateUser(ctx, chat.Console(), chat.NewUser{Name: name, Password: hash, Admin: u.admin,
		Profile: chat.Profile{FirstName: u.first, LastName: u.last, Email: u.email}})
	if err != nil {
		return err
	}
	role := "a user"
	if made.Admin {
		role = "an admin"
	}
	fmt.Fprintf(out, "%s is %s now.\n", made.Name, role)
	return nil
}

// newPassword reads a password, twice where a person types it, and hashes it.
func newPassword(name string, u userFlags, in *os.File, out io.Writer) (hash string, err error) {
	password, err := readPassword(u.passwordStdin, in, out)
	if err != nil {
		return "", err
	}
	if err := chat.CheckPassword(password, name); err != nil {
		return "", err
	}
	auth := &Auth{hashing: make(chan struct{}, 1)}
	return auth.NewPassword(password)
}

func readPassword(piped bool, in *os.File, out io.Writer) (string, error) {
	if piped {
		line, err := bufio.NewReader(io.LimitReader(in, maxLine)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	if !term.IsTerminal(int(in.Fd())) {
		return "", usagef("there is no terminal to ask for the password; pipe it in with -password-stdin")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(out, prompt)
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(out)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", errors.New("the two passwords differ; nothing was changed")
	}
	return typed[0], nil
}

func listUsers(ctx context.Context, c *chat.Chat, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tFIRST\tLAST\tE-MAIL\tSTATE\tLAST SEEN")
	for offset := 0; ; {
		users, total, err := c.Users(ctx, chat.UserQuery{Limit: 1000, Offset: offset})
		if err != nil {
			return err
		}
		for _, u := range users {
			seen := "never"
			if !u.LastSeen.IsZero() {
				seen = u.LastSeen.Local().Format(time.DateTime)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Name, u.FirstName, u.LastName, u.Email, state(u), seen)
		}
		if offset += len(users); offset >= total || len(users) == 0 {
			return w.Flush()
		}
	}
}

func state(u *chat.User) string {
	switch {
	case u.Disabled && u.Admin:
		return "admin, disabled"
	case u.Disabled:
		return "disabled"
	case u.Admin:
		return "admin"
	}
	return "user"
}
