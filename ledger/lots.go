package ledger

// lots writes lots as differences between neighbours, a few bytes each: a busy member has many, and all of them are
// written whenever one changes.
func (s *state) lots(all []Lot) {
	s.count(len(all))
	var last Lot
	for i := range all {
		l := &all[i]
		s.flags(l.Pending, l.Ordered, l.Priority != 0)
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

func (r *reading) lots() []Lot {
	var last Lot
	return many(r, func() Lot {
		l, prior := Lot{}, false
		r.flags(&l.Pending, &l.Ordered, &prior)
		l.Number, l.Remaining = uint32(int64(last.Number)+r.int()), r.int()
		l.ActiveAt, l.ExpiresAt = last.ActiveAt+r.int(), last.ExpiresAt+r.int()
		if prior {
			l.Priority = int32(r.int())
		}
		last = l
		return l
	})
}
