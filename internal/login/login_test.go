package login_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"jifen/internal/login"
)

// provider is an OpenID provider whose answers a test can spoil.
type provider struct {
	url       string
	key       ed25519.PrivateKey // that signs ID tokens
	down      bool
	challenge string         // of the login that has begun
	claims    jwt.MapClaims  // of the ID token, besides those that it needs
	token     map[string]any // fields of the token endpoint's answer, over its own
	info      map[string]any // nil: the user info is refused
}

func start(t *testing.T) *provider {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, claims: jwt.MapClaims{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if p.down {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		write(w, map[string]any{
			"issuer": p.url, "authorization_endpoint": p.url + "/authorize", "token_endpoint": p.url + "/token", "jwks_uri": p.url + "/keys",
			"userinfo_endpoint": p.url + "/info", "id_token_signing_alg_values_supported": []string{"EdDSA"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		x := base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))
		write(w, map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "k", "alg": "EdDSA", "x": x}}})
	})
	mux.HandleFunc("POST /token", p.trade)
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) {
		if p.info == nil {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		write(w, p.info)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	p.url = s.URL
	return p
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// trade gives tokens for the code "good", to whoever has the verifier of the challenge.
func (p *provider) trade(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if r.PostFormValue("code") != "good" || base64.RawURLEncoding.EncodeToString(sum[:]) != p.challenge {
		w.WriteHeader(http.StatusBadRequest)
		write(w, map[string]any{"error": "invalid_grant"})
		return
	}
	answer := map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": p.sign()}
	maps.Copy(answer, p.token)
	write(w, answer)
}

func (p *provider) sign() string {
	all := jwt.MapClaims{"iss": p.url, "aud": "console", "sub": "s-1", "nonce": "n", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix()}
	maps.Copy(all, p.claims)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, all)
	t.Header["kid"] = "k"
	s, err := t.SignedString(p.key)
	if err != nil {
		panic(err)
	}
	return s
}

// logIn goes the whole way, and comes back with a code and what proves that it is ours.
func (p *provider) logIn(t *testing.T, c login.Config, code, proof string) (string, []string, error) {
	t.Helper()
	c.Issuer, c.ClientID, c.ClientSecret = p.url, "console", "secret"
	l := login.New(c)
	to, err := l.Begin(t.Context(), "http://here/callback", "state", "n", verifier)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if got := fmt.Sprint(q["state"], q["nonce"], q["code_challenge_method"], q["redirect_uri"], q["scope"]); got != "[state] [n] [S256] [http://here/callback] [openid groups]" {
		t.Errorf("the browser is sent with %s", got)
	}
	p.challenge = q.Get("code_challenge")
	return l.Complete(t.Context(), "http://here/callback", code, "n", proof)
}

// verifier is that of the login that has begun.
const verifier = "verifier-verifier-verifier-verifier-verifier"

func config() login.Config {
	return login.Config{Scopes: []string{"groups"}, IDClaim: "email", RolesClaim: "realm.roles", RolesMap: map[string][]string{
		"shop": {"merchant"}, "lead": {"approver", "merchant"}, "desk": {"support"},
	}}
}

// TestWhoLoggedInIsWhatTheClaimsSay, those of the ID token before those of the user info.
func TestWhoLoggedInIsWhatTheClaimsSay(t *testing.T) {
	nested := func(roles any) map[string]any { return map[string]any{"roles": roles} }
	for name, c := range map[string]struct {
		claims jwt.MapClaims
		info   map[string]any
		want   string
	}{
		"a list in an object": {jwt.MapClaims{"email": "mia@x", "realm": nested([]string{"lead", "shop", "other"})}, nil, "mia@x [approver merchant]"},
		"a text":              {jwt.MapClaims{"email": "mia@x", "realm": nested("desk")}, nil, "mia@x [support]"},
		"a name with a dot":   {jwt.MapClaims{"email": "mia@x", "realm.roles": "desk", "realm": nested("lead")}, nil, "mia@x [support]"},
		"of the user info":    {jwt.MapClaims{"email": "mia@x"}, map[string]any{"sub": "s-1", "email": "other@x", "realm": nested("shop")}, "mia@x [merchant]"},
		"no object":           {jwt.MapClaims{"email": "mia@x", "realm": "lead"}, map[string]any{"sub": "s-1"}, "mia@x []"},
		"no text":             {jwt.MapClaims{"email": 7, "realm": nested([]any{1, true, nil})}, nil, " []"},
		"nothing":             {nil, map[string]any{"sub": "s-1"}, " []"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.claims, p.info = c.claims, c.info
			id, roles, err := p.logIn(t, config(), "good", verifier)
			if got := fmt.Sprint(id, " ", roles); err != nil || got != c.want {
				t.Errorf("got %s, want %s: %v", got, c.want, err)
			}
		})
	}
}

// TestALoginThatIsNotOursIsRefused: by code, verifier, token and user info.
func TestALoginThatIsNotOursIsRefused(t *testing.T) {
	_, foreign, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	full := jwt.MapClaims{"email": "mia@x", "realm": map[string]any{"roles": "shop"}}
	with := func(name string, v any) jwt.MapClaims {
		c := maps.Clone(full)
		c[name] = v
		return c
	}
	for name, c := range map[string]struct {
		code, proof string
		claims      jwt.MapClaims
		token, info map[string]any
		says        string
	}{
		"another code":          {"bad", verifier, full, nil, nil, "invalid_grant"},
		"another verifier":      {"good", verifier + "x", full, nil, nil, "invalid_grant"},
		"another login's token": {"good", verifier, with("nonce", "m"), nil, nil, "of another login"},
		"no nonce":              {"good", verifier, with("nonce", nil), nil, nil, "of another login"},
		"another client's":      {"good", verifier, with("aud", "shop"), nil, nil, "audience"},
		"another issuer's":      {"good", verifier, with("iss", "http://other"), nil, nil, "different provider"},
		"of yesterday":          {"good", verifier, with("exp", time.Now().Add(-time.Hour).Unix()), nil, nil, "expired"},
		"no ID token":           {"good", verifier, full, map[string]any{"id_token": nil}, nil, "malformed"},
		"another key's":         {"good", verifier, full, nil, nil, "signature"},
		"somebody else's info":  {"good", verifier, nil, nil, map[string]any{"sub": "s-2", "email": "eve@x"}, "somebody else"},
		"no user info":          {"good", verifier, nil, nil, nil, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.claims, p.token, p.info = c.claims, c.token, c.info
			if name == "another key's" {
				p.key = foreign
			}
			id, roles, err := p.logIn(t, config(), c.code, c.proof)
			if err == nil || !strings.Contains(err.Error(), c.says) || id != "" || roles != nil {
				t.Errorf("got %q %v: %v", id, roles, err)
			}
		})
	}
}

// TestAProviderThatWasDownIsAskedAgain at the next login.
func TestAProviderThatWasDownIsAskedAgain(t *testing.T) {
	p := start(t)
	l := login.New(login.Config{Issuer: p.url, ClientID: "console"})
	for _, down := range []bool{true, false} {
		p.down = down
		if to, err := l.Begin(t.Context(), "http://here/callback", "s", "n", verifier); down != (err != nil) {
			t.Errorf("down: %t, sent to %q: %v", down, to, err)
		}
	}
}
