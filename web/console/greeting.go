package console

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
)

// Greeting is what a server says when it is up.
type Greeting struct {
	Version string
	Addr    net.Addr // where it listens
	Data    string   // its folder
	Empty   bool     // nobody has an account yet
}

// Print says where to point the browser.
func (g Greeting) Print(out io.Writer) {
	data, err := filepath.Abs(g.Data)
	if err != nil {
		data = g.Data
	}
	fmt.Fprintf(out, "\n  Hearth %s is running.\n\n", g.Version)
	for i, url := range addresses(g.Addr) {
		if i == 0 {
			fmt.Fprintf(out, "  Open          %s\n", url)
		} else {
			fmt.Fprintf(out, "  In the house  %s\n", url)
		}
	}
	fmt.Fprintf(out, "  Data folder   %s\n\n", data)
	if g.Empty {
		fmt.Fprintf(out, "  Sign up there on this computer: the first account is the admin's.\n")
	}
	fmt.Fprintf(out, "  Ctrl+C stops it.\n\n")
}

// Link is the URL of path for another computer in the network, if the server can be reached from there.
func (g Greeting) Link(path string) string {
	urls := addresses(g.Addr)
	return strings.TrimSuffix(urls[len(urls)-1], "/") + path
}

// addresses are the URLs at which a server that listens on addr can be reached, this computer's first.
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
