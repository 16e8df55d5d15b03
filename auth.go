package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/gorilla/securecookie"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"hearth/web/chat"
	"hearth/web/db/datadir"
	"hearth/web/limits"
)

// Auth seals cookies, hashes passwords and limits password guesses. It is safe for concurrent use.
type Auth struct {
	codecs    []securecookie.Codec
	hashing   chan struct{} // a slot for each hash that is computed at the moment
	strangers chan struct{} // those of the slots that unknown browsers can use
	guesses   *limits.Guesses
	waiting   *limits.Counter // people with unknown browsers who wait for a slot, by address
	limited   bool
	now       func() time.Time
}

// NewAuth returns an Auth with the keys in dataDir. limited reports whether guesses are limited.
func NewAuth(dataDir string, limited bool) (*Auth, error) {
	codecs, err := OpenKeys(dataDir)
	if err != nil {
		return nil, err
	}
	a := hasher()
	a.codecs, a.limited = codecs, limited
	return a, nil
}

// hasher returns an Auth that can only hash.
func hasher() *Auth {
	return &Auth{hashing: make(chan struct{}, maxHashing), strangers: make(chan struct{}, maxHashing-1),
		guesses: limits.NewGuesses(), now: time.Now, waiting: limits.NewCounter(maxWaiting, maxWaitingThere)}
}

// Cookies.

// cookieLife is how long a cookie is valid, in seconds: 400 days, the longest time for which browsers store one (RFC 6265bis,
// section 5.5). An unused session ends much sooner.
const cookieLife = 400 * 24 * 60 * 60

// sealName is the name that securecookie authenticates together with the value.
const sealName = "session"

// keyPair is the pair of keys of a securecookie codec: one for signing and one for encryption, 32 bytes each.
type keyPair struct {
	Made  time.Time `json:"made"`
	Hash  []byte    `json:"hash"`
	Block []byte    `json:"block"`
}

// OpenKeys returns codecs with the keys in DATA/keys.json, which it creates if necessary (mode 0600). The first pair of keys
// seals cookies, and all pairs open them. To rotate the keys, put a new pair in front. Cookies that were sealed with a removed
// pair become void.
func OpenKeys(dataDir string) ([]securecookie.Codec, error) {
	path := filepath.Join(dataDir, "keys.json")
	text, err := os.ReadFile(path)
	if err == nil && cutOff(text) {
		slog.Warn("keys.json is empty or cut off: it is replaced, and everybody has to log in again", "file", path)
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && cutOff(text) {
		text, err = makeKeys(path)
	}
	if err != nil {
		return nil, fmt.Errorf("cookie keys: %w", err)
	}
	var keys []keyPair
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("cookie keys in %s: %w", path, err)
	}
	var pairs [][]byte
	for i, k := range keys {
		if len(k.Hash) != 32 || len(k.Block) != 32 {
			return nil, fmt.Errorf("cookie keys in %s: pair %d: hash and block must be 32 bytes each", path, i+1)
		}
		pairs = append(pairs, k.Hash, k.Block)
	}
	if len(pairs) == 0 {
		return nil, fmt.Errorf("cookie keys in %s: there are none; remove the file to have new ones made", path)
	}
	codecs := securecookie.CodecsFromPairs(pairs...)
	for _, c := range codecs {
		c.(*securecookie.SecureCookie).MaxAge(cookieLife).SetSerializer(securecookie.NopEncoder{})
	}
	return codecs, nil
}

