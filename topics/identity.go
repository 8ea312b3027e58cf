package topics

import (
	"crypto/sha256"
	"encoding/hex"
)

// Mark is the identity of an event or entry: the first 16 bytes of SHA-256 over its length-prefixed parts.
type Mark [16]byte

// MarkOf hashes parts so that no two lists of parts give the same bytes.
func MarkOf(parts ...string) Mark {
	var buf [256]byte
	b := buf[:0]
	for _, p := range parts {
		n := len(p)
		b = append(b, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return Mark(sum[:16])
}

func hexHash(parts ...string) string {
	m := MarkOf(parts...)
	return hex.EncodeToString(m[:])
}

// ImportedOrderID is the order id that an importer makes for a row without one (interfaces: "History"): nth counts identical rows of the file from 0.
func ImportedOrderID(member, time, amount, sku string, nth string) string {
	sum := sha256.Sum256([]byte(member + "\x1f" + time + "\x1f" + amount + "\x1f" + sku + "\x1f" + nth))
	return hex.EncodeToString(sum[:16])
}
