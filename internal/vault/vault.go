// Package vault keeps what only few may read: codes, addresses. It seals with AES-256-GCM under the keys of the
// configuration (vault.keys): the first seals, all of them open, so that keys can be replaced.
//
// What is sealed is the length of the key's id (one byte), the id, a random nonce of 12 bytes, and ciphertext with tag.
// Id and the caller's additional data are authenticated: what was sealed for one place opens in no other.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// SecretBytes is the length of a key's secret.
const SecretBytes = 32

const idCharsMax = 32

var (
	// ErrNoKeys says that nothing can be sealed or opened, because no keys are configured.
	ErrNoKeys = errors.New("vault: no keys are configured (vault.keys)")
	// ErrUnknownKey says that what is sealed names a key that the ring lacks.
	ErrUnknownKey = errors.New("vault: sealed by a key that is not configured")
	// ErrSealed is what cannot be opened: cut, changed, or sealed for another place.
	ErrSealed = errors.New("vault: not sealed by this key for this place")
)

// Key is a secret and its name, which stands in front of everything that it sealed.
type Key struct {
	id   string
	aead cipher.AEAD
}

// Ring are keys: the first seals, all of them open. The zero ring refuses both with ErrNoKeys.
type Ring []Key

// NewKey makes a key of an id of 1 to 32 characters and 32 random bytes.
func NewKey(id string, secret []byte) (Key, error) {
	if id == "" || len(id) > idCharsMax || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' || r == ':' }) {
		return Key{}, fmt.Errorf("a key's id has 1 to %d printable ASCII characters without blanks, commas and colons", idCharsMax)
	}
	if len(secret) != SecretBytes {
		return Key{}, fmt.Errorf("key %q has %d bytes, not %d", id, len(secret), SecretBytes)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return Key{}, fmt.Errorf("key %q: %w", id, err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return Key{}, fmt.Errorf("key %q: %w", id, err)
	}
	return Key{id, aead}, nil
}

// NewSecret makes a secret of random bytes.
func NewSecret() []byte {
	secret := make([]byte, SecretBytes)
	_, _ = rand.Read(secret) // never fails, says crypto/rand
	return secret
}

// Generate makes the text of a ring with one new key, as the configuration has it.
func Generate(id string) string {
	return id + ":" + base64.StdEncoding.EncodeToString(NewSecret())
}

// Parse reads `id:base64` pairs, separated by commas or line ends. The error names the pair, never its secret.
func Parse(text string) (Ring, error) {
	var ring Ring
	for n, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		id, encoded, ok := strings.Cut(strings.TrimSpace(pair), ":")
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if !ok || err != nil {
			return nil, fmt.Errorf("key %d is not id:base64", n+1)
		}
		key, err := NewKey(id, secret)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", n+1, err)
		}
		if slices.ContainsFunc(ring, func(k Key) bool { return k.id == id }) {
			return nil, fmt.Errorf("key %q stands here twice", id)
		}
		ring = append(ring, key)
	}
	return ring, nil
}

// Seal encrypts plain for the place that aad names. The error is ErrNoKeys.
func (r Ring) Seal(plain, aad []byte) ([]byte, error) {
	if len(r) == 0 {
		return nil, ErrNoKeys
	}
	return r[0].Seal(plain, aad), nil
}

// Open decrypts what was sealed for the place that aad names. Errors: ErrNoKeys, ErrUnknownKey, ErrSealed.
func (r Ring) Open(sealed, aad []byte) ([]byte, error) {
	if len(r) == 0 {
		return nil, ErrNoKeys
	}
	id, _, ok := split(sealed)
	if !ok {
		return nil, ErrSealed
	}
	n := slices.IndexFunc(r, func(k Key) bool { return k.id == id })
	if n < 0 {
		return nil, ErrUnknownKey
	}
	return r[n].Open(sealed, aad)
}

// Seal encrypts plain for the place that aad names.
func (k Key) Seal(plain, aad []byte) []byte {
	head := append([]byte{byte(len(k.id))}, k.id...)
	nonce := make([]byte, k.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails, says crypto/rand
	sealed := append(slices.Clip(head), nonce...)
	return k.aead.Seal(sealed, nonce, plain, slices.Concat(head, aad))
}

// Open decrypts what this key sealed for the place that aad names. The error is ErrSealed.
func (k Key) Open(sealed, aad []byte) ([]byte, error) {
	id, rest, ok := split(sealed)
	if size := k.aead.NonceSize(); ok && id == k.id && len(rest) >= size {
		head := sealed[:1+len(id)]
		if plain, err := k.aead.Open(nil, rest[:size], rest[size:], slices.Concat(head, aad)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSealed
}

// split takes the key's id off what is sealed.
func split(sealed []byte) (id string, rest []byte, ok bool) {
	if len(sealed) == 0 || len(sealed) < 1+int(sealed[0]) {
		return "", nil, false
	}
	n := 1 + int(sealed[0])
	return string(sealed[1:n]), sealed[n:], true
}
