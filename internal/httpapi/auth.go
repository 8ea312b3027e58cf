package httpapi

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"
)

// Role is what a token's bearer may do.
type Role string

// The roles of tokens. Unknown roles allow nothing.
const (
	RoleMember   Role = "member"
	RoleStaff    Role = "staff"
	RoleSupport  Role = "support"
	RoleOperator Role = "operator"
	RoleAuditor  Role = "auditor"
	RoleService  Role = "service"
	RoleMerchant Role = "merchant" // items and stock, no members
	RoleApprover Role = "approver" // the second pair of eyes
	// RoleMarketing is for rules, campaigns and settings, no members.
	RoleMarketing Role = "marketing"
)

// roles are all that there are: an operation for everybody who has any.
func roles() []Role {
	return []Role{RoleMember, RoleStaff, RoleSupport, RoleOperator, RoleAuditor, RoleService, RoleMerchant, RoleApprover, RoleMarketing}
}

// staff are the roles that may see any member.
func staff() []Role { return []Role{RoleStaff, RoleSupport, RoleOperator, RoleAuditor, RoleService} }

// Caller is who sent a request, as the token says.
type Caller struct {
	ID    string // member id or staff id
	Roles []Role
}

func (c Caller) hasAny(roles ...Role) bool {
	return slices.ContainsFunc(c.Roles, func(r Role) bool { return slices.Contains(roles, r) })
}

const (
	tokenBytesMax = 8 << 10
	idCharsMax    = 128
	clockLeeway   = 10 * time.Second
	rsaBitsMin    = 2048
)

// AuthOptions say whose tokens are accepted; exactly one of Keys and JWKSURL is set.
type AuthOptions struct {
	Issuer, Audience string
	Algorithms       []string // of EdDSA, RS256
	Keys             []byte   // JWKS (JSON) or PEM public keys or certificates
	JWKSURL          string
	Log              *slog.Logger
}

// Verifier checks tokens (JWT): signature by a pinned algorithm, issuer, audience, expiry.
type Verifier struct {
	parser *jwt.Parser
	keys   func(context.Context) jwt.Keyfunc
	ready  func(context.Context) error
	known  *lru.Cache[[sha256.Size]byte, verified]
}

// verified is a token that was checked, by its digest: a member who does one thing after another sends the same again
// and again, and a signature costs more to check than most requests cost beside it.
type verified struct {
	caller Caller
	until  time.Time
}

const (
	// verifiedFor is how long a check counts: so much longer are tokens accepted whose key the issuer has withdrawn.
	verifiedFor  = 10 * time.Second
	verifiedMost = 20_000
)

// NewVerifier makes a Verifier. With a JWKSURL it fetches now and hourly until ctx ends; an issuer that is down is no error, see Ready.
func NewVerifier(ctx context.Context, o AuthOptions) (*Verifier, error) {
	if o.Issuer == "" || o.Audience == "" {
		return nil, errors.New("auth: issuer and audience are needed")
	}
	for _, a := range o.Algorithms {
		if a != jwt.SigningMethodEdDSA.Alg() && a != jwt.SigningMethodRS256.Alg() {
			return nil, fmt.Errorf("auth: algorithm %q is not accepted", a)
		}
	}
	if len(o.Algorithms) == 0 || (len(o.Keys) == 0) == (o.JWKSURL == "") {
		return nil, errors.New("auth: algorithms and either keys or a JWKS URL are needed")
	}
	known, _ := lru.New[[sha256.Size]byte, verified](verifiedMost) // it fails for sizes below 1
	v := &Verifier{
		known: known,
		parser: jwt.NewParser(jwt.WithValidMethods(o.Algorithms), jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockLeeway), jwt.WithStrictDecoding()),
		ready: func(context.Context) error { return nil },
	}
	var err error
	switch {
	case o.JWKSURL != "":
		err = v.useURL(ctx, o)
	case bytes.HasPrefix(bytes.TrimSpace(o.Keys), []byte("{")):
		var k keyfunc.Keyfunc
		if k, err = keyfunc.NewJWKSetJSON(o.Keys); err == nil {
			v.keys = k.KeyfuncCtx
		}
	default:
		err = v.usePEM(o.Keys)
	}
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return v, nil
}

func (v *Verifier) useURL(ctx context.Context, o AuthOptions) error {
	k, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{o.JWKSURL}, keyfunc.Override{
		HTTPTimeout: 5 * time.Second, RateLimitWaitMax: 100 * time.Millisecond, // a made-up kid must not hold a request
		RefreshErrorHandlerFunc: func(u string) func(context.Context, error) {
			return func(ctx context.Context, err error) {
				o.Log.WarnContext(ctx, "issuer's keys not fetched", "url", u, "error", err)
			}
		},
	})
	if err != nil {
		return err
	}
	v.keys = k.KeyfuncCtx
	v.ready = func(ctx context.Context) error {
		set, err := k.VerificationKeySet(ctx)
		if err == nil && len(set.Keys) == 0 {
			err = errors.New("no keys from " + o.JWKSURL)
		}
		return err
	}
	return nil
}

func (v *Verifier) usePEM(data []byte) error {
	var set jwt.VerificationKeySet
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if block.Type == "CERTIFICATE" {
			var cert *x509.Certificate
			if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
				key = cert.PublicKey
			}
		}
		if err != nil {
			return fmt.Errorf("key %d of the PEM file: %w", len(set.Keys)+1, err)
		}
		if r, ok := key.(*rsa.PublicKey); ok && r.N.BitLen() < rsaBitsMin {
			return fmt.Errorf("key %d of the PEM file: RSA keys need %d bits", len(set.Keys)+1, rsaBitsMin)
		}
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 {
		return errors.New("the keys are neither JWKS nor PEM")
	}
	v.keys = func(context.Context) jwt.Keyfunc { return func(*jwt.Token) (any, error) { return set, nil } }
	return nil
}

// Ready fails while there is no key to check tokens with.
func (v *Verifier) Ready(ctx context.Context) error { return v.ready(ctx) }

type claims struct {
	jwt.RegisteredClaims
	Roles []Role `json:"roles"`
}

// Verify reads who sent the token. Its errors are for the log, not for the sender.
func (v *Verifier) Verify(ctx context.Context, token string) (Caller, error) {
	if len(token) > tokenBytesMax {
		return Caller{}, errors.New("token too long")
	}
	digest, now := sha256.Sum256([]byte(token)), time.Now()
	if k, ok := v.known.Get(digest); ok && now.Before(k.until) {
		return k.caller, nil
	}
	var c claims
	t, err := v.parser.ParseWithClaims(token, &c, v.keys(ctx))
	if err != nil {
		return Caller{}, err
	}
	if _, ok := t.Header["crit"]; ok { // RFC 7515: what we do not understand we must refuse
		return Caller{}, errors.New("token has critical extensions")
	}
	if !validID(c.Subject) {
		return Caller{}, errors.New("token has no usable sub")
	}
	k := verified{Caller{ID: c.Subject, Roles: c.Roles}, now.Add(verifiedFor)}
	if c.ExpiresAt.Before(k.until) {
		k.until = c.ExpiresAt.Time
	}
	v.known.Add(digest, k)
	return k.caller, nil
}

// bearer returns the token of the one Authorization header.
func bearer(h http.Header) (string, bool) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != "" && !strings.ContainsAny(token, " ,")
}

// validID says whether s may be an id: 1 to 128 printable characters (interfaces: "Limits").
func validID(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= idCharsMax
}

func caller(ctx context.Context) Caller {
	c, _ := ctx.Value(keyCaller).(Caller)
	return c
}
