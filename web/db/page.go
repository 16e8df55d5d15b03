package db

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// The parts of SQLite's file format that are needed here: https://sqlite.org/fileformat.html, sections 1.6 and 4.1.
const (
	logHeader   = 32 // the size of the header of a log, in bytes
	frameHeader = 24 // the size of the header of a frame, in bytes; the page follows
	saltAt      = 16 // the offset in the log's header of the salt: 8 bytes that are repeated in every frame of this log
	frameSaltAt = 8  // the offset of the salt in a frame's header
	pageSizeAt  = 8  // the offset in the log's header of the page size: 4 bytes

	rowsAt      = 3 // the offset in a page's header of the number of cells (rows, or keys): 2 bytes
	contentAt   = 5 // the offset in a page's header of the offset of the first cell: 2 bytes; 0 means 65536
	cellPointer = 2 // the size of the pointer to a cell, in bytes; the pointers follow the page's header

	maxPages = 2 << 24
)

// leftovers returns the numbers of the pages whose latest image in the log has data in its gap. Other processes may append to the
// log meanwhile.
func leftovers(log string) ([]uint32, error) {
	f, err := os.Open(log) // SQLite has its locks on other files
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header := make([]byte, logHeader)
	if _, err := io.ReadFull(f, header); err != nil {
		return nil, ignoreEnd(err)
	}
	size := binary.BigEndian.Uint32(header[pageSizeAt:])
	if size < 512 || size > 65536 {
		return nil, fmt.Errorf("the log has pages of %d bytes", size)
	}
	found := map[uint32]bool{}
	frame := make([]byte, frameHeader+size)
	for {
		if _, err := io.ReadFull(f, frame); err != nil {
			return sorted(found), ignoreEnd(err)
		}
		if string(frame[frameSaltAt:frameSaltAt+8]) != string(header[saltAt:saltAt+8]) {
			return sorted(found), nil // the rest of the file is of an earlier log
		}
		number := binary.BigEndian.Uint32(frame)
		if number >= maxPages {
			return nil, nil
		}
		found[number] = !clean(gap(frame[frameHeader:]))
	}
}

// ignoreEnd drops the error at the end of a log, also in the middle of a frame that is being written.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

// sorted returns the numbers of the pages that have to be cleared.
func sorted(found map[uint32]bool) (pages []uint32) {
	for number, dirty := range found {
		if dirty {
			pages = append(pages, number)
		}
	}
	slices.Sort(pages)
	return pages
}

// headerSizes are the sizes of the headers of pages with cells, by the first byte of the page. An overflow page begins with a page
// number, which looks like such a byte only in a file of maxPages (128 GiB) or more.
var headerSizes = map[byte]int{2: 12, 5: 12, 10: 8, 13: 8}

// gap returns the unused part between the pointers and the cells of a page. The first page of a file and pages without cells count
// as having none.
func gap(page []byte) []byte {
	header, found := headerSizes[page[0]]
	if !found {
		return nil
	}
	from := header + cellPointer*int(binary.BigEndian.Uint16(page[rowsAt:]))
	to := int(binary.BigEndian.Uint16(page[contentAt:]))
	if to == 0 {
		to = 65536
	}
	if from > to || to > len(page) {
		return nil
	}
	return page[from:to]
}

// clean reports whether all bytes are zero.
func clean(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
