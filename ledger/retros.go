package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Retro is what a retro run did to one rule of an order (semantics §9).
type Retro struct {
	Run    string
	Undone bool
	Before int64 // net points of the rule before the run
	Taken  int64 // what the run took from the member
	Pin    Grant // the arithmetic by which the rule goes, of the whole order; without a lot and points
}

// pinOf is the arithmetic of an award as a refund needs it.
func pinOf(rule, version string, x *pointspb.Arithmetic) Grant {
	m := Multiplier(x)
	g := Grant{
		Rule: rule, Version: version, Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible, Quantity: x.Quantity,
		Num: m.Num, Den: m.Den, Lines: x.Lines,
	}
	if x.Holdout {
		g.Mode, g.Points = string(topics.ModeFixed), 0
	}
	return g
}

// arithmetic is what an entry says of it.
func (g *Grant) arithmetic() *pointspb.Arithmetic {
	return &pointspb.Arithmetic{
		Mode: g.Mode, Points: g.Points, Per: g.Per, Eligible: g.Eligible, Quantity: g.Quantity, Lines: g.Lines,
		Campaign: &pointspb.Ratio{Num: g.Num, Den: g.Den},
	}
}

// kept is what of an award's amount and quantity is kept; none: everything was returned.
func (o *Order) kept(g *Grant) (eligible, quantity int64, none bool) {
	var net int64
	for _, n := range g.Lines {
		eligible += eligibleKept(o.Lines[n])
		net += o.Lines[n].Kept
	}
	quantity = g.Quantity
	if g.Eligible > 0 {
		quantity = topics.Scale(g.Quantity, eligible, g.Eligible)
	}
	return eligible, quantity, net == 0 && len(o.Returns) > 0
}

// earns is what an arithmetic gives for what is kept of the order; nil gives nothing.
func (o *Order) earns(g *Grant) (int64, error) {
	if g == nil {
		return 0, nil
	}
	eligible, quantity, none := o.kept(g)
	if none {
		return 0, nil
	}
	n, err := topics.Award(topics.Mode(g.Mode), g.Points, g.Per, eligible, quantity, topics.Ratio{Num: g.Num, Den: g.Den})
	if err != nil {
		return 0, fmt.Errorf("%s@%s: %w", g.Rule, g.Version, err)
	}
	return n, nil
}

// net is what a rule has given for the order and not taken back.
func (o *Order) net(rule string) int64 {
	var n int64
	for i := range o.Grants {
		if g := &o.Grants[i]; g.Rule == rule {
			n += g.Awarded - g.Reversed
		}
	}
	return n
}

// ofRun says that a lot was given by a run, or by its undoing.
func (o *Order) ofRun(lot uint32) bool { return slices.Contains(o.RunLots, lot) }

// retroed says that a run came to the order, and found rules there.
func (o *Order) retroed() bool { return len(o.Retros)+len(o.RunLots) > 0 }

// run says that a run came to the order.
func (o *Order) run(id string) bool {
	return slices.ContainsFunc(o.Retros, func(t Retro) bool { return t.Run == id })
}

// rerun says that a run came to a rule of the order.
func (o *Order) rerun(rule string) bool {
	return slices.ContainsFunc(o.Retros, func(t Retro) bool { return t.Pin.Rule == rule })
}

// foldRetro notes what entries of a run say of the order.
func (o *Order) foldRetro(e *pointspb.Entry) {
	run := e.Cause.Run
	switch e.Kind {
	case pointspb.Kind_RETRO:
		for _, r := range e.Retro.Rules {
			o.Retros = append(o.Retros, Retro{Run: run, Before: r.Before, Pin: pinOf(r.Rule, r.Version, r.Arithmetic)})
		}
		for i := range o.Retros {
			o.Retros[i].Undone = o.Retros[i].Undone || e.Retro.Undo && o.Retros[i].Run == run
		}
	case pointspb.Kind_GRANTED:
		o.RunLots = append(o.RunLots, e.Lot.Number)
	case pointspb.Kind_REVERSED:
		for i := range o.Retros {
			if t := &o.Retros[i]; t.Run == run && !t.Undone && t.Pin.Rule == e.Rule {
				t.Taken += taken(e.Postings)
			}
		}
	}
}

// taken is what a clawback took from the member: not what had expired, nor what the policy let go.
func taken(postings []*pointspb.Posting) int64 {
	var n int64
	for _, p := range postings {
		switch p.Account {
		case pointspb.Account_PENDING, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS, pointspb.Account_DEBT:
			n -= p.Points
		}
	}
	return n
}

func (o *Order) checkRetros() error {
	for i := range o.Retros {
		if t := &o.Retros[i]; t.Run == "" || t.Before < 0 || t.Taken < 0 || t.Pin.Den <= 0 {
			return fmt.Errorf("I6: run %q came to rule %s at %d points and took %d", t.Run, t.Pin.Rule, t.Before, t.Taken)
		}
	}
	for _, lot := range o.RunLots {
		if !slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Lot == lot }) {
			return fmt.Errorf("I6: lot %d of a run is no grant of the order", lot)
		}
	}
	return nil
}

func (s *state) retros(o *Order) {
	s.count(len(o.Retros))
	for i := range o.Retros {
		t := &o.Retros[i]
		s.text(t.Run)
		s.flags(t.Undone)
		s.int(t.Before)
		s.int(t.Taken)
		s.grant(&t.Pin)
	}
	s.count(len(o.RunLots))
	for _, lot := range o.RunLots {
		s.int(int64(lot))
	}
}

func (r *reading) retros(o *Order) {
	o.Retros = many(r, func() (t Retro) {
		t.Run = r.text()
		r.flags(&t.Undone)
		t.Before, t.Taken, t.Pin = r.int(), r.int(), r.grant()
		return t
	})
	o.RunLots = many(r, func() uint32 { return uint32(r.int()) })
}
