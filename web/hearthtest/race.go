//go:build race

package hearthtest

// Race reports whether tests and program run with the race detector. With it, a password hash takes 0.5 s.
const Race = true
