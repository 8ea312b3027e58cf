package redisstore

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"jifen/topics"
)

// A member's orders and seen ids are one value, a log of records: a field and what was written of it, both after their
// lengths. The field of an order is source, U+001F, order; its last state counts, and an empty one says that it was
// forgotten. The empty field is that of seen ids: a month, then 16 bytes for each that was added to its bucket; none say
// that the bucket was forgotten. So all that an event adds is one APPEND, or a value of an MSET where the log begins,
// whatever else the member has; what is superseded goes when the member is swept.

// errLog is a value that is no log.
var errLog = errors.New("the stored orders and seen ids cannot be read")

// orderField is where an order lies in its member's log.
func orderField(key string) (member, field string) {
	member, field, _ = strings.Cut(key, "\x1f")
	return member, field
}

func appendOrder(b []byte, field string, state []byte) []byte {
	b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
	return append(binary.AppendUvarint(b, uint64(len(state))), state...)
}

// appendSeen writes ids that were added to a month's bucket; none: it was forgotten.
func appendSeen(b []byte, month int32, marks []topics.Mark) []byte {
	var room [binary.MaxVarintLen64]byte
	head := binary.AppendVarint(room[:0], int64(month))
	b = append(b, 0)
	b = binary.AppendUvarint(b, uint64(len(head)+len(marks)*len(topics.Mark{})))
	b = append(b, head...)
	for i := range marks {
		b = append(b, marks[i][:]...)
	}
	return b
}

// readSeen reads what appendSeen wrote behind the field, into the buckets of a log.
func readSeen(buckets map[int32][]topics.Mark, value string) error {
	month, n := binary.Varint([]byte(value[:min(len(value), binary.MaxVarintLen64)]))
	if n <= 0 || (len(value)-n)%len(topics.Mark{}) != 0 {
		return errLog
	}
	if value = value[n:]; value == "" {
		delete(buckets, int32(month))
		return nil
	}
	marks := slices.Grow(buckets[int32(month)], len(value)/len(topics.Mark{}))
	for ; value != ""; value = value[len(topics.Mark{}):] {
		marks = append(marks, topics.Mark([]byte(value[:len(topics.Mark{})])))
	}
	buckets[int32(month)] = marks
	return nil
}

// eachRecord calls what with every record of a log, in the order in which they were written.
func eachRecord(log string, what func(field, state string) error) error {
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
