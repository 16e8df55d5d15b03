package cli

import (
	"net"
	"testing"
)

func TestBannerAddresses(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{"127.0.0.1:80": "http://localhost:80/", "[::]:8000": "http://localhost:8000/", "192.0.2.1:9": "http://192.0.2.1:9/"} {
		addr, err := net.ResolveTCPAddr("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		if got := addresses(addr); got[0] != want {
			t.Errorf("%s: %v", listen, got)
		}
	}
}
