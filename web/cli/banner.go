package cli

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
)

// Banner is what the server prints once it accepts connections.
type Banner struct {
	Version string
	Addr    net.Addr // the address of the listener
	Data    string   // the data folder
	Empty   bool     // no account exists yet
}

// Print writes the addresses to open in a browser, and the data folder.
func (b Banner) Print(out io.Writer) {
	data, err := filepath.Abs(b.Data)
	if err != nil {
		data = b.Data
	}
	fmt.Fprintf(out, "\n  Hearth %s is running.\n\n", b.Version)
	for i, url := range addresses(b.Addr) {
		if i == 0 {
			fmt.Fprintf(out, "  Open          %s\n", url)
		} else {
			fmt.Fprintf(out, "  In the house  %s\n", url)
		}
	}
	fmt.Fprintf(out, "  Data folder   %s\n\n", data)
	if b.Empty {
		fmt.Fprintf(out, "  Sign up there on this computer: the first account is the admin's.\n")
	}
	fmt.Fprintf(out, "  Ctrl+C stops it.\n\n")
}

// Link returns the URL of path for other computers in the network, or for this one if the server listens on loopback alone.
func (b Banner) Link(path string) string {
	urls := addresses(b.Addr)
	return strings.TrimSuffix(urls[len(urls)-1], "/") + path
}

// addresses returns the URLs of a server that listens on addr. The first one is for this computer.
func addresses(addr net.Addr) []string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return []string{addr.String()}
	}
	ip, err := netip.ParseAddr(host)
	if err == nil && !ip.IsUnspecified() {
		if ip.IsLoopback() {
			host = "localhost"
		}
		return []string{"http://" + net.JoinHostPort(host, port) + "/"}
	}
	urls := []string{"http://localhost:" + port + "/"}
	found, err := net.InterfaceAddrs()
	if err != nil {
		return urls
	}
	for _, a := range found {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
			urls = append(urls, "http://"+net.JoinHostPort(n.IP.String(), port)+"/")
		}
	}
	return urls
}
