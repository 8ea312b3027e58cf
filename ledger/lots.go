package ledger

import (
	"encoding/binary"
	"errors"
)

// Lots are an account's lots in spend order. They are stored as differences between neighbours, a few bytes each: a busy
// member has many, and all of them are written whenever one changes.
type Lots []Lot

// errLots is a value that is no list of lots.
var errLots = errors.New("the stored lots cannot be read")

const (
	lotPending = 1 << iota
	lotOrdered
	lotPriority // a priority follows
)

// MarshalBinary is what a store keeps.
func (l Lots) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 16+9*len(l))
	var last Lot
	for i := range l {
		x := &l[i]
		flags := byte(0)
		if x.Pending {
			flags |= lotPending
		}
		if x.Ordered {
			flags |= lotOrdered
		}
		if x.Priority != 0 {
			flags |= lotPriority
		}
		b = append(b, flags)
		b = binary.AppendVarint(b, int64(x.Number)-int64(last.Number))
		b = binary.AppendVarint(b, x.Remaining)
		b = binary.AppendVarint(b, x.ActiveAt-last.ActiveAt)
		b = binary.AppendVarint(b, x.ExpiresAt-last.ExpiresAt)
		if x.Priority != 0 {
			b = binary.AppendVarint(b, int64(x.Priority))
		}
		last = *x
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote.
func (l *Lots) UnmarshalBinary(b []byte) error {
	*l = (*l)[:0]
	var last Lot
	for len(b) > 0 {
		flags := b[0]
		b = b[1:]
		var v [5]int64
		fields := 4
		if flags&lotPriority != 0 {
			fields = 5
		}
		for i := range fields {
			n, size := binary.Varint(b)
			if size <= 0 {
				return errLots
			}
			v[i], b = n, b[size:]
		}
		last = Lot{
			Number: uint32(int64(last.Number) + v[0]), Remaining: v[1], ActiveAt: last.ActiveAt + v[2], ExpiresAt: last.ExpiresAt + v[3],
			Priority: int32(v[4]), Pending: flags&lotPending != 0, Ordered: flags&lotOrdered != 0,
		}
		*l = append(*l, last)
	}
	return nil
}
