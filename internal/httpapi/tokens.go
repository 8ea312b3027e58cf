package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// signer makes tokens that only we can make: base64url(JSON) "." base64url(HMAC-SHA256). The purpose is signed too, so that a cursor is no quote.
type signer struct{ key []byte }

func (s signer) mac(purpose, payload string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(purpose + "\x00" + payload))
	return m.Sum(nil)
}

func (s signer) sign(purpose string, v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	payload := base64.RawURLEncoding.EncodeToString(data)
	return payload + "." + base64.RawURLEncoding.EncodeToString(s.mac(purpose, payload)), nil
}

// open reads a token into v; false if it is not ours.
func (s signer) open(purpose, token string, v any) bool {
	payload, sum, ok := strings.Cut(token, ".")
	if !ok {
		return false
	}
	got, err := base64.RawURLEncoding.Strict().DecodeString(sum)
	if err != nil || !hmac.Equal(got, s.mac(purpose, payload)) {
		return false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	return err == nil && json.Unmarshal(data, v) == nil
}

const (
	purposeQuote   = "quote"
	purposeCursor  = "cursor"
	purposeReceipt = "receipt"
)

// quote is what a quote token promises: the price list of that version until it expires (program time).
type quote struct {
	Member       string `json:"m"`
	Item         string `json:"i"`
	Quantity     int64  `json:"q"`
	UnitPoints   int64  `json:"u"`
	PriceVersion int64  `json:"v"`
	Tier         string `json:"t"`
	ExpiresAt    int64  `json:"e"` // Unix ms
	At           int64  `json:"a"` // as of which campaigns count
}

func (q quote) expiresAt() time.Time { return time.UnixMilli(q.ExpiresAt).UTC() }

// cursor is where a page of a member's history ended.
type cursor struct {
	Member string `json:"m"`
	Before uint64 `json:"b"`
}

// receipt says that a redemption was asked for durably, so that its address can be polled before it is decided.
type receipt struct {
	ID       string `json:"r"`
	Member   string `json:"m"`
	Item     string `json:"i"`
	Quantity int64  `json:"q"`
}
