//go:build !race

package hearthtest

const race = false
