package faults

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// powerCalls are the system calls with which files, folders and sockets are changed. Those that
// Hearth and SQLite don't use on the data folder are there to be noticed if that ever changes.
const powerCalls = "open,openat,creat,pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,ftruncate,truncate,fallocate," +
	"fsync,fdatasync,sync_file_range,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mmap"

// powerEvent is what a trace tells of one call, in the order in which they took effect.
type powerEvent struct {
	kind powerKind
	name string // of the file in the data folder; "" for the folder itself
	off  int64
	data []byte
	// start is the number of the event before which a sync began: what came later it need not cover.
	start int
	told  []string // the nonces that a write to a socket carried
}

type powerKind int

const (
	powerWrite powerKind = iota
	powerTruncate
	powerSync
	powerCreate
	powerUnlink
	powerTold
)

// powerReader makes events of the lines of strace -f -y -xx.
type powerReader struct {
	folder  string
	events  []powerEvent
	halves  map[string]powerHalf // by thread: calls that have begun
	unknown []string             // calls on the folder of which the model knows nothing
}

type powerHalf struct {
	text  string
	start int
	sent  bool
}

// readPowerTrace reads the trace of a program that worked in folder.
func readPowerTrace(file, folder string) ([]powerEvent, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := powerReader{folder: folder, halves: map[string]powerHalf{}}
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			if bad := r.line(strings.TrimSuffix(line, "\n")); bad != nil {
				return nil, fmt.Errorf("%.300s: %w", line, bad)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.unknown) > 0 {
		return nil, fmt.Errorf("the model knows nothing of %.1000s", strings.Join(r.unknown, "\n"))
	}
	return r.events, nil
}

// line takes "PID call(args) = result", or one half of it.
func (r *powerReader) line(line string) error {
	pid, text, ok := strings.Cut(line, " ")
	text = strings.TrimLeft(text, " ")
	switch {
	case !ok, strings.HasPrefix(text, "+++"), strings.HasPrefix(text, "---"):
		return nil
	case strings.HasSuffix(text, "<unfinished ...>"):
		half := powerHalf{text: strings.TrimSuffix(text, " <unfinished ...>"), start: len(r.events)}
		half.sent = isWrite(half.text) // from here on a write may be on its way to the disk or to somebody
		r.halves[pid] = half
		if half.sent {
			return r.call(half.text+") = 1", half.start)
		}
		return nil
	case strings.HasPrefix(text, "<... "):
		_, rest, ok := strings.Cut(text, "resumed>")
		half, begun := r.halves[pid]
		delete(r.halves, pid)
		if !ok || !begun || half.sent {
			return nil
		}
		return r.call(half.text+rest, half.start)
	}
	return r.call(text, len(r.events))
}

func isWrite(text string) bool {
	name, _, _ := strings.Cut(text, "(")
	return strings.HasPrefix(name, "pwrite") || strings.HasPrefix(name, "write") || strings.HasPrefix(name, "send")
}

var powerNonce = regexp.MustCompile(`"nonce":"([^"]+)"`)

// call takes a whole call.
func (r *powerReader) call(text string, start int) error {
	name, args, ok := strings.Cut(text, "(")
	end := strings.LastIndex(args, "= ")
	if !ok || end < 0 {
		return errors.New("a line of another form")
	}
	if strings.HasPrefix(args[end:], "= -") {
		return nil // it failed
	}
	args = strings.TrimSuffix(strings.TrimRight(args[:end], " "), ")")
	switch name {
	case "pwrite64", "write", "writev", "sendto", "sendmsg":
		return r.write(name, args)
	case "fsync", "fdatasync":
		if file, ours := r.descriptor(args); ours {
			r.events = append(r.events, powerEvent{kind: powerSync, name: file, start: start})
		}
	case "ftruncate":
		if file, ours := r.descriptor(args); ours {
			size, err := lastNumber(args)
			r.events = append(r.events, powerEvent{kind: powerTruncate, name: file, off: size})
			return err
		}
	case "open", "openat":
		if file, ours := r.path(args); ours && strings.Contains(args, "O_CREAT") {
			r.events = append(r.events, powerEvent{kind: powerCreate, name: file})
		}
	case "unlink", "unlinkat":
		if file, ours := r.path(args); ours {
			r.events = append(r.events, powerEvent{kind: powerUnlink, name: file})
		}
	default:
		r.other(text, args)
	}
	return nil
}

// other notes calls that would change the folder behind the model's back. The mapped -shm is no
// such thing: it is made anew after a crash.
func (r *powerReader) other(text, args string) {
	if strings.HasPrefix(text, "mmap") && !(strings.Contains(args, "PROT_WRITE") && strings.Contains(args, "MAP_SHARED")) {
		return
	}
	for _, part := range strings.Split(args, ", ") {
		byFD, ours := r.descriptor(part)
		byPath, named := r.path(part)
		if (ours || named) && !strings.HasSuffix(byFD+byPath, "-shm") {
			r.unknown = append(r.unknown, text)
		}
	}
}

func (r *powerReader) write(call, args string) error {
	name, ours := r.descriptor(args)
	var data []byte
	for i, part := range strings.Split(args, `"`) {
		switch {
		case i%2 == 1:
			data = append(data, unhex(part)...)
		case strings.HasPrefix(part, "..."):
			return errors.New("cut short by strace's -s")
		}
	}
	if !ours {
		var told []string
		for _, m := range powerNonce.FindAllSubmatch(data, -1) {
			told = append(told, string(m[1]))
		}
		if len(told) > 0 {
			r.events = append(r.events, powerEvent{kind: powerTold, told: told})
		}
		return nil
	}
	if call != "pwrite64" {
		r.unknown = append(r.unknown, call+" to "+name)
		return nil
	}
	off, err := lastNumber(args)
	r.events = append(r.events, powerEvent{kind: powerWrite, name: name, off: off, data: data})
	return err
}

// descriptor returns the file of the data folder that a descriptor as in 7<path> stands for.
func (r *powerReader) descriptor(arg string) (name string, ours bool) {
	fd, rest, _ := strings.Cut(arg, "<")
	path, _, ok := strings.Cut(rest, ">")
	if !ok || strings.ContainsAny(fd, `", `) {
		return "", false
	}
	return r.inside(string(unhex(path)))
}

// path returns the file of the data folder that the first string among args names.
func (r *powerReader) path(args string) (name string, ours bool) {
	_, rest, _ := strings.Cut(args, `"`)
	path, _, ok := strings.Cut(rest, `"`)
	if !ok {
		return "", false
	}
	return r.inside(string(unhex(path)))
}

func (r *powerReader) inside(path string) (name string, ours bool) {
	if path == r.folder {
		return "", true
	}
	if filepath.Dir(path) != r.folder || strings.HasSuffix(path, " (deleted)") {
		return "", false
	}
	return filepath.Base(path), true
}

func lastNumber(args string) (int64, error) {
	return strconv.ParseInt(args[strings.LastIndex(args, " ")+1:], 10, 64)
}

// unhex undoes \x2f\x74; other text stands for itself.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	if err != nil {
		return []byte(s)
	}
	return b
}
