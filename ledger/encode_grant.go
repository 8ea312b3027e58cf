package ledger

// grant writes what few grants have only where there is any.
func (s *state) grant(g *Grant) {
	s.flags(g.Short != 0, g.By != "")
	s.text(g.Rule)
	s.text(g.Version)
	s.text(g.Mode)
	for _, v := range [...]int64{g.Points, g.Per, g.Eligible, g.Quantity, g.Num, g.Den, int64(g.Lot), g.Awarded, g.Reversed} {
		s.int(v)
	}
	s.count(len(g.Lines))
	for _, n := range g.Lines {
		s.int(int64(n))
	}
	if g.Short != 0 {
		s.int(g.Short)
	}
	if g.By != "" {
		s.text(g.By)
	}
}

func (r *reading) grant() (g Grant) {
	var short, by bool
	r.flags(&short, &by)
	g.Rule, g.Version, g.Mode = r.text(), r.text(), r.text()
	for _, v := range [...]*int64{&g.Points, &g.Per, &g.Eligible, &g.Quantity, &g.Num, &g.Den} {
		*v = r.int()
	}
	g.Lot, g.Awarded, g.Reversed = uint32(r.int()), r.int(), r.int()
	g.Lines = many(r, func() uint32 { return uint32(r.int()) })
	if short {
		g.Short = r.int()
	}
	if by {
		g.By = r.text()
	}
	return g
}
