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

	"hearth/web/chat"
	"hearth/web/db/datadir"
	"hearth/web/limits"
)

// Auth holds what is secret: the keys of the cookies and the hashing of passwords, and who has guessed
// too often. It is safe for concurrent use.
type Auth struct {
	codecs    []securecookie.Codec
	hashing   chan struct{} // a place for each hash being made
	strangers chan struct{} // of those places, the ones that anybody can have
	guesses   *limits.Guesses
	waiting   *limits.Counter // strangers who wait for a place, by where they are
	limited   bool
	now       func() time.Time
}

// NewAuth makes an Auth with the keys in dataDir. limited says whether guesses are limited.
func NewAuth(dataDir string, limited bool) (*Auth, error) {
	codecs, err := OpenKeys(dataDir)
	if err != nil {
		return nil, err
	}
	a := hasher()
	a.codecs, a.limited = codecs, limited
	return a, nil
}

// hasher is an Auth for hashing alone.
func hasher() *Auth {
	return &Auth{hashing: make(chan struct{}, maxHashing), strangers: make(chan struct{}, maxHashing-1),
		guesses: limits.NewGuesses(), now: time.Now, waiting: limits.NewCounter(maxWaiting, maxWaitingThere)}
}

// Cookies.

// cookieLife is how long a cookie's seal holds, in seconds: 400 days, the longest that browsers
// keep one (RFC 6265bis, section 5.5). The session behind it ends much sooner if it isn't used.
const cookieLife = 400 * 24 * 60 * 60

// sealName is what the seal is bound to beside the value.
const sealName = "session"

// keyPair is what securecookie needs: a key to sign with and one to encrypt with, 32 bytes each.
type keyPair struct {
	Made  time.Time `json:"made"`
	Hash  []byte    `json:"hash"`
	Block []byte    `json:"block"`
}

// OpenKeys reads DATA/keys.json, made at first (mode 0600), into codecs. The first pair of keys in
// the file seals; all of them open. To rotate, put a new pair in front; once the last pair goes,
// so do the sessions sealed with it.
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

// cutOff reports whether a file of keys is what a power cut leaves: nothing, zeros, or its beginning.
func cutOff(text []byte) bool {
	text = bytes.Trim(text, "\x00 \t\r\n")
	err := json.NewDecoder(bytes.NewReader(text)).Decode(new([]keyPair))
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// makeKeys writes a file of one new pair, whole or not at all.
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

// Seal makes a cookie's value of a session's token.
func (a *Auth) Seal(token []byte) (cookie string, err error) {
	return securecookie.EncodeMulti(sealName, bytes.Clone(token), a.codecs...) // it encrypts in place
}

// Open is the token in a cookie that Seal has made, with this key or an older one.
func (a *Auth) Open(cookie string) (token []byte, err error) {
	err = securecookie.DecodeMulti(sealName, cookie, &token, a.codecs...)
	return token, err
}

// Passwords.

// argon are the parameters of argon2id: those for new passwords, and those read from a hash.
type argon struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// newArgon is OWASP's second recommendation (Password Storage Cheat Sheet): 19 MiB, 2 passes, 1 lane.
var newArgon = argon{memory: 19 * 1024, time: 2, threads: 1}

// maxHashing is how many hashes are made at once: 19 MiB and some 25 ms of a core each.
const maxHashing = 2

const saltSize, hashSize = 16, 32

var phc = base64.RawStdEncoding.Strict()

// NewPassword hashes a password, as a PHC string with a new salt and the parameters. It leaves a place
// free for those who sign in with a browser that did so before.
func (a *Auth) NewPassword(password string) (hash string, err error) {
	a.strangers <- struct{}{}
	defer func() { <-a.strangers }()
	salt := random(saltSize)
	sum := a.argon2id(newArgon, password, salt, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		newArgon.memory, newArgon.time, newArgon.threads, phc.EncodeToString(salt), phc.EncodeToString(sum)), nil
}

// CheckPassword reports whether password is the one that was hashed. With hash "", for a user who
// doesn't exist, it takes as long and the answer is no.
func (a *Auth) CheckPassword(hash, password string) bool {
	p, salt, sum, err := parsePHC(hash)
	if err != nil {
		p, salt, sum = newArgon, make([]byte, saltSize), make([]byte, hashSize)
	}
	same := subtle.ConstantTimeCompare(a.argon2id(p, password, salt, uint32(len(sum))), sum) == 1
	return same && err == nil
}

func (a *Auth) argon2id(p argon, password string, salt []byte, size uint32) []byte {
	a.hashing <- struct{}{}
	defer func() { <-a.hashing }()
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, size)
}

// parsePHC takes a stored hash apart. Parameters out of all proportion are refused: they would
// make a log-in an attack on the server itself.
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
	// maxWaiting is how many strangers may wait for their password to be hashed: the last of them waits
	// some 2 s.
	maxWaiting = 100
	// maxWaitingThere is how many of them may be at one address.
	maxWaitingThere = 4
	// busyWait is when to try again if there are more.
	busyWait = 3 * time.Second
)

// Verify reports whether a guess is right: whether password is the one of which hash was made, "" for
// somebody who doesn't exist, which takes as long. Errors: rate_limited, and that of ctx.
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
			a.guesses.Right(g, at) // it was not tried
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

// await waits for one of the strangers' places. Those at one address can't take all of the queue, and a
// browser that signed in before does not stand in it. leave must be called in the end.
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
