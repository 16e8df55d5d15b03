package web

import (
	"fmt"
	"net/netip"
	"strings"

	"hearth/web/chat"
)

// listItems returns the items of a list that is separated by commas or spaces.
func listItems(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// ParseNetworks reads a list of addresses and networks, as in "127.0.0.1, 10.0.0.0/8".
func ParseNetworks(list string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range listItems(list) {
		p, err := netip.ParsePrefix(text)
		if a, bad := netip.ParseAddr(text); bad == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no address or network", text)
		}
		all = append(all, p)
	}
	return all, nil
}

// ParseHosts reads a list of names of hosts, as in "chat.example.org, chat". It returns them in lower case.
func ParseHosts(list string) ([]string, error) {
	names := listItems(strings.ToLower(list))
	for _, name := range names {
		if !chat.ValidHost(name) {
			return nil, fmt.Errorf("%q is no name of a host; write it as browsers send it, without a port, as in chat.example.org or xn--bcher-kva.example", name)
		}
	}
	return names, nil
}
