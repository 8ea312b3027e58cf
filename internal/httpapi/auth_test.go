package httpapi

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func goodClaims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"iss": devIssuer, "aud": devAudience, "sub": "m1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "roles": []string{"member"}}
}

// forge signs claims as the development issuer would, after change had its way.
func (s *server) forge(change func(h map[string]any, c jwt.MapClaims), method jwt.SigningMethod, key any) string {
	s.t.Helper()
	c := goodClaims()
	tok := jwt.NewWithClaims(method, c)
	tok.Header["kid"] = devKeyID
	if change != nil {
		change(tok.Header, c)
	}
	out, err := tok.SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func TestTokenTravelsInOneAuthorizationHeaderOnly(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	for _, h := range []string{"", tok, "Basic " + tok, "Bearer", "Bearer ", "Bearer " + tok + " x", "Bearer " + tok + ", Bearer " + tok} {
		s.get("/v1/me/balance", "", "Authorization", h).expect(t, 401, "unauthorized")
	}
	s.get("/v1/me/balance?access_token="+tok, "").expect(t, 401, "unauthorized")
	s.get("/v1/me/balance", "", "Authorization", "bearer "+tok).expect(t, 200, "")
	req, err := http.NewRequest(http.MethodGet, s.url+"/v1/me/balance", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["Authorization"] = []string{"Bearer " + tok, "Bearer " + tok}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 401 {
		t.Errorf("two headers: %d", resp.StatusCode)
	}
}

func TestRolesOpenTheirRoutesOnly(t *testing.T) {
	s := serve(t)
	for _, role := range []Role{RoleMember, RoleStaff, RoleSupport, RoleOperator, RoleAuditor, RoleService, RoleMerchant, "root", ""} {
		tok := s.token("m1", role)
		isStaff := Caller{Roles: []Role{role}}.hasAny(staff()...)
		for path, allowed := range map[string]bool{
			"/v1/me/balance": role == RoleMember, "/v1/me/entries": role == RoleMember, "/v1/me/tiers": role == RoleMember,
			"/v1/members/m1/tiers":   isStaff,
			"/v1/members/m1/balance": isStaff, "/v1/members/m1/entries": isStaff, "/v1/items": slices.Contains(roles(), role), "/v1/items/night": slices.Contains(roles(), role),
		} {
			want, code := 200, ""
			if !allowed {
				want, code = 403, "forbidden"
			}
			s.get(path, tok).expect(t, want, code)
		}
		if role != RoleMember {
			s.send(http.MethodPost, "/v1/quotes", tok, `{}`).expect(t, 403, "forbidden")
			s.send(http.MethodPost, "/v1/redemptions", tok, `{}`).expect(t, 403, "forbidden")
		}
	}
	s.get("/v1/members/nobody/balance", s.token("ann", RoleSupport)).expect(t, 404, "not_found")
	s.get("/v1/members/nobody/tiers", s.token("ann", RoleSupport)).expect(t, 404, "not_found")
	s.get("/v1/members/nobody/entries", s.token("ann", RoleSupport)).expect(t, 404, "not_found")
}

func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func TestKeysMayBePEM(t *testing.T) {
	s := serve(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := append(pemOf(t, rsaKey.Public()), pemOf(t, s.issuer.key.Public())...)
	v, err := NewVerifier(t.Context(), AuthOptions{Issuer: devIssuer, Audience: devAudience, Algorithms: []string{"EdDSA", "RS256"}, Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	for name, tok := range map[string]string{"EdDSA": s.token("m1", RoleMember), "RS256": s.forge(nil, jwt.SigningMethodRS256, rsaKey)} {
		if c, err := v.Verify(t.Context(), tok); err != nil || c.ID != "m1" || !c.hasAny(RoleMember) {
			t.Errorf("%s: %+v %v", name, c, err)
		}
	}
	if _, err := v.Verify(t.Context(), s.forge(nil, jwt.SigningMethodHS256, keys)); err == nil {
		t.Error("a public key served as a secret")
	}
}

func TestUnusableAuthOptionsAreRefused(t *testing.T) {
	issuer, err := NewDevIssuer()
	if err != nil {
		t.Fatal(err)
	}
	weak := `-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAMAKmGcVqZbjfxhRaTjEEQ1BUVKGOYUS
-----END PUBLIC KEY-----`
	for name, o := range map[string]AuthOptions{
		"no issuer": {Audience: "a", Algorithms: []string{"EdDSA"}, Keys: issuer.JWKS()}, "no audience": {Issuer: "i", Algorithms: []string{"EdDSA"}, Keys: issuer.JWKS()},
		"no algorithm": {Issuer: "i", Audience: "a", Keys: issuer.JWKS()}, "HS256": {Issuer: "i", Audience: "a", Algorithms: []string{"HS256"}, Keys: issuer.JWKS()},
		"none": {Issuer: "i", Audience: "a", Algorithms: []string{"none"}, Keys: issuer.JWKS()}, "no keys": {Issuer: "i", Audience: "a", Algorithms: []string{"EdDSA"}},
		"keys and URL": {Issuer: "i", Audience: "a", Algorithms: []string{"EdDSA"}, Keys: issuer.JWKS(), JWKSURL: "http://x"},
		"garbage":      {Issuer: "i", Audience: "a", Algorithms: []string{"EdDSA"}, Keys: []byte("x")}, "broken PEM": {Issuer: "i", Audience: "a", Algorithms: []string{"EdDSA"}, Keys: []byte(weak)},
	} {
		if _, err := NewVerifier(t.Context(), o); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
}

func TestKeysAreFetchedFromTheIssuer(t *testing.T) {
	s := serve(t)
	jwks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(s.issuer.JWKS()) }))
	defer jwks.Close()
	o := AuthOptions{Issuer: devIssuer, Audience: devAudience, Algorithms: []string{"EdDSA"}, JWKSURL: jwks.URL, Log: slog.New(slog.DiscardHandler)}
	v, err := NewVerifier(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if c, err := v.Verify(t.Context(), s.token("m1", RoleMember)); err != nil || c.ID != "m1" {
		t.Errorf("%+v %v", c, err)
	}
	down := httptest.NewServer(http.NotFoundHandler())
	o.JWKSURL = down.URL
	down.Close()
	if s.api.verifier, err = NewVerifier(t.Context(), o); err != nil {
		t.Fatalf("an issuer that is down stops the start: %v", err)
	}
	if s.api.verifier.Ready(t.Context()) == nil {
		t.Error("ready without keys")
	}
	s.get("/v1/me/balance", s.token("m1", RoleMember)).expect(t, 503, "unavailable")
}

func TestDevIssuerPublishesItsPublicKeyOnly(t *testing.T) {
	issuer, err := NewDevIssuer()
	if err != nil {
		t.Fatal(err)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(issuer.JWKS(), &set); err != nil || len(set.Keys) != 1 || set.Keys[0]["d"] != nil {
		t.Errorf("%s %v", issuer.JWKS(), err)
	}
}

// TestCheckedTokenIsKnown until it expires, and no other with its words.
func TestCheckedTokenIsKnown(t *testing.T) {
	s := serve(t)
	keys := 0
	v, err := NewVerifier(t.Context(), AuthOptions{Issuer: devIssuer, Audience: devAudience, Algorithms: []string{"EdDSA"}, Keys: s.issuer.JWKS()})
	if err != nil {
		t.Fatal(err)
	}
	of := v.keys
	v.keys = func(ctx context.Context) jwt.Keyfunc { keys++; return of(ctx) }
	brief, err := s.issuer.Token("m1", 1500*time.Millisecond-clockLeeway, RoleMember) // good by the leeway alone
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token  string
		checks int
	}{"good": {s.token("m1", RoleMember), 1}, "past its expiry": {brief, 3}} {
		keys = 0
		for range 3 {
			if who, err := v.Verify(t.Context(), c.token); err != nil || who.ID != "m1" || !who.hasAny(RoleMember) {
				t.Errorf("%s: %+v %v", name, who, err)
			}
		}
		if keys != c.checks {
			t.Errorf("%s: checked %d times, want %d", name, keys, c.checks)
		}
		bad := c.token[:len(c.token)-8] + "AAAAAAAA"
		for range 2 {
			if _, err := v.Verify(t.Context(), bad); err == nil {
				t.Errorf("%s: a token with another signature is accepted", name)
			}
		}
	}
}
