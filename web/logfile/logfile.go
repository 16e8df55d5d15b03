// Package logfile has SQLite write a commit to its log with few write(2). Left to itself it takes two
// for each page, and a commit of messages in many rooms has one or two pages for each of them: that is
// a twentieth of what a message to ten people costs. It is for Linux, where it is tested most; elsewhere
// SQLite writes as it always does.
package logfile

// most is how much is gathered before it is written, in bytes: 30 pages of 4 KiB with their headers.
// SQLite takes a write of 128 KiB, or a multiple, for a full disk (seekAndWriteFd counts modulo 128 KiB).
const most = 124 << 10
