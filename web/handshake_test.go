package web_test

import (
	"net/http"
	"strings"
	"testing"

	"hearth/web/hearthtest"
)

// A proxy that drops the Upgrade header leaves the handshake's other headers: the log names its setting, once.
// A request that never was a handshake is nobody's misconfiguration.
func TestLogNamesTheProxySetting(t *testing.T) {
	t.Parallel()
	s := hearthtest.Start(t)
	ada := s.SignUp(t, "ada")
	const setting = "proxy_set_header Upgrade"
	if r := ada.Get("/ws/chat/r/"); r.Status != http.StatusUpgradeRequired {
		t.Errorf("without a handshake: %d", r.Status)
	}
	if strings.Contains(s.Log(), setting) {
		t.Errorf("a plain request is taken for a handshake: %s", s.Log())
	}
	ada.Header = http.Header{"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"}}
	for range 3 {
		if r := ada.Get("/ws/chat/r/"); r.Status != http.StatusUpgradeRequired {
			t.Errorf("without Upgrade: %d", r.Status)
		}
	}
	if n := strings.Count(s.Log(), setting); n != 1 {
		t.Errorf("the log names the setting %d times:\n%s", n, s.Log())
	}
}
