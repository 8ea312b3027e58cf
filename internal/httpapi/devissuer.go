package httpapi

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

// DevIssuer signs tokens with a key that lives as long as the process. Only the demo and tests use it.
type DevIssuer struct {
	key  ed25519.PrivateKey
	jwks []byte
}

const (
	devIssuer   = "urn:jifen:dev"
	devAudience = "jifen"
	devKeyID    = "dev"
)

// NewDevIssuer makes a key.
func NewDevIssuer() (*DevIssuer, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("development issuer: %w", err)
	}
	jwk, err := jwkset.NewJWKFromKey(public, jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{ALG: jwkset.AlgEdDSA, KID: devKeyID, USE: jwkset.UseSig}})
	if err != nil {
		return nil, fmt.Errorf("development issuer: %w", err)
	}
	jwks, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{jwk.Marshal()}})
	if err != nil {
		return nil, fmt.Errorf("development issuer: %w", err)
	}
	return &DevIssuer{key: key, jwks: jwks}, nil
}

// JWKS is the public key, as an issuer publishes it.
func (d *DevIssuer) JWKS() []byte { return d.jwks }

// Verifier accepts this issuer's tokens and no others.
func (d *DevIssuer) Verifier(ctx context.Context) (*Verifier, error) {
	return NewVerifier(ctx, AuthOptions{Issuer: devIssuer, Audience: devAudience, Algorithms: []string{jwt.SigningMethodEdDSA.Alg()}, Keys: d.jwks})
}

// Token makes a token for a member or staff id.
func (d *DevIssuer) Token(id string, validity time.Duration, roles ...Role) (string, error) {
	now := time.Now()
	return d.sign(jwt.MapClaims{"iss": devIssuer, "aud": devAudience, "sub": id, "iat": now.Unix(), "exp": now.Add(validity).Unix(), "roles": roles})
}

func (d *DevIssuer) sign(claims jwt.MapClaims) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["kid"] = devKeyID
	s, err := t.SignedString(d.key)
	if err != nil {
		return "", fmt.Errorf("development issuer: %w", err)
	}
	return s, nil
}
