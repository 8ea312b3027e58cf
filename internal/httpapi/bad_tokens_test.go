package httpapi

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// forger makes tokens with one issuer's key, right and wrong.
type forger struct {
	t        *testing.T
	method   jwt.SigningMethod
	key      crypto.Signer
	stranger crypto.Signer
	public   [][]byte // the public key in every form that could be taken for a secret
	kid      any      // of the key; nil: keys have no names
	out      map[string]string
}

func encode(v any) string {
	b, ok := v.([]byte)
	if !ok {
		b, _ = json.Marshal(v)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func (f *forger) header(change map[string]any) map[string]any {
	h := map[string]any{"alg": f.method.Alg(), "typ": "JWT"}
	if f.kid != nil {
		h["kid"] = f.kid
	}
	maps.Copy(h, change)
	return h
}

func (f *forger) claims(change map[string]any) map[string]any {
	c := map[string]any(goodClaims())
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	return c
}

// signed is a token whose signature is right for the key, whatever its header says.
func (f *forger) signed(key crypto.Signer, header, payload any) string {
	f.t.Helper()
	input := encode(header) + "." + encode(payload)
	sig, err := f.method.Sign(input, key)
	if err != nil {
		f.t.Fatal(err)
	}
	return input + "." + encode(sig)
}

func (f *forger) good() string { return f.signed(f.key, f.header(nil), f.claims(nil)) }

func (f *forger) add(name string, token string) { f.out[name] = token }

// badClaims are signed by the issuer itself, for somebody else, for another time, or in forms that nobody should read.
func (f *forger) badClaims() {
	past, future := time.Now().Add(-time.Hour).Unix(), time.Now().Add(time.Hour).Unix()
	for name, values := range map[string][]any{
		"iss": {nil, "", "urn:other", devIssuer + "/", " " + devIssuer, strings.ToUpper(devIssuer), 7, []string{devIssuer}, map[string]any{"iss": devIssuer}, true},
		"aud": {nil, "", "shop", []string{}, []string{"a", "b"}, "jifen ", "JIFEN", 7, []any{7}, map[string]any{"jifen": true}, "jifen,shop", []any{[]string{"jifen"}}},
		"exp": {nil, past, 0, -1, "tomorrow", true, []int64{future}, map[string]any{}, float64(past) + .5, past - 1<<40},
		"nbf": {future, future + 1<<30, "now", true, []int64{past}},
		"iat": {future, future + 1<<30, "now", true, []int64{past}},
		"sub": {
			nil, "", 7, true,
			[]string{"m1"},
			[]any{"m1", "m2"},
			map[string]any{"id": "m1"},
			"m1\nx", "m1\x00", "\u202em1", "m1\u200b", "m1\ufeff", strings.Repeat("m", 129),
			strings.Repeat("会", 129), "\u0085", "m1\t", "\u2028",
		},
		"roles": {"member", 7, true, map[string]any{"member": true}, []any{7}, []any{[]string{"member"}}, []any{map[string]any{"role": "member"}}, []any{true}, "member operator"},
	} {
		for i, v := range values {
			f.add(fmt.Sprint("claim ", name, " ", i), f.signed(f.key, f.header(nil), f.claims(map[string]any{name: v})))
		}
	}
	for i, payload := range []string{"", "null", "[]", `"m1"`, "7", "{", "{}", `{"sub":"m1"}`, strings.Repeat("[", 5000), "\xff\xfe", f.good()} {
		f.add(fmt.Sprint("payload ", i), f.signed(f.key, f.header(nil), []byte(payload)))
	}
	f.add("nested", f.signed(f.key, f.header(map[string]any{"cty": "JWT"}), f.good()))
	f.add("too long", f.signed(f.key, f.header(nil), f.claims(map[string]any{"x": strings.Repeat("x", tokenBytesMax)})))
	f.add("huge", f.signed(f.key, f.header(nil), f.claims(map[string]any{"x": strings.Repeat("x", 200<<10)})))
}

// badHeaders name other algorithms, or bring their own key.
func (f *forger) badHeaders() {
	for i, alg := range []any{
		"none", "None", "NONE", "nOnE", "", nil, 7, true,
		[]string{f.method.Alg()},
		"HS256", "HS384", "HS512", "PS256", "PS512", "ES256", "ES512", "RS1", "RS384", "RS512", "Ed448",
		"eddsa", "rs256", "EdDSA ", " RS256", "dir", "RSA-OAEP", "A128KW",
	} {
		h := f.header(map[string]any{"alg": alg})
		f.add(fmt.Sprint("alg ", i, " signed"), f.signed(f.key, h, f.claims(nil)))
		f.add(fmt.Sprint("alg ", i, " unsigned"), encode(h)+"."+encode(f.claims(nil))+".")
	}
	for name, sum := range map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New} {
		for i, secret := range append(f.public, nil, []byte("secret"), []byte(devKeyID)) {
			input := encode(f.header(map[string]any{"alg": name})) + "." + encode(f.claims(nil))
			mac := hmac.New(sum, secret)
			mac.Write([]byte(input))
			f.add(fmt.Sprint(name, " by public key ", i), input+"."+encode(mac.Sum(nil)))
		}
	}
	jwk := map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode([]byte(strings.Repeat("k", 32)))}
	for i, h := range []map[string]any{
		{"jku": "https://evil.example/jwks"},
		{"x5u": "https://evil.example/cert"},
		{"jwk": jwk},
		{"x5c": []string{"MIIB"}},
		{"x5t": "AAAA"},
		{"kid": "https://evil.example/jwks"},
		{"kid": "../../dev/null"},
		{"kid": "' OR 1=1 --"},
		{"kid": "other"},
		{"kid": ""},
		{"kid": nil},
		{"kid": 7},
		{"kid": []string{devKeyID}},
		{"kid": "dev\x00"},
		{"kid": strings.Repeat("k", 4000)},
	} {
		f.add(fmt.Sprint("stranger's header ", i), f.signed(f.stranger, f.header(h), f.claims(nil)))
		if _, named := h["kid"]; named && f.kid != nil {
			f.add(fmt.Sprint("kid ", i), f.signed(f.key, f.header(h), f.claims(nil)))
		}
	}
	for i, crit := range []any{[]string{"x"}, []string{"b64"}, []string{"exp"}, []string{}, "x", nil, 7} {
		f.add(fmt.Sprint("crit ", i), f.signed(f.key, f.header(map[string]any{"crit": crit, "b64": false, "x": 1}), f.claims(nil)))
	}
	for i, header := range []string{"", "null", "[]", "{}", "{", `"EdDSA"`, "\xff"} {
		f.add(fmt.Sprint("header ", i), f.signed(f.key, []byte(header), f.claims(nil)))
	}
}

