package logfile

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Settings are those to open a database with, beside synchronous=FULL: they name SQLite's own file
// system, with another way of writing the log. What was gathered is in the file when SQLite syncs it,
// which it does before it shows others the commit. It is let write pages at a commit alone, and not when
// its cache is full: else what is rolled back could be gathered still, and written over what another
// process has committed since. So the pages that a transaction changes are all in memory.
func Settings() (string, error) { return registered() }

var registered = sync.OnceValues(func() (string, error) {
	if err := register(); err != nil {
		return "", err
	}
	return "vfs=" + name + "&_pragma=cache_spill(0)", nil
})

// name is the file system's, for SQLite.
const name = "hearth"

// SQLite's tables of functions. It keeps their addresses, so they stay where they are for good.
var (
	theirs       *sqlite3.Tsqlite3_vfs
	theirMethods *sqlite3.Tsqlite3_io_methods // of logs that theirs has opened; nil until it has
	ourMethods   *sqlite3.Tsqlite3_io_methods // the same, but for the functions below
	adopting     sync.Once
)

func register() error {
	tls := libc.NewTLS()
	defer tls.Close()
	theirs = at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	vfs, methods := libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*theirs))), libc.Xmalloc(tls, libc.Tsize_t(unsafe.Sizeof(*ourMethods)))
	cname, err := libc.CString(name)
	if theirs == nil || vfs == 0 || methods == 0 || err != nil {
		return errors.Join(errors.New("SQLite has no file system, or there is no memory"), err)
	}
	ourMethods = at[sqlite3.Tsqlite3_io_methods](methods)
	ours := at[sqlite3.Tsqlite3_vfs](vfs)
	*ours = *theirs
	ours.FpNext, ours.FzName, ours.FxOpen = 0, cname, pointer(openFile)
	if rc := sqlite3.Xsqlite3_vfs_register(tls, vfs, 0); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("register a file system: SQLite says %d", rc)
	}
	return nil
}

// The types of SQLite's functions, as the translation from C has them.
type (
	opening  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32
	transfer = func(tls *libc.TLS, file, data uintptr, n int32, from int64) int32
	syncing  = func(tls *libc.TLS, file uintptr, flags int32) int32
	closing  = func(tls *libc.TLS, file uintptr) int32
)

// openFile opens any file as SQLite does, and puts our functions in place of its own if it is a log.
func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := function[opening](theirs.FxOpen)(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	f := at[sqlite3.Tsqlite3_file](file)
	adopting.Do(func() { adopt(at[sqlite3.Tsqlite3_io_methods](f.FpMethods)) })
	if f.FpMethods == address(theirMethods) {
		f.FpMethods = address(ourMethods)
		open.Store(file, &gathered{data: make([]byte, 0, most)})
	}
	return rc
}

func adopt(methods *sqlite3.Tsqlite3_io_methods) {
	theirMethods = methods
	*ourMethods = *methods
	ourMethods.FxWrite, ourMethods.FxSync, ourMethods.FxClose = pointer(writeFile), pointer(syncFile), pointer(closeFile)
}

// open has what was gathered for each log, by the address of SQLite's file.
var open sync.Map // uintptr -> *gathered

// gathered is a stretch of a file that is not written yet. As the file, it is of one connection, which
// does one thing at a time.
type gathered struct {
	from int64
	data []byte
}

func of(file uintptr) *gathered {
	g, _ := open.Load(file)
	return g.(*gathered)
}

// flush writes what was gathered. If it fails, so does the commit, and the next one is written in its
// place.
func flush(tls *libc.TLS, file uintptr) int32 {
	g := of(file)
	if len(g.data) == 0 {
		return sqlite3.SQLITE_OK
	}
	n := len(g.data)
	g.data = g.data[:0]
	return function[transfer](theirMethods.FxWrite)(tls, file, address(unsafe.SliceData(g.data)), int32(n), g.from)
}

// writeFile gathers what continues what is there. n is a page at most: 64 KiB.
func writeFile(tls *libc.TLS, file, data uintptr, n int32, from int64) int32 {
	g := of(file)
	if from != g.from+int64(len(g.data)) || len(g.data)+int(n) > most {
		if rc := flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
		g.from = from
	}
	g.data = append(g.data, unsafe.Slice(at[byte](data), n)...)
	return sqlite3.SQLITE_OK
}

func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	if rc := flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[syncing](theirMethods.FxSync)(tls, file, flags)
}

// closeFile finds nothing gathered: the last commit was synced, or has failed.
func closeFile(tls *libc.TLS, file uintptr) int32 {
	open.Delete(file)
	return function[closing](theirMethods.FxClose)(tls, file)
}

// at is what is at an address in C's memory, which the garbage collector neither moves nor frees.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// address is the reverse of at. What p points to must be kept alive by somebody else.
func address[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }

// pointer is a function of this package as C has it: where Go keeps it, for good.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// function is the reverse of pointer.
func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }
