package topics

import (
	"math/bits"
	"unsafe"
)

// TextOf is b as a string without a copy, good for as long as nobody writes to b. Decode in place rests on it: an event's
// strings lie in its record, whose bytes stay as they are until the batch is done.
func TextOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// wordAt are the eight bytes of s from i on, the first one lowest.
func wordAt(s string, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// unplain marks the high bit of the first byte of w, at the latest, that is no printable ASCII or is a backslash: above
// it a carry may mark others wrongly.
func unplain(w uint64) uint64 {
	backslash := w ^ eachByte*'\\'
	return (w | (w + eachByte) | (w-eachByte*0x20)&^w | (backslash-eachByte)&^backslash) & highBits
}

// isPlain tells whether s is printable ASCII without a backslash, eight bytes at a time.
func isPlain(s string) bool {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if unplain(wordAt(s, i)) != 0 {
			return false
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '\\' {
			return false
		}
	}
	return true
}

// plainTo is the index of the first byte of s from i on that is a quote, a backslash or no printable ASCII; len(s) if
// there is none.
func plainTo(s string, i int) int {
	for ; i+8 <= len(s); i += 8 {
		w := wordAt(s, i)
		quote := w ^ eachByte*'"'
		if found := unplain(w) | (quote-eachByte)&^quote&highBits; found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '\\' || c == '"' {
			break
		}
	}
	return i
}