// badTexts are good tokens that were cut, joined or changed on their way.
func (f *forger) badTexts() {
	good := f.good()
	parts, other := strings.Split(good, "."), strings.Split(f.signed(f.key, f.header(nil), f.claims(map[string]any{"sub": "m2"})), ".")
	for i := 1; i < len(good); i += max(1, len(good)/50) {
		f.add(fmt.Sprint("cut at ", i), good[:i])
	}
	for i := range 40 {
		at := len(parts[0]) + len(parts[1]) + 2 + i
		f.add(fmt.Sprint("signature changed at ", i), good[:at]+map[bool]string{true: "B", false: "A"}[good[at] == 'A']+good[at+1:])
	}
	for i, token := range []string{
		parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", "." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2], "..", ".", "abc", good + ".x", good + ".", "." + good,
		parts[0] + "." + parts[1] + "." + other[2], parts[0] + "." + other[1] + "." + parts[2], other[0] + "." + parts[1] + "." + other[2], good + "=", good + "==", parts[0] + "=." + parts[1] + "." + parts[2],
		parts[0] + "." + parts[1] + "=." + parts[2], parts[0] + "." + parts[1] + "==." + parts[2], good + "," + good, good + " " + good, good + good, good + ";", good + "\u00a0", good + "é", "\u200b" + good,
		strings.ToUpper(good), strings.ToLower(good), strings.ReplaceAll(good, ".", "\u3002"), strings.ReplaceAll(good, ".", "%2E"), good + "%00", good + "\x00", "Bearer " + good, "bearer:" + good, `"` + good + `"`,
		"<" + good + ">", strings.Repeat("a", 100<<10), strings.Repeat(".", 5000), good + "." + parts[0] + "." + parts[1], encode([]byte(good)), base64.StdEncoding.EncodeToString([]byte(good)),
		"null", "undefined", "{}", "jk_x_y", "jk__",
	} {
		f.add(fmt.Sprint("text ", i), token)
	}
	f.add("stranger's key", f.signed(f.stranger, f.header(nil), f.claims(nil)))
	f.add("line ends in a part", parts[0]+"."+parts[1][:10]+"\n"+parts[1][10:]+"."+parts[2])
}

