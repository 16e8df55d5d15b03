package locale

import (
	_ "embed"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // so that zones are the same on all computers
)

// zonesText has a line for each name of the IANA time zone database, version 2025b: the name, and, if pages do not offer it, a space and
// the name that they offer instead or itself. Browsers still use some old names, such as Asia/Saigon.
//
//go:embed zones.txt
var zonesText string

type zoneList struct {
	offered []string
	names   map[string]string // by any name
}

var zones = sync.OnceValue(func() zoneList {
	list := zoneList{names: map[string]string{}}
	for line := range strings.Lines(zonesText) {
		name, current, old := strings.Cut(strings.TrimSpace(line), " ")
		if !old {
			current = name
			list.offered = append(list.offered, name)
		}
		list.names[name] = current
	}
	return list
})

// Zones returns the names of the time zones that pages offer, sorted. The caller must not change the slice.
func Zones() []string { return zones().offered }

// ZoneName returns the present IANA name of a time zone, "" if there is no zone of that name.
func ZoneName(name string) string { return zones().names[name] }

var loadedZones sync.Map // of *time.Location, by name

// Zone returns the time zone with a name that ZoneName has returned, or nil.
func Zone(name string) *time.Location {
	if at, ok := loadedZones.Load(name); ok {
		return at.(*time.Location)
	}
	if ZoneName(name) == "" {
		return nil
	}
	at, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loadedZones.Store(name, at)
	return at
}
