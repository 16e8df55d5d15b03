package web

import (
	"net/url"
	"strings"
)

// hostName is the name in a Host header: without the port, brackets and a final dot, in lower case.
func hostName(host string) string {
	u := url.URL{Host: host}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
}

// sameHost reports whether the origin u has the host and port of a request with this Host header. A
// missing port is the default one of u's scheme, since a proxy may have ended TLS. secure says that
// the request certainly came by HTTPS; then u must be of that scheme.
func sameHost(u *url.URL, host string, secure bool) bool {
	standard, known := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	if !known || u.Host == "" || secure && u.Scheme != "https" {
		return false
	}
	port := func(u url.URL) string {
		if p := u.Port(); p != "" {
			return p
		}
		return standard
	}
	return hostName(u.Host) == hostName(host) && port(*u) == port(url.URL{Host: host})
}
