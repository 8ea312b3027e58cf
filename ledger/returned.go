package ledger

import (
	"cmp"
	"encoding/binary"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Returned is a return that was applied: its id, and a digest of what was asked to be given back; 0 = not known.
type Returned struct {
	ID     string
	Digest uint64
}

// knownReturn says what became of a return under an id that the order has: Duplicate, or Conflict where it asks for
// something else. Either has no effect (C8).
func (o *Order) knownReturn(f *pointspb.RefundFacts) (Outcome, bool) {
	outcome := func(same bool) (Outcome, bool) {
		if same {
			return Duplicate, true
		}
		return Conflict, true
	}
	for i := range o.Returns {
		if o.Returns[i].ID == f.Refund {
			known := o.Returns[i].Digest
			return outcome(known == 0 || known == returnDigest(f))
		}
	}
	for i := range o.Early {
		if o.Early[i].Return == f.Refund {
			return outcome(returnDigest(o.Early[i].facts("")) == returnDigest(f))
		}
	}
	return "", false
}

// facts are those that a refund which waits came with.
func (r *Refund) facts(order string) *pointspb.RefundFacts {
	f := &pointspb.RefundFacts{Order: order, Refund: r.Return}
	for _, l := range r.Lines {
		f.Lines = append(f.Lines, &pointspb.RefundLine{Id: l.ID, Net: l.Net})
	}
	return f
}

// returnDigest is of what a return asks for, whatever the order of its lines.
func returnDigest(f *pointspb.RefundFacts) uint64 {
	lines := slices.Clone(f.Lines)
	slices.SortFunc(lines, func(x, y *pointspb.RefundLine) int { return cmp.Compare(x.Id, y.Id) })
	var text state
	for _, l := range lines {
		if asked := cmp.Or(l.Asked, l.Net); asked != 0 {
			text.text(l.Id)
			text.int(asked)
		}
	}
	mark := topics.MarkOf("return", string(text))
	return binary.BigEndian.Uint64(mark[:])
}

// giveBackLines says what of a return is really given back, and what was asked where that is more: of each line never more
// than is kept, of one that the order does not have nothing. The outcome says which of both was met.
func giveBackLines(o *Order, f *pointspb.RefundFacts) ([]*pointspb.RefundLine, Outcome) {
	var lines []*pointspb.RefundLine
	outcome := Applied
	for i := range o.Lines {
		l := &o.Lines[i]
		asked := refunded(f, l.ID)
		if asked == 0 {
			continue
		}
		line := &pointspb.RefundLine{Id: l.ID, Net: min(asked, l.Kept)}
		if line.Net < asked {
			line.Asked, outcome = asked, TooMuch
		}
		lines = append(lines, line)
	}
	for _, l := range f.Lines {
		if l.Net > 0 && !slices.ContainsFunc(o.Lines, func(k OrderLine) bool { return k.ID == l.Id }) {
			lines = append(lines, &pointspb.RefundLine{Id: l.Id, Asked: l.Net})
			outcome = UnknownLine
		}
	}
	return lines, outcome
}

func (s *state) returns(all []Returned) {
	s.count(len(all))
	for i := range all {
		s.text(all[i].ID)
	}
}

// digests stand apart from the ids: orders that merged members brought along without them are read for good (decision 0019).
func (s *state) digests(all []Returned) {
	for i := range all {
		s.int(int64(all[i].Digest))
	}
}

func (r *reading) digests(all []Returned) {
	for i := range all {
		all[i].Digest = uint64(r.int())
	}
}
