package httpapi

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const (
	apiKeyPrefix = "jk_"
	apiKeyBytes  = 32 // of its secret
)

// apiKeyID has no underscore, which ends it in a key.
var apiKeyID = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?$`)

// apiKey is what is kept of a service's key: never its secret, which has 256 random bits, so that its SHA-256 needs no salt.
type apiKey struct {
	id    string
	sum   [sha256.Size]byte
	roles []Role
}

// apiKeys are those of services, by id.
type apiKeys map[string]apiKey

// NewAPIKey makes a key, which is shown once, and the line of auth.api_keys that accepts it.
func NewAPIKey(id string, allowed []Role) (key, line string, err error) {
	if err := checkAPIKey(id, allowed); err != nil {
		return "", "", err
	}
	secret := make([]byte, apiKeyBytes)
	_, _ = rand.Read(secret) // it never fails
	text := base64.RawURLEncoding.EncodeToString(secret)
	sum := sha256.Sum256([]byte(text))
	var names []string
	for _, r := range allowed {
		names = append(names, string(r))
	}
	return apiKeyPrefix + id + "_" + text, id + ":" + hex.EncodeToString(sum[:]) + ":" + strings.Join(names, "+"), nil
}

func checkAPIKey(id string, allowed []Role) error {
	if !apiKeyID.MatchString(id) {
		return fmt.Errorf("API key %q: an id has 1 to 40 of a-z, 0-9, point and hyphen", id)
	}
	if len(allowed) == 0 {
		return fmt.Errorf("API key %s: has no roles", id)
	}
	for _, r := range allowed {
		if r == RoleMember || !slices.Contains(roles(), r) { // a key is nobody: its id would be taken for a member's
			return fmt.Errorf("API key %s: role %q cannot be given to a key", id, r)
		}
	}
	return nil
}

// parseAPIKeys reads lines such as NewAPIKey makes: id:sha256:role+role.
func parseAPIKeys(lines []string) (apiKeys, error) {
	keys := apiKeys{}
	var faults []error
	for n, line := range lines {
		parts := strings.Split(line, ":")
		var sum []byte
		var err error
		if len(parts) == 3 {
			sum, err = hex.DecodeString(parts[1])
		}
		if err != nil || len(sum) != sha256.Size {
			faults = append(faults, fmt.Errorf("auth.api_keys: entry %d is not id:sha256:roles", n+1)) // it may hold a key by mistake
			continue
		}
		k := apiKey{id: parts[0], sum: [sha256.Size]byte(sum)}
		for r := range strings.SplitSeq(parts[2], "+") {
			k.roles = append(k.roles, Role(r))
		}
		err = checkAPIKey(k.id, k.roles)
		if _, twice := keys[k.id]; twice {
			err = fmt.Errorf("API key %s: is there twice", k.id)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("auth.api_keys: %w", err))
		}
		keys[k.id] = k
	}
	return keys, errors.Join(faults...)
}

// caller reads who sends a key; its comparison takes the same time whatever the secret.
func (k apiKeys) caller(token string) (Caller, error) {
	id, secret, _ := strings.Cut(strings.TrimPrefix(token, apiKeyPrefix), "_")
	sum := sha256.Sum256([]byte(secret))
	known, ok := k[id]
	if same := subtle.ConstantTimeCompare(sum[:], known.sum[:]) == 1; !ok || !same {
		return Caller{}, errors.New("unknown API key")
	}
	return Caller{ID: known.id, Roles: known.roles}, nil
}
