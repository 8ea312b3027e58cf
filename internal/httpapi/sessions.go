package httpapi

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Login asks an OpenID provider who staff are.
type Login interface {
	// Begin returns where the browser goes to log in; redirect is where it comes back to.
	Begin(ctx context.Context, redirect, state, nonce, verifier string) (string, error)
	// Complete trades the code that the browser brought for who logged in, and in which roles.
	Complete(ctx context.Context, redirect, code, nonce, verifier string) (id string, roles []string, err error)
}

// SessionOptions are those of the console's sessions.
type SessionOptions struct {
	Login     Login  // nil: nobody can log in
	Redirect  string // URL of /console/callback, as the provider knows it; empty: that of the request, on a loopback address
	Max, Idle time.Duration
}

const (
	sessionCookie = "jifen-session"
	attemptCookie = "jifen-login"
	hostPrefix    = "__Host-" // browsers take such a cookie over TLS only, from the host itself only
	attemptMax    = 10 * time.Minute
)

// sessions are kept by browsers, in a cookie that only we can read or make. What is signed in cannot be revoked before it ends.
type sessions struct {
	SessionOptions
	seal  cipher.AEAD
	guard *http.CrossOriginProtection
	now   func() time.Time // of the wall: a browser's cookie does not follow the program's clock
}

// session is who has logged in; times are Unix seconds.
type session struct {
	ID    string `json:"i"`
	Roles []Role `json:"r"`
	Ends  int64  `json:"e"`
	Seen  int64  `json:"s"`
}

// attempt is a login that has begun.
type attempt struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Redirect string `json:"r"`
	To       string `json:"t"`
	Ends     int64  `json:"e"`
}

func newSessions(signingKey []byte, o SessionOptions) (*sessions, error) {
	if o.Login != nil && (o.Max <= 0 || o.Idle <= 0) {
		return nil, errors.New("http: sessions must end some time")
	}
	key, err := hkdf.Key(sha256.New, signingKey, nil, "jifen sessions", 32)
	if err != nil {
		return nil, fmt.Errorf("http: sessions: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("http: sessions: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("http: sessions: %w", err)
	}
	return &sessions{SessionOptions: o, seal: seal, guard: http.NewCrossOriginProtection(), now: time.Now}, nil
}

// set writes v into a cookie; its name is sealed, too, so that one cannot pass for the other.
func (s *sessions) set(w http.ResponseWriter, r *http.Request, name string, v any, age time.Duration) {
	text, _ := json.Marshal(v) // strings and numbers always marshal
	c := s.cookie(r, name)
	c.Value, c.MaxAge = base64.RawURLEncoding.EncodeToString(s.seal.Seal(nil, nil, text, []byte(name))), int(age.Seconds())
	http.SetCookie(w, c)
}

func (s *sessions) clear(w http.ResponseWriter, r *http.Request, name string) {
	c := s.cookie(r, name)
	c.MaxAge = -1
	http.SetCookie(w, c)
}

func (s *sessions) cookie(r *http.Request, name string) *http.Cookie {
	c := &http.Cookie{Name: name, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if !onLoopback(r) {
		c.Name, c.Secure = hostPrefix+name, true
	}
	return c
}

// read opens a cookie; false: there is none, or it is not ours. Two of a name are none: one may be planted.
func (s *sessions) read(r *http.Request, name string, v any) bool {
	found := r.CookiesNamed(s.cookie(r, name).Name)
	if len(found) != 1 {
		return false
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(found[0].Value)
	if err != nil {
		return false
	}
	text, err := s.seal.Open(nil, nil, sealed, []byte(name))
	return err == nil && json.Unmarshal(text, v) == nil
}

// caller reads who has logged in, and lets the session live on while it is used.
func (s *sessions) caller(w http.ResponseWriter, r *http.Request) (Caller, bool) {
	var x session
	now := s.now()
	if s.Login == nil || !s.read(r, sessionCookie, &x) || now.Unix() >= x.Ends || now.Unix() >= x.Seen+int64(s.Idle.Seconds()) {
		return Caller{}, false
	}
	if now.Sub(time.Unix(x.Seen, 0)) > s.Idle/10 {
		x.Seen = now.Unix()
		s.set(w, r, sessionCookie, x, time.Unix(x.Ends, 0).Sub(now))
	}
	return Caller{ID: x.ID, Roles: x.Roles}, true
}

// redirect is where the provider sends the browser back to.
func (s *sessions) redirect(r *http.Request) (string, bool) {
	if s.Redirect != "" {
		return s.Redirect, true
	}
	return "http://" + r.Host + callbackPath, onLoopback(r)
}

// begin starts a login and says where the browser goes.
func (s *sessions) begin(w http.ResponseWriter, r *http.Request, to string) (string, error) {
	redirect, ok := s.redirect(r)
	if s.Login == nil || !ok {
		return "", ErrNotFound
	}
	x := attempt{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: redirect, To: to, Ends: s.now().Add(attemptMax).Unix()}
	at, err := s.Login.Begin(r.Context(), redirect, x.State, x.Nonce, x.Verifier)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s.set(w, r, attemptCookie, x, attemptMax)
	return at, nil
}

// onLoopback says whether a request came to this very machine, where there is no TLS.
func onLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	addr, err := netip.ParseAddr(host)
	return r.TLS == nil && (host == "localhost" || err == nil && addr.IsLoopback())
}
