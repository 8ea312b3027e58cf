package ledger

// grant writes what few grants have only where there is any.
func (s *state) grant(g *Grant) {
	s.flags(g.Short != 0, g.By != "", g.Campaign != "" || g.LessNum != 0 || g.LessDen != 0)
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
	if g.Campaign != "" || g.LessNum != 0 || g.LessDen != 0 {
		s.text(g.Campaign)
		s.int(g.LessNum)
		s.int(g.LessDen)
	}
}

func (r *reading) grant() (g Grant) {
	var short, by, extra bool
	r.flags(&short, &by, &extra)
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
	if extra {
		g.Campaign, g.LessNum, g.LessDen = r.text(), r.int(), r.int()
	}
	return g
}
