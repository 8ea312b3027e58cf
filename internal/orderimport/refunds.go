package orderimport

import (
	"math/bits"
	"strings"
)

// lineRef is a line of an order.
type lineRef struct {
	o  *order
	at int
}

func (r lineRef) line() *line { return &r.o.lines[r.at] }

// given is what one refund gives back of one line, minor units.
type given struct {
	ref lineRef
	net int64
}

// shelf finds the order lines that refunds are of.
type shelf struct {
	m     *Map
	sales map[string]*order
	minor int
	// stacks hold the lines of a member and SKU that have units left, in time order.
	stacks map[uint64][]lineRef
}

func newShelf(b *book) *shelf {
	return &shelf{m: b.m, sales: b.sales, minor: minorDigits(b.m.Currency), stacks: map[uint64][]lineRef{}}
}

// put makes a paid order's lines known; orders come in time order.
func (s *shelf) put(o *order) {
	if s.m.Refund == nil || s.m.Refund.Match != MatchLatest {
		return
	}
	for i := range o.lines {
		key := stackKey(o.member, o.lines[i].sku)
		s.stacks[key] = append(s.stacks[key], lineRef{o, i})
	}
}

func stackKey(member, sku uint32) uint64 { return uint64(member)<<32 | uint64(sku) }

// original is the order that a refund names (by_id), or nil. An order without a member was not sent, so nothing of it
// can be given back.
func (s *shelf) original(refund *order) *order {
	if s.m.Refund.Match != MatchByID {
		return nil
	}
	o := s.sales[strings.TrimPrefix(refund.id, s.m.Refund.When.OrderPrefix)]
	if o == nil || o.member == 0 {
		return nil
	}
	return o
}

// take gives back up to quantity of the SKU: of the order that the refund names, or of the member's most recent earlier
// lines, as far as their quantities last. left is what no line was found for.
func (s *shelf) take(refund *order, sku uint32, quantity int64) (parts []given, left int64) {
	if s.m.Refund.Match == MatchByID {
		o := s.original(refund)
		for i := 0; o != nil && i < len(o.lines) && quantity > 0; i++ {
			if o.lines[i].sku == sku {
				parts, quantity = s.give(parts, lineRef{o, i}, quantity)
			}
		}
		return parts, quantity
	}
	key := stackKey(refund.member, sku)
	stack := s.stacks[key]
	for quantity > 0 && len(stack) > 0 {
		top := stack[len(stack)-1]
		parts, quantity = s.give(parts, top, quantity)
		if l := top.line(); l.returned == l.quantity {
			stack = stack[:len(stack)-1]
		}
	}
	s.stacks[key] = stack
	return parts, quantity
}

func (s *shelf) give(parts []given, ref lineRef, quantity int64) (more []given, left int64) {
	l := ref.line()
	units := min(quantity, l.quantity-l.returned)
	if units <= 0 {
		return parts, quantity
	}
	l.returned += units
	total := l.worth(l.returned, s.minor)
	net := total - l.refunded
	l.refunded = total
	return append(parts, given{ref, net}), quantity - units
}

// worth is what that many units of the line cost, rounded half up. Refunds are differences of it, so that together they
// give back the line's net and no more.
func (l *line) worth(units int64, minor int) int64 {
	if units == l.quantity {
		return l.net
	}
	if l.price != (decimal{}) {
		v, _, _ := l.price.times(decimal{coef: units, digits: quantityDigits}, minor) // fits: it is less than net
		return min(v, l.net)
	}
	hi, lo := bits.Mul64(uint64(l.net), uint64(units))
	v, _, _ := divide(hi, lo, uint64(l.quantity), true)
	return v
}
