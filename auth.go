package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
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
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"golang.org/x/crypto/argon2"

	"hearth/web"
	"hearth/web/chat"
	"hearth/web/folder"
)

// Auth holds what is secret: the keys of the cookies, the hashing of passwords, and who has
// guessed too often. It is safe for concurrent use.
type Auth struct {
	codecs  []securecookie.Codec
	hashing chan struct{} // a place for each hash being made
	limits  bool
	now     func() time.Time

	mu        sync.Mutex
	accounts  throttle
	addresses throttle
}

// NewAuth makes an Auth with the keys in dataDir. limits lets guesses and sign-ups be slowed.
func NewAuth(dataDir string, limits bool) (*Auth, error) {
	codecs, err := OpenKeys(dataDir)
	if err != nil {
		return nil, err
	}
	return &Auth{
		codecs: codecs, hashing: make(chan struct{}, maxHashing), limits: limits, now: time.Now,
		accounts: throttle{free: 5, step: time.Second, most: time.Minute},
		// Behind one address may be a whole house, or a school.
		addresses: throttle{free: 20, step: time.Second, most: 15 * time.Minute},
	}, nil
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
	if err := errors.Join(folder.Adopt(dir, f.Name()), os.Rename(f.Name(), path)); err != nil {
		return nil, err
	}
	return text, folder.Sync(dir)
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

// NewPassword hashes a password, as a PHC string with a new salt and the parameters.
func (a *Auth) NewPassword(password string) (hash string, err error) {
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

// Throttles.

// throttle slows who tries again and again: some tries are free, each after that has to wait
// twice as long as the one before.
type throttle struct {
	free int           // tries that may follow each other at once
	step time.Duration // the first wait
	most time.Duration // the longest; after that long without a try all is forgotten, twice over
	seen map[string]*tries
}

type tries struct {
	count int
	next  time.Time // no sooner than this
	last  time.Time
}

// maxThrottled is how many accounts or addresses are remembered: some 2 MB.
const maxThrottled = 10_000

// patience is how long a guess is held back before it is refused instead.
const patience = time.Second

func (t *throttle) wait(key string, now time.Time) time.Duration {
	if s := t.seen[key]; s != nil && s.next.After(now) {
		return s.next.Sub(now)
	}
	return 0
}

// take counts a try that is being made now.
func (t *throttle) take(key string, now time.Time) {
	s := t.seen[key]
	if s == nil || t.over(s, now) {
		t.makeRoom(now)
		s = &tries{}
		t.seen[key] = s
	}
	s.count++
	s.last = now
	if n := s.count - t.free; n >= 0 {
		s.next = now.Add(min(t.most, t.step<<min(n, 20)))
	}
}

func (t *throttle) over(s *tries, now time.Time) bool {
	return now.Sub(s.last) > 2*max(t.most, 15*time.Minute)
}

// makeRoom keeps the memory bounded: what is over goes first, then what chance picks.
func (t *throttle) makeRoom(now time.Time) {
	if t.seen == nil {
		t.seen = map[string]*tries{}
	}
	if len(t.seen) < maxThrottled {
		return
	}
	for key, s := range t.seen {
		if t.over(s, now) {
			delete(t.seen, key)
		}
	}
	for key := range t.seen {
		if len(t.seen) < maxThrottled*9/10 { // enough for a while
			return
		}
		delete(t.seen, key)
	}
}

// giveBack takes back one try.
func (t *throttle) giveBack(key string) {
	s := t.seen[key]
	if s == nil {
		return
	}
	if s.count--; s.count <= 0 {
		delete(t.seen, key)
		return
	}
	s.next = time.Time{}
}

// Guess must be asked before a password is checked, and counts as one that was wrong until Right
// says otherwise. It holds the guess back for a moment, or refuses it: rate_limited. Browsers
// that are signed in already don't notice.
func (a *Auth) Guess(ctx context.Context, account, addr string) error {
	if !a.limits {
		return nil
	}
	account, addr = accountKey(account), addressKey(addr)
	wait := a.guess(account, addr)
	if wait > 0 && wait <= patience {
		select {
		case <-time.After(wait):
			wait = a.guess(account, addr)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return limited(wait)
}

func (a *Auth) guess(account, addr string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	wait := max(a.accounts.wait(account, now), a.addresses.wait(addr, now))
	if wait == 0 {
		a.accounts.take(account, now)
		a.addresses.take(addr, now)
	}
	return wait
}

// Right says that the last guess was none. An address is forgiven only that one: somebody with
// an account of his own could go on guessing for ever.
func (a *Auth) Right(account, addr string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.accounts.seen, accountKey(account))
	a.addresses.giveBack(addressKey(addr))
}

// limited is the error of who has to wait, nil for nobody.
func limited(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	seconds := int((wait + time.Second - 1) / time.Second)
	e := chat.Errorf("rate_limited", "count", seconds)
	e.RetryAfter = time.Duration(seconds) * time.Second
	return e
}

// accountKey keeps names of any length short.
func accountKey(name string) string {
	sum := sha256.Sum256([]byte(chat.NameKey(name)))
	return string(sum[:16])
}

// addressKey is what one customer has.
func addressKey(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	return web.Network(a).String()
}
