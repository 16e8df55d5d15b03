package faults

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// sector is what a disk writes whole or not at all, in bytes. SQLite counts on no more than that:
// what is beside a write stays as it was (its "powersafe overwrite").
const sector = 512

// powerDisk is a folder as a disk has it: what is on the platter for sure, and what was written
// since but may not be. The rules are harsher than those of any common file system:
//
//   - of what was written to a file and not fsynced, any set of sectors may be there, in no order;
//   - a file may have grown without what makes it so: it is zeros there;
//   - a file that was made or removed is so for sure only once the folder was fsynced; until then
//     any of a name's states since then is possible, independently of other names.
type powerDisk struct {
	now     map[string]*powerFile // what the program sees
	durable map[string]*powerFile
	names   []powerName // changes to now that are not durable yet, in order
	events  int
}

type powerFile struct {
	durable []byte
	pending []powerOp
}

type powerOp struct {
	event    int // its number
	off      int64
	data     []byte
	truncate bool
}

type powerName struct {
	event int
	name  string
	file  *powerFile // nil: removed
}

// newPowerDisk has what is in a folder, all of it durable.
func newPowerDisk(folder string) (*powerDisk, error) {
	d := &powerDisk{now: map[string]*powerFile{}, durable: map[string]*powerFile{}}
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(folder, f.Name()))
		if err != nil {
			return nil, err
		}
		file := &powerFile{durable: b}
		d.now[f.Name()], d.durable[f.Name()] = file, file
	}
	return d, nil
}

// take does one event of a trace.
func (d *powerDisk) take(e powerEvent) error {
	defer func() { d.events++ }()
	file := d.now[e.name]
	switch e.kind {
	case powerTold:
		return nil
	case powerCreate:
		if file == nil {
			d.name(e.name, &powerFile{})
		}
		return nil
	case powerUnlink:
		d.name(e.name, nil)
		return nil
	case powerSync:
		d.sync(e)
		return nil
	}
	if file == nil {
		return errors.New("a write to a file that was never made: " + e.name)
	}
	file.pending = append(file.pending, powerOp{event: d.events, off: e.off, data: e.data, truncate: e.kind == powerTruncate})
	return nil
}

func (d *powerDisk) name(name string, file *powerFile) {
	if file == nil {
		delete(d.now, name)
	} else {
		d.now[name] = file
	}
	d.names = append(d.names, powerName{d.events, name, file})
}

// sync makes durable what was there when an fsync began.
func (d *powerDisk) sync(e powerEvent) {
	if e.name == "" {
		for len(d.names) > 0 && d.names[0].event < e.start {
			d.durable[d.names[0].name] = d.names[0].file
			d.names = d.names[1:]
		}
		return
	}
	file := d.now[e.name]
	if file == nil {
		return
	}
	for len(file.pending) > 0 && file.pending[0].event < e.start {
		file.durable = file.pending[0].apply(file.durable, func() bool { return true })
		file.pending = file.pending[1:]
	}
}

// apply does to b those sectors of the write that reach the disk.
func (o powerOp) apply(b []byte, reaches func() bool) []byte {
	if o.truncate {
		if !reaches() {
			return b
		}
		return grow(b, int(o.off))[:o.off]
	}
	for from := 0; from < len(o.data); {
		at := int(o.off) + from
		to := min(len(o.data), from+sector-at%sector)
		if reaches() {
			b = grow(b, at+to-from)
			copy(b[at:], o.data[from:to])
		}
		from = to
	}
	return b
}

func grow(b []byte, size int) []byte {
	if size > len(b) {
		b = append(b, make([]byte, size-len(b))...)
	}
	return b
}

// cut returns the folder as a power cut at this moment may leave it.
func (d *powerDisk) cut(luck *rand.Rand) map[string][]byte {
	share := []float64{0, 0.1, 0.5, 0.9, 1}[luck.IntN(5)] // of what is pending that reaches the disk
	reaches := func() bool { return luck.Float64() < share }
	left := map[string][]byte{}
	for name, file := range d.namesLeft(luck) {
		b := slices.Clone(file.durable)
		size := len(b)
		for _, o := range file.pending {
			b = o.apply(b, reaches)
			size = max(size, int(o.off)+len(o.data))
		}
		if luck.IntN(4) == 0 {
			b = grow(b, size)
		}
		left[name] = b
	}
	return left
}

// namesLeft picks for each name one of the states that it had since the folder was fsynced.
func (d *powerDisk) namesLeft(luck *rand.Rand) map[string]*powerFile {
	left := map[string]*powerFile{}
	states := map[string][]*powerFile{}
	for name, file := range d.durable {
		states[name] = []*powerFile{file}
	}
	for _, n := range d.names {
		if states[n.name] == nil {
			states[n.name] = []*powerFile{nil}
		}
		states[n.name] = append(states[n.name], n.file)
	}
	for name, all := range states {
		if file := all[luck.IntN(len(all))]; file != nil {
			left[name] = file
		}
	}
	return left
}