func forgers(t *testing.T) map[string]*forger {
	t.Helper()
	_, edKey, err1 := ed25519.GenerateKey(rand.Reader)
	_, edStranger, err2 := ed25519.GenerateKey(rand.Reader)
	rsaKey, err3 := rsa.GenerateKey(rand.Reader, 2048)
	rsaStranger, err4 := rsa.GenerateKey(rand.Reader, 2048)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]*forger{
		"EdDSA": {t: t, method: jwt.SigningMethodEdDSA, key: edKey, stranger: edStranger, public: [][]byte{edKey.Public().(ed25519.PublicKey), pemOf(t, edKey.Public())}},
		"RS256": {t: t, method: jwt.SigningMethodRS256, key: rsaKey, stranger: rsaStranger, public: [][]byte{rsaKey.N.Bytes(), pemOf(t, rsaKey.Public())}},
	}
}

// TestBadTokensOpenNothing: more than 200 kinds, against issuers' keys as JWKS and as PEM. The answer never says what is wrong.
func TestBadTokensOpenNothing(t *testing.T) {
	s := serve(t)
	all := forgers(t)
	all["JWKS"] = &forger{
		t: t, method: jwt.SigningMethodEdDSA, key: s.issuer.key, stranger: all["EdDSA"].key, kid: devKeyID,
		public: [][]byte{s.issuer.key.Public().(ed25519.PublicKey), s.issuer.JWKS(), pemOf(t, s.issuer.key.Public())},
	}
	for kind, f := range all {
		t.Run(kind, func(t *testing.T) {
			f.t, f.out = t, map[string]string{}
			o := AuthOptions{Issuer: devIssuer, Audience: devAudience, Algorithms: []string{f.method.Alg()}, Keys: s.issuer.JWKS()}
			if kind != "JWKS" {
				o.Keys = pemOf(t, f.key.Public())
			}
			var err error
			if s.api.verifier, err = NewVerifier(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			f.refused(s)
		})
	}
}

func (f *forger) refused(s *server) {
	f.badClaims()
	f.badHeaders()
	f.badTexts()
	distinct := map[string]bool{}
	for name, token := range f.out {
		distinct[token] = true
		a := opens(s, token)
		if a.status != 401 || a.json(f.t)["code"] != "unauthorized" || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			f.t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		if strings.Contains(a.body, "jwt") || strings.Contains(a.body, "signature") || strings.Contains(a.body, "token is") {
			f.t.Errorf("%s: the answer tells what is wrong: %s", name, a.body)
		}
	}
	if f.t.Logf("%d distinct tokens", len(distinct)); len(distinct) < 200 {
		f.t.Errorf("only %d distinct", len(distinct))
	}
	if a := opens(s, f.good()); a.status != 200 {
		f.t.Errorf("a good token: %d %s", a.status, a.body)
	}
}

func opens(s *server, token string) answer {
	r := httptest.NewRequest(http.MethodGet, "/v1/me/balance", nil)
	r.Header["Authorization"] = []string{"Bearer " + token}
	w := httptest.NewRecorder()
	s.api.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}
