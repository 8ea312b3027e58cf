package redisstore

import (
	"encoding/binary"
	"errors"
	"strings"
)

// A member's orders are one value, a log: for each write of an order its field (source, U+001F, order), then its state,
// both after their lengths. The last state of a field counts; an empty one says that the order was forgotten. Writing an
// order so is one APPEND, whatever else the member has; what is superseded goes when the member is swept.

// errLog is a value that is no order log.
var errLog = errors.New("the stored orders cannot be read")

// orderField is where an order lies in its member's log.
func orderField(key string) (member, field string) {
	member, field, _ = strings.Cut(key, "\x1f")
	return member, field
}

func appendOrder(b []byte, field string, state []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
	return append(binary.AppendUvarint(b, uint64(len(state))), state...)
}

// eachOrder calls what with every record of a log, in the order in which they were written.
func eachOrder(log string, what func(field, state string) error) error {
	for len(log) > 0 {
		field, rest, ok := cutText(log)
		if !ok {
			return errLog
		}
		state, rest, ok := cutText(rest)
		if !ok {
			return errLog
		}
		if err := what(field, state); err != nil {
			return err
		}
		log = rest
	}
	return nil
}

// cutText cuts a text after its length from the front of s.
func cutText(s string) (text, rest string, ok bool) {
	var n uint64
	for i := range len(s) {
		if i == binary.MaxVarintLen32 {
			break
		}
		n |= uint64(s[i]&0x7f) << (7 * i)
		if s[i] < 0x80 {
			if n > uint64(len(s)-i-1) {
				break
			}
			end := i + 1 + int(n)
			return s[i+1 : end], s[end:], true
		}
	}
	return "", "", false
}
