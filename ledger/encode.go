package ledger

import (
	"encoding/binary"
	"errors"
)

// Accounts and orders are written with every event, so they have an encoding of their own: the fields in their order,
// integers as varints, lists and texts after their length. An account may be written on behind itself (written.go). What a
// new field changes is told by the store's format.

// errState is a value that is no state.
var errState = errors.New("the stored state cannot be read")

// state is an encoding under way.
type state []byte

func (s *state) int(v int64)   { *s = binary.AppendVarint(*s, v) }
func (s *state) count(n int)   { *s = binary.AppendUvarint(*s, uint64(n)) }
func (s *state) text(t string) { s.count(len(t)); *s = append(*s, t...) }

func (s *state) texts(all []string) {
	s.count(len(all))
	for _, t := range all {
		s.text(t)
	}
}

func (s *state) flags(all ...bool) {
	b := byte(0)
	for i, f := range all {
		if f {
			b |= 1 << i
		}
	}
	*s = append(*s, b)
}

// reading is a decoding under way; once something was wrong everything reads as nothing.
type reading struct {
	rest  []byte
	wrong bool
}

func (r *reading) fail() {
	r.rest, r.wrong = nil, true
}

func (r *reading) int() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// count is a length: as many bytes at least must follow, so a bad one costs no memory.
func (r *reading) count() int {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || v > uint64(len(r.rest)-n) {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return int(v)
}

// mask is a set of bits.
func (r *reading) mask() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reading) text() string {
	n := r.count()
	t := string(r.rest[:n])
	r.rest = r.rest[n:]
	return t
}

func (r *reading) flags(all ...*bool) {
	if len(r.rest) == 0 {
		r.fail()
		return
	}
	for i, f := range all {
		*f = r.rest[0]&(1<<i) != 0
	}
	r.rest = r.rest[1:]
}

func (r *reading) end() error {
	if r.wrong || len(r.rest) > 0 {
		return errState
	}
	return nil
}

// many reads a list; nil if it is empty.
func many[T any](r *reading, one func() T) []T {
	n := r.count()
	if n == 0 {
		return nil
	}
	all := make([]T, 0, n)
	for range n {
		all = append(all, one())
		if r.wrong {
			return nil
		}
	}
	return all
}

// AppendBinary appends what a store keeps of an account. It never fails.
func (a *Account) AppendBinary(b []byte) ([]byte, error) {
	s := state(b)
	s.account(a, 0)
	return s, nil
}

// account writes an account after whose first lots a value that holds them already goes on: the others, and everything
// else anew. With kept 0 it is a value by itself.
func (s *state) account(a *Account, kept int) {
	s.lots(a.Lots, kept)
	s.flags(a.Frozen, a.Ordered)
	s.int(int64(a.NextLot))
	s.int(a.Debt)
	s.int(a.EvaluateAt)
	s.int(a.Sweep)
	s.int(a.Due)
	s.count(len(a.Expired))
	for _, x := range a.Expired {
		s.int(int64(x.Number))
		s.int(x.Points)
	}
	s.count(len(a.Tiers))
	for _, x := range a.Tiers {
		s.int(x.From)
		s.text(x.Tier)
	}
	s.count(len(a.Years))
	for _, x := range a.Years {
		s.int(int64(x.Year))
		s.int(x.Spend)
		s.int(int64(x.Orders))
	}
	s.count(len(a.Taken))
	for _, x := range a.Taken {
		s.text(x.Item)
		s.int(x.Count)
	}
	s.count(len(a.Months))
	for _, x := range a.Months {
		s.int(int64(x.Month))
		s.int(x.Day)
	}
	s.parts(a)
}

// UnmarshalBinary reads what AppendBinary wrote, and what was written behind it.
func (a *Account) UnmarshalBinary(b []byte) error {
	_, err := a.read(b)
	return err
}

// read is UnmarshalBinary; whole is the length of the account that was written whole, before what was written behind it.
func (a *Account) read(b []byte) (whole int, err error) {
	r := &reading{rest: b}
	for whole == 0 || len(r.rest) > 0 {
		r.account(a)
		if whole == 0 {
			whole = len(b) - len(r.rest)
		}
		if r.wrong {
			break
		}
	}
	return whole, r.end()
}

