package topics

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func shareKeys(t *testing.T, text string) ShareKeys {
	t.Helper()
	keys, err := ParseShareKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var (
	oldSecret = "2025:" + strings.Repeat("o", 32)
	newSecret = "2026:" + strings.Repeat("n", 32)
	shared    = Share{Sharer: "会员 1", Product: "A-1", IssuedAt: time.UnixMilli(1780000000123)}
)

// TestShareTokenSaysWhatWasSigned, under the first key, and under an older one after a rotation.
func TestShareTokenSaysWhatWasSigned(t *testing.T) {
	before, both := shareKeys(t, oldSecret), shareKeys(t, newSecret+"\n"+oldSecret+"\n")
	for _, signer := range []ShareKeys{before, both} {
		token, err := signer.Sign(shared)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := both.Read(token); err != nil || got != shared {
			t.Errorf("%v, %v", got, err)
		}
	}
	token, _ := both.Sign(shared)
	if !strings.HasPrefix(token, "js1.2026.") {
		t.Errorf("%s is not signed by the first key", token)
	}
	if _, err := before.Read(token); !errors.Is(err, ErrShareToken) {
		t.Errorf("a key that is not known read it: %v", err)
	}
	if _, err := (ShareKeys{}).Sign(shared); err == nil {
		t.Error("signed without a key")
	}
}

// TestEveryByteOfAShareTokenIsSigned: change, drop or add one, and it is not ours.
func TestEveryByteOfAShareTokenIsSigned(t *testing.T) {
	keys := shareKeys(t, newSecret+","+oldSecret)
	token, _ := keys.Sign(shared)
	for i := range len(token) {
		for _, bad := range []string{token[:i] + token[i+1:], token[:i] + "A" + token[i:], token[:i] + string(token[i]^1) + token[i+1:]} {
			if s, err := keys.Read(bad); bad != token && err == nil {
				t.Errorf("byte %d: %q is read as %v", i, bad, s)
			}
		}
	}
	for _, bad := range []string{"", ".", "...", "js1.2026..", "t1", strings.Repeat("a.", 2000)} {
		if _, err := keys.Read(bad); !errors.Is(err, ErrShareToken) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestLongestShareTokenIsAnEventsToken: whatever ids there may be, the token fits.
func TestLongestShareTokenIsAnEventsToken(t *testing.T) {
	long := strings.Repeat("\U00020000", IDCharsMax)
	token, _ := ShareKeys{{ID: strings.Repeat("k", 32), Secret: make([]byte, 32)}}.Sign(Share{long, long, time.UnixMilli(1 << 50)})
	if n := utf8.RuneCountInString(token); n > TokenCharsMax {
		t.Errorf("%d characters", n)
	}
}

func TestShareKeysThatAreNone(t *testing.T) {
	secret := strings.Repeat("s", 32)
	for _, bad := range []string{secret, ":" + secret, "a.b:" + secret, "a b:" + secret, "k:short", "k:" + secret + ",k:" + secret, strings.Repeat("k", 33) + ":" + secret} {
		_, err := ParseShareKeys(bad)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestTokensOfEvents: an order's token may be anything, a share's and a click's must be the member's own.
func TestTokensOfEvents(t *testing.T) {
	keys := shareKeys(t, newSecret)
	token, _ := keys.Sign(shared)
	of := func(typ, member, product, token string) *Event {
		return &Event{Type: typ, Data: Data{Member: member, Product: product, Token: token}}
	}
	for name, c := range map[string]struct {
		event *Event
		bad   bool
	}{
		"share":                     {of(TypeShareCreated, "会员 1", "A-1", token), false},
		"share of another product":  {of(TypeShareCreated, "会员 1", "A-2", token), true},
		"share of another member":   {of(TypeShareCreated, "m", "A-1", token), true},
		"share without a signature": {of(TypeShareCreated, "会员 1", "A-1", "t1"), true},
		"click":                     {of(TypeShareClicked, "会员 1", "", token), false},
		"click of another member":   {of(TypeShareClicked, "m", "", token), true},
		"click without a signature": {of(TypeShareClicked, "会员 1", "", "t1"), true},
		"no token":                  {of(TypeRegistered, "m", "", ""), false},
	} {
		reject := keys.Verify(c.event)
		if (reject != nil) != c.bad || c.bad && reject.Reason != ReasonSignature {
			t.Errorf("%s: %v", name, reject)
		}
		if reject := (ShareKeys{}).Verify(c.event); reject != nil {
			t.Errorf("%s, without keys: %v", name, reject)
		}
	}
	for token, want := range map[string]Share{token: shared, "t1": {}, "": {}} {
		e := &Event{Type: TypeOrderPaid, Data: Data{Member: "m", Referral: token}}
		if reject := keys.Verify(e); reject != nil || e.Shared != want {
			t.Errorf("order with %q: %v, %v", token, e.Shared, reject)
		}
	}
}
