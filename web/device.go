package web

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/http"
	"slices"

	"hearth/web/chat"
	"hearth/web/limits"
)

const (
	// devicePrefix begins the sealed value of a device cookie, so that no other cookie can be used as one.
	devicePrefix = "device:"
	// deviceSecret is the size of a browser's secret for one account, in bytes.
	deviceSecret = 16
	// maxDeviceUsers is how many accounts one browser remembers.
	maxDeviceUsers = 5
)

// device is what a device cookie proves: the browser signed in to these accounts before, the latest first.
type device []deviceUser

type deviceUser struct {
	user   int64
	secret [deviceSecret]byte
}

func (d device) encode() []byte {
	b := []byte(devicePrefix)
	for _, u := range d {
		b = binary.BigEndian.AppendUint64(b, uint64(u.user))
		b = append(b, u.secret[:]...)
	}
	return b
}

func decodeDevice(b []byte) (d device) {
	b, ok := bytes.CutPrefix(b, []byte(devicePrefix))
	const size = 8 + deviceSecret
	if !ok || len(b)%size != 0 {
		return nil
	}
	for ; len(b) > 0 && len(d) < maxDeviceUsers; b = b[size:] {
		d = append(d, deviceUser{int64(binary.BigEndian.Uint64(b)), [deviceSecret]byte(b[8:size])})
	}
	return d
}

// secretOf returns the browser's secret for an account, "" if it never signed in to it.
func (d device) secretOf(user int64) string {
	for _, u := range d {
		if u.user == user {
			return string(u.secret[:])
		}
	}
	return ""
}

func (s *Server) deviceCookieName(r *http.Request) string { return s.cookieName(r) + "-device" }

// device returns what the request's device cookie proves. A cookie that cannot be read counts as none.
func (s *Server) device(r *http.Request) device {
	cookie, err := r.Cookie(s.deviceCookieName(r))
	if err != nil {
		return nil
	}
	b, err := s.auth.Open(cookie.Value)
	if err != nil {
		return nil
	}
	return decodeDevice(b)
}

// rememberDevice has the browser remember that it signed in to an account.
func (s *Server) rememberDevice(w http.ResponseWriter, r *request, user int64) error {
	d := slices.DeleteFunc(s.device(r.Request), func(u deviceUser) bool { return u.user == user })
	now := deviceUser{user: user}
	rand.Read(now.secret[:]) // never fails
	d = append(device{now}, d[:min(len(d), maxDeviceUsers-1)]...)
	value, err := s.auth.Seal(d.encode())
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: s.deviceCookieName(r.Request), Value: value, Path: "/", MaxAge: cookieLife,
		Secure: s.secure(r.Request), HttpOnly: true, SameSite: http.SameSiteStrictMode})
	return nil
}

// guess returns a password guess for user, which is nil for an unknown name. A browser that is signed in to the account counts
// as one that signed in before.
func (s *Server) guess(r *request, name string, user *chat.User) limits.Guess {
	g := limits.Guess{Name: nameHash(name), From: Network(s.address(r.Request))}
	if user != nil {
		g.User, g.Device = user.ID, s.device(r.Request).secretOf(user.ID)
		if g.Device == "" && r.caller.User != nil && r.caller.User.ID == user.ID {
			g.Device = sessionDevice(r.caller.SessionID)
		}
	}
	return g
}

// sessionDevice stands for the secret of a browser that is signed in.
func sessionDevice(session int64) string { return fmt.Sprintf("session:%d", session) }

// nameHash returns a short hash that is equal for equal names.
func nameHash(name string) string {
	sum := sha256.Sum256([]byte(chat.NameKey(name)))
	return string(sum[:deviceSecret])
}
