package topics

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TokenCharsMax is the length of a share token: of a sharer and a product with 128 characters of four bytes each, and more.
const TokenCharsMax = 2048

// shareForm is how share tokens begin: their form may change, and older ones stay readable.
const shareForm = "js1"

// shareSecretMin is the length of a secret, bytes.
const shareSecretMin = 32

// ErrShareToken is a token that no key of ours signed, or that is none at all.
var ErrShareToken = errors.New("not a share token of ours")

// Share is what a share token says: who shared what, and since when (D5, D6).
type Share struct {
	Sharer, Product string
	IssuedAt        time.Time // to the millisecond
}

// ShareKeys sign share tokens and read them: the first key signs, every key reads, so that keys can be replaced. No keys:
// there are no tokens of ours, and what shares carry is not looked at.
type ShareKeys []ShareKey

// ShareKey is a secret and its name, which stands in every token that it signed.
type ShareKey struct {
	ID     string
	Secret []byte
}

// ParseShareKeys reads `id:secret` pairs, separated by commas or line ends. The error names the pair, never its secret.
func ParseShareKeys(text string) (ShareKeys, error) {
	var keys ShareKeys
	for i, pair := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' }) {
		id, secret, ok := strings.Cut(strings.TrimSpace(pair), ":")
		switch {
		case !ok || id == "" || len(id) > 32 || strings.ContainsAny(id, ". ") || !isPlain(id):
			return nil, fmt.Errorf("key %d is not id:secret with an id of 1 to 32 characters without blanks and dots", i+1)
		case len(secret) < shareSecretMin:
			return nil, fmt.Errorf("the secret of key %q has less than %d characters", id, shareSecretMin)
		}
		if _, twice := keys.named(id); twice {
			return nil, fmt.Errorf("key %q stands here twice", id)
		}
		keys = append(keys, ShareKey{id, []byte(secret)})
	}
	return keys, nil
}

// Sign makes the token of a share: form, key id, payload and HMAC-SHA256 of these, joined by dots. ErrShareToken: there is
// no key.
func (k ShareKeys) Sign(s Share) (string, error) {
	if len(k) == 0 {
		return "", ErrShareToken
	}
	payload := s.Sharer + "\x1f" + s.Product + "\x1f" + strconv.FormatInt(s.IssuedAt.UnixMilli(), 10)
	signed := shareForm + "." + k[0].ID + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	return signed + "." + base64.RawURLEncoding.EncodeToString(k[0].sum(signed)), nil
}

// Read checks a token's signature and says what it carries, or ErrShareToken.
func (k ShareKeys) Read(token string) (Share, error) {
	end := strings.LastIndexByte(token, '.')
	if end < 0 || len(token) > TokenCharsMax {
		return Share{}, ErrShareToken
	}
	parts := strings.Split(token[:end], ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(token[end+1:])
	if err != nil || len(parts) != 3 || parts[0] != shareForm {
		return Share{}, ErrShareToken
	}
	key, ok := k.named(parts[1])
	if !ok || !hmac.Equal(mac, key.sum(token[:end])) {
		return Share{}, ErrShareToken
	}
	payload, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return Share{}, ErrShareToken
	}
	fields := strings.Split(string(payload), "\x1f")
	if len(fields) != 3 {
		return Share{}, ErrShareToken
	}
	issued, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return Share{}, ErrShareToken
	}
	return Share{Sharer: fields[0], Product: fields[1], IssuedAt: time.UnixMilli(issued)}, nil
}

func (k ShareKeys) named(id string) (ShareKey, bool) {
	for i := range k {
		if k[i].ID == id {
			return k[i], true
		}
	}
	return ShareKey{}, false
}

func (k ShareKey) sum(signed string) []byte {
	h := hmac.New(sha256.New, k.Secret)
	h.Write([]byte(signed))
	return h.Sum(nil)
}

// Verify reads the share token of an event, if it has one. An order's may be anything: Shared then stays empty, and the
// order earns for its buyer all the same. A share or a click is nothing without its token: SIGNATURE. Without keys no token
// is looked at.
func (k ShareKeys) Verify(e *Event) *Reject {
	switch {
	case len(k) == 0:
	case e.Type == TypeOrderPaid:
		if e.Data.Referral != "" {
			e.Shared, _ = k.Read(e.Data.Referral) // empty where it is not ours
		}
	case e.Type == TypeShareCreated || e.Type == TypeShareClicked:
		s, err := k.Read(e.Data.Token)
		switch {
		case err != nil:
			return reject(ReasonSignature, "token: "+err.Error())
		case s.Sharer != e.Data.Member:
			return reject(ReasonSignature, "token: it is another member's")
		case e.Type == TypeShareCreated && s.Product != e.Data.Product:
			return reject(ReasonSignature, "token: it is another product's")
		}
	}
	return nil
}