func (r *reading) account(a *Account) {
	a.Lots = r.lots(a.Lots)
	r.flags(&a.Frozen, &a.Ordered)
	a.NextLot, a.Debt, a.EvaluateAt, a.Sweep, a.Due = uint32(r.int()), r.int(), r.int(), r.int(), r.int()
	a.Expired = many(r, func() ExpiredLot { return ExpiredLot{Number: uint32(r.int()), Points: r.int()} })
	a.Tiers = many(r, func() TierSpan { return TierSpan{From: r.int(), Tier: r.text()} })
	a.Years = many(r, func() Year { return Year{Year: int32(r.int()), Spend: r.int(), Orders: int32(r.int())} })
	a.Taken = many(r, func() ItemCount { return ItemCount{Item: r.text(), Count: r.int()} })
	a.Months = many(r, func() SeenMonth { return SeenMonth{Month: int32(r.int()), Day: r.int()} })
	r.parts(a)
}

// AppendBinary appends what a store keeps of an order. It never fails.
func (o *Order) AppendBinary(b []byte) ([]byte, error) {
	s := state(b)
	s.flags(o.Paid, o.Counted, o.Completed != 0, len(o.Asked) > 0, o.Sharer != "", o.retroed(), len(o.Reviews) > 0, len(o.Returns) > 0)
	s.int(o.At)
	s.int(int64(o.Year))
	s.int(o.Written)
	s.count(len(o.Lines))
	for i := range o.Lines {
		l := &o.Lines[i]
		s.text(l.ID)
		s.int(l.Net)
		s.int(l.Net - l.Eligible)
		s.int(l.Net - l.Kept)
	}
	s.count(len(o.Grants))
	for i := range o.Grants {
		s.grant(&o.Grants[i])
	}
	s.returns(o.Returns)
	s.count(len(o.Early))
	for i := range o.Early {
		s.early(&o.Early[i])
	}
	if o.Completed != 0 {
		s.int(o.Completed)
	}
	if len(o.Asked) > 0 {
		s.texts(o.Asked)
	}
	if o.Sharer != "" {
		s.text(o.Sharer)
	}
	if o.retroed() {
		s.retros(o)
	}
	if len(o.Reviews) > 0 {
		s.count(len(o.Reviews))
		for _, event := range o.Reviews {
			s.text(string(event))
		}
	}
	s.digests(o.Returns)
	return s, nil
}

// UnmarshalBinary reads what AppendBinary wrote.
func (o *Order) UnmarshalBinary(b []byte) error {
	r := &reading{rest: b}
	var completed, asked, referred, retros, reviews, digests bool
	r.flags(&o.Paid, &o.Counted, &completed, &asked, &referred, &retros, &reviews, &digests)
	o.At, o.Year, o.Written = r.int(), int32(r.int()), r.int()
	o.Lines = many(r, func() OrderLine {
		l := OrderLine{ID: r.text(), Net: r.int()}
		l.Eligible, l.Kept = l.Net-r.int(), l.Net-r.int()
		return l
	})
	o.Grants = many(r, r.grant)
	o.Returns = many(r, func() Returned { return Returned{ID: r.text()} })
	o.Early = many(r, r.early)
	if completed {
		o.Completed = r.int()
	}
	if asked {
		o.Asked = many(r, r.text)
	}
	if referred {
		o.Sharer = r.text()
	}
	if retros {
		r.retros(o)
	}
	if reviews {
		o.Reviews = many(r, func() []byte { return []byte(r.text()) })
	}
	if digests {
		r.digests(o.Returns)
	}
	return r.end()
}

func (s *state) early(f *Refund) {
	s.text(f.Source)
	s.text(f.ID)
	s.int(f.At)
	s.text(f.Return)
	s.count(len(f.Lines))
	for _, l := range f.Lines {
		s.text(l.ID)
		s.int(l.Net)
	}
}

func (r *reading) early() Refund {
	f := Refund{Source: r.text(), ID: r.text(), At: r.int(), Return: r.text()}
	f.Lines = many(r, func() RefundLine { return RefundLine{ID: r.text(), Net: r.int()} })
	return f
}