// cutOff reports whether a key file is incomplete after a power cut: empty, zeros, or its beginning.
func cutOff(text []byte) bool {
	text = bytes.Trim(text, "\x00 \t\r\n")
	err := json.NewDecoder(bytes.NewReader(text)).Decode(new([]keyPair))
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// makeKeys writes a file with one new pair atomically.
func makeKeys(path string) ([]byte, error) {
	pair := keyPair{Made: time.Now().UTC().Truncate(time.Second), Hash: random(32), Block: random(32)}
	text, err := json.MarshalIndent([]keyPair{pair}, "", "  ")
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := errors.Join(datadir.Adopt(dir, f.Name()), os.Rename(f.Name(), path)); err != nil {
		return nil, err
	}
	return text, datadir.Sync(dir)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// Seal returns the cookie of a session's token.
func (a *Auth) Seal(token []byte) (cookie string, err error) {
	return securecookie.EncodeMulti(sealName, bytes.Clone(token), a.codecs...) // it encrypts in place
}

// Open returns the token in a cookie from Seal, with any of the keys.
func (a *Auth) Open(cookie string) (token []byte, err error) {
	err = securecookie.DecodeMulti(sealName, cookie, &token, a.codecs...)
	return token, err
}

// Passwords.

// argon are the parameters of argon2id.
type argon struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// newArgon is OWASP's second recommendation (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
var newArgon = argon{memory: 19 * 1024, time: 2, threads: 1}

// maxHashing is how many hashes are computed at once: each takes 19 MiB and about 25 ms of a core.
const maxHashing = 2

const saltSize, hashSize = 16, 32

var phc = base64.RawStdEncoding.Strict()

// NewPassword returns the hash of a password as a PHC string with a new salt. It hashes the NFC form, because keyboards differ
// in how they type accents. It leaves one slot for people who sign in with a known browser.
func (a *Auth) NewPassword(password string) (hash string, err error) {
	a.strangers <- struct{}{}
	defer func() { <-a.strangers }()
	salt := random(saltSize)
	sum := a.argon2id(newArgon, norm.NFC.String(password), salt, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		newArgon.memory, newArgon.time, newArgon.threads, phc.EncodeToString(salt), phc.EncodeToString(sum)), nil
}

// CheckPassword reports whether hash is the hash of password. For the hash "", which stands for a user who does not exist, it
// takes as long and returns false.
func (a *Auth) CheckPassword(hash, password string) bool {
	p, salt, sum, err := parsePHC(hash)
	if err != nil {
		p, salt, sum = newArgon, make([]byte, saltSize), make([]byte, hashSize)
	}
	same := func(password string) bool {
		return subtle.ConstantTimeCompare(a.argon2id(p, password, salt, uint32(len(sum))), sum) == 1
	}
	composed := norm.NFC.String(password)
	right := same(composed)
	if composed != password { // earlier versions hashed the password as it was typed
		right = same(password) || right
	}
	return right && err == nil
}

func (a *Auth) argon2id(p argon, password string, salt []byte, size uint32) []byte {
	a.hashing <- struct{}{}
	defer func() { <-a.hashing }()
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, size)
}

// parsePHC parses a stored hash. It refuses excessive parameters, because a log-in with them would overload the server.
func parsePHC(s string) (p argon, salt, sum []byte, err error) {
	f := bytes.Split([]byte(s), []byte("$"))
	if len(f) != 6 || len(f[0]) != 0 || string(f[1]) != "argon2id" || string(f[2]) != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errors.New("not an argon2id hash")
	}
	if _, err := fmt.Sscanf(string(f[3]), "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, nil, nil, fmt.Errorf("parameters of the hash: %w", err)
	}
	salt, err = phc.DecodeString(string(f[4]))
	if err != nil {
		return p, nil, nil, fmt.Errorf("salt of the hash: %w", err)
	}
	sum, err = phc.DecodeString(string(f[5]))
	if err != nil {
		return p, nil, nil, fmt.Errorf("hash: %w", err)
	}
	if p.memory < 8*uint32(p.threads) || p.memory > 256*1024 || p.time < 1 || p.time > 16 || p.threads < 1 || p.threads > 8 ||
		len(salt) < 8 || len(salt) > 64 || len(sum) < 16 || len(sum) > 64 {
		return p, nil, nil, errors.New("parameters of the hash are out of bounds")
	}
	return p, salt, sum, nil
}

// Guesses.

const (
	// maxWaiting is how many people with unknown browsers may wait for a password check. The last one waits about 2 s.
	maxWaiting = 100
	// maxWaitingThere is how many of them may come from one address.
	maxWaitingThere = 4
	// busyWait is the Retry-After beyond these limits.
	busyWait = 3 * time.Second
)

// Verify reports whether hash is the hash of password. For the hash "", which stands for a user who does not exist, it takes as
// long. Errors: rate_limited, that of ctx.
func (a *Auth) Verify(ctx context.Context, g limits.Guess, hash, password string) (right bool, err error) {
	at := a.now()
	if a.limited {
		if wait := a.guesses.Take(g, at); wait > 0 {
			return false, &chat.Error{Code: "rate_limited", Key: "too_many_guesses", RetryAfter: wait}
		}
	}
	if g.Device == "" {
		leave, err := a.await(ctx, g.From)
		if err != nil {
			a.guesses.Right(g, at) // the password was not checked
			return false, err
		}
		defer leave()
	}
	right = a.CheckPassword(hash, password)
	if right {
		a.guesses.Right(g, at)
	}
	return right, nil
}

// await waits for one of the slots for unknown browsers, for which known browsers do not wait. One address cannot fill the
// queue. leave must be called at the end. Errors: rate_limited, that of ctx.
func (a *Auth) await(ctx context.Context, from netip.Prefix) (leave func(), err error) {
	if a.limited {
		k := limits.Key{From: from}
		if a.waiting.Reserve(k, 1) != nil {
			return nil, &chat.Error{Code: "rate_limited", RetryAfter: busyWait}
		}
		defer a.waiting.Release(k, 1)
	}
	select {
	case a.strangers <- struct{}{}:
		return func() { <-a.strangers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
