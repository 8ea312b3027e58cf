package vault_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"jifen/internal/vault"
)

func ring(t *testing.T, text string) vault.Ring {
	t.Helper()
	r, err := vault.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsSealedOpensOnlyUnchangedAndInItsPlace(t *testing.T) {
	r := ring(t, vault.Generate("k1"))
	plain, place := []byte("CODE-0001"), []byte("codes:gift-card")
	sealed, err := r.Seal(plain, place)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, plain) {
		t.Fatal("the plain text stands in what is sealed")
	}
	if got, err := r.Open(sealed, place); err != nil || !bytes.Equal(got, plain) {
		t.Fatalf("opened %q, %v", got, err)
	}
	if got, err := r.Open(sealed, []byte("codes:other")); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("opened in another place: %q, %v", got, err)
	}
	for n := range sealed {
		changed := bytes.Clone(sealed)
		changed[n] ^= 1
		if got, err := r.Open(changed, place); err == nil {
			t.Errorf("byte %d changed, opened all the same: %q", n, got)
		}
		if got, err := r.Open(sealed[:n], place); err == nil {
			t.Errorf("cut to %d bytes, opened all the same: %q", n, got)
		}
	}
}

func TestSealedTwiceLooksDifferent(t *testing.T) {
	r := ring(t, vault.Generate("k1"))
	one, err1 := r.Seal([]byte("same"), nil)
	two, err2 := r.Seal([]byte("same"), nil)
	if err1 != nil || err2 != nil || bytes.Equal(one, two) {
		t.Errorf("a nonce came twice: %x %x %v %v", one, two, err1, err2)
	}
}

func TestKeysAreReplaced(t *testing.T) {
	oldKey, newKey := vault.Generate("old"), vault.Generate("new")
	before := ring(t, oldKey)
	sealed, err := before.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	both := ring(t, newKey+"\n"+oldKey+"\n")
	if got, err := both.Open(sealed, nil); err != nil || string(got) != "x" {
		t.Errorf("the old key is there and does not open: %q, %v", got, err)
	}
	fresh, err := both.Seal([]byte("y"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.Open(fresh, nil); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("sealed by the first key, which the old ring lacks: %v", err)
	}
	if _, err := ring(t, newKey).Open(sealed, nil); !errors.Is(err, vault.ErrUnknownKey) {
		t.Errorf("sealed by a key that is gone: %v", err)
	}
	renamed := ring(t, vault.Generate("old"))
	if _, err := renamed.Open(sealed, nil); !errors.Is(err, vault.ErrSealed) {
		t.Errorf("opened by another key of the same name: %v", err)
	}
}

func TestNoKeysSealNothing(t *testing.T) {
	r := ring(t, "")
	if _, err := r.Seal([]byte("x"), nil); !errors.Is(err, vault.ErrNoKeys) {
		t.Errorf("sealed without keys: %v", err)
	}
	if _, err := r.Open([]byte("x"), nil); !errors.Is(err, vault.ErrNoKeys) {
		t.Errorf("opened without keys: %v", err)
	}
}

func TestBadKeysAreNamedWithoutTheirSecret(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("s"), 32))
	for text, want := range map[string]string{
		"k1": "key 1 is not", "k1:" + secret + ",k2:***": "key 2 is not", "k1:c2hvcnQ=": "5 bytes", ":" + secret: "id",
		"k 1:" + secret: "id", "k1:" + secret + ",k1:" + secret: "twice", strings.Repeat("k", 33) + ":" + secret: "id",
	} {
		_, err := vault.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "***") {
			t.Errorf("%q: %v, want it to name %q and no secret", text, err, want)
		}
	}
}
