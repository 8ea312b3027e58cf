package ledger

import "encoding/binary"

// lots writes how many of the first lots a value holds already, and the others as differences between neighbours, a few
// bytes each.
func (s *state) lots(all []Lot, kept int) {
	s.count(kept)
	s.count(len(all) - kept)
	var last Lot
	if kept > 0 {
		last = all[kept-1]
	}
	for i := kept; i < len(all); i++ {
		l := &all[i]
		s.flags(l.Pending, l.Ordered, l.Priority != 0, l.Frozen, l.History)
		s.int(int64(l.Number) - int64(last.Number))
		s.int(l.Remaining)
		s.int(l.ActiveAt - last.ActiveAt)
		s.int(l.ExpiresAt - last.ExpiresAt)
		if l.Priority != 0 {
			s.int(int64(l.Priority))
		}
		last = *l
	}
}

// lots reads the lots that stand behind the first ones of those before.
func (r *reading) lots(before []Lot) []Lot {
	kept, n := binary.Uvarint(r.rest)
	if n <= 0 || kept > uint64(len(before)) {
		r.fail()
		return nil
	}
	r.rest = r.rest[n:]
	var last Lot
	if kept > 0 {
		last = before[kept-1]
	}
	added := many(r, func() Lot {
		l, prior := Lot{}, false
		r.flags(&l.Pending, &l.Ordered, &prior, &l.Frozen, &l.History)
		l.Number, l.Remaining = uint32(int64(last.Number)+r.int()), r.int()
		l.ActiveAt, l.ExpiresAt = last.ActiveAt+r.int(), last.ExpiresAt+r.int()
		if prior {
			l.Priority = int32(r.int())
		}
		last = l
		return l
	})
	if kept == 0 {
		return added
	}
	return append(before[:kept], added...)
}
