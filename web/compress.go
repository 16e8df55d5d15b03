package web

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip" // takes 130 to 200 µs for the page of a room, compress/gzip 450 to 490
)

// compressFrom is the shortest response of the API that is compressed, in bytes. A shorter one fits into one packet anyway.
const compressFrom = 1024

// acceptsGzip reports whether the client accepts compressed responses. No response contains a secret beside text of its reader
// (BREACH).
func acceptsGzip(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept-Encoding"), "gzip")
}

// compress returns text in the gzip format. It is compressed before anything is written, so that a client that does not read
// holds no compressor.
func compress(text []byte) []byte {
	var small bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&small)
	_, _ = z.Write(text) // a bytes.Buffer returns no error
	_ = z.Close()
	return small.Bytes()
}

// zippers are reused: a new one allocates several 100 KB.
var zippers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	return z
}}

// compressed is h for clients that accept compressed responses too.
func compressed(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		if !acceptsGzip(r) {
			h(w, r)
			return
		}
		z := &zippedResponse{ResponseWriter: w, status: http.StatusOK}
		h(z, r)
		z.finish()
	}
}

// zippedResponse collects a response in compressed form, and writes it when finish is called.
type zippedResponse struct {
	http.ResponseWriter
	status int
	raw    []byte       // the response, as long as it is shorter than compressFrom
	z      *gzip.Writer // nil while it is that short
	small  bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (z *zippedResponse) Unwrap() http.ResponseWriter { return z.ResponseWriter }

func (z *zippedResponse) WriteHeader(status int) { z.status = status }

func (z *zippedResponse) Write(b []byte) (int, error) {
	if z.z == nil && len(z.raw)+len(b) < compressFrom {
		z.raw = append(z.raw, b...)
		return len(b), nil
	}
	if z.z == nil {
		z.z = zippers.Get().(*gzip.Writer)
		z.z.Reset(&z.small)
		if _, err := z.z.Write(z.raw); err != nil {
			return 0, err
		}
	}
	return z.z.Write(b)
}

// finish writes the response. It ignores that the client has disconnected.
func (z *zippedResponse) finish() {
	text := z.raw
	if z.z != nil {
		_ = z.z.Close() // a bytes.Buffer returns no error
		zippers.Put(z.z)
		z.Header().Set("Content-Encoding", "gzip")
		text = z.small.Bytes()
	}
	z.ResponseWriter.WriteHeader(z.status)
	_, _ = z.ResponseWriter.Write(text)
}
