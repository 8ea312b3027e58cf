package ledger

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// bookRetro emits what was decided: first what holds from now on, with the marks of the run.
func (c *credit) bookRetro(o *Order, q *pointspb.RetroRequest, steps []retroStep) error {
	c.advance(c.m)
	facts := &pointspb.RetroFacts{Run: q.Run, Undo: q.Undo}
	c.Outcome = Unchanged
	for _, s := range steps {
		if s.delta != 0 {
			c.Outcome = Applied
		}
		if !q.Undo {
			facts.Rules = append(facts.Rules, &pointspb.RetroRule{
				Rule: s.rule, Version: c.book.Version, Before: o.net(s.rule), Arithmetic: s.arithmetic,
			})
		}
	}
	c.emitOf(c.m, &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_RETRO, First: true, Version: c.book.Version, OrderKey: c.key,
		EffectiveAt: c.moment.Now, Retro: facts,
	})
	for _, s := range steps {
		if s.delta > 0 {
			c.regrant(o, s, q.Undo)
		}
	}
	for _, s := range steps {
		if s.delta < 0 {
			c.takeBack(o, s, c.cause, c.moment.Now)
		}
	}
	c.advance(c.m)
	return nil
}

// regrant gives points for the order in a lot of their own, with the validity of the version by which the rule goes now.
func (c *credit) regrant(o *Order, s retroStep, undo bool) {
	book := c.book
	if b := c.moment.Books.Version(s.pin.Version); b != nil {
		book = b
	}
	e := &pointspb.Entry{
		Account: c.event.Account, Kind: pointspb.Kind_GRANTED, Rule: s.rule, Version: s.pin.Version, OrderKey: c.key,
		EffectiveAt: o.At, Arithmetic: o.added(&s), Boards: c.boards(book, o.At),
	}
	holding := pointspb.Account_AVAILABLE
	l := &pointspb.Lot{Number: c.m.NextLot + 1, Order: c.key, ActiveAt: o.At}
	r := ruleNamed(book, s.rule)
	v := validity(book, r)
	if r != nil && !r.Pending.IsZero() {
		holding, l.ActiveAt = pointspb.Account_PENDING, r.Pending.ActiveAt(o.At)
		if r.Pending.Completed && o.Completed != 0 {
			holding, l.ActiveAt = pointspb.Account_AVAILABLE, max(o.Completed, o.At)
			e.EffectiveAt = l.ActiveAt
		}
	}
	switch {
	case v.FromEarning:
		l.ExpiresAt = c.desk.calendar.expiresAt(v, book.Zone, o.At)
	case l.ActiveAt != 0:
		l.ExpiresAt = c.desk.activations.expiresAt(v, book.Zone, l.ActiveAt)
	}
	if now := c.moment.Now; undo && l.ExpiresAt != 0 && l.ExpiresAt <= now {
		l.ExpiresAt = now + c.moment.Policy.RestoreGrace // as points of a returned redemption do (§4); 0 = dead on arrival
	}
	e.Lot = l
	e.Postings = []*pointspb.Posting{{Account: pointspb.Account_ISSUED, Points: -s.delta}, {Account: holding, Points: s.delta, Lot: l.Number}}
	c.emitOf(c.m, e)
	c.repay(c.m, l.Number, c.cause)
}

// added is the arithmetic of what a step gives: what is kept earns by it, less what the rule has given already.
func (o *Order) added(s *retroStep) *pointspb.Arithmetic {
	whole := s.arithmetic
	earns, _ := o.earns(s.pin) // it could be done for the step
	x := &pointspb.Arithmetic{
		Mode: whole.Mode, Points: whole.Points, Per: whole.Per, TierMultiplier: whole.TierMultiplier, Campaign: whole.Campaign,
		Campaigns: whole.Campaigns, Tier: whole.Tier, Lines: whole.Lines, Desired: s.delta, Awarded: s.delta, Before: earns - s.delta,
	}
	x.Eligible, x.Quantity, _ = o.kept(s.pin)
	return x
}

// takeBack takes points of a rule back, from its newest grants first, each in the order of sources of §4.
func (c *credit) takeBack(o *Order, s retroStep, cause *pointspb.Cause, at int64) {
	left, net := -s.delta, o.net(s.rule)
	for i := len(o.Grants) - 1; i >= 0 && left > 0; i-- {
		g := o.Grants[i]
		n := min(left, g.Awarded-g.Reversed)
		if g.Rule != s.rule || n == 0 {
			continue
		}
		left -= n
		x := &pointspb.Arithmetic{
			Mode: string(topics.ModeFixed), Desired: n, KeptPoints: s.gives, ReversedBefore: g.Reversed, Lot: g.Lot, Before: net,
		}
		net -= n
		version := g.Version
		if s.pin != nil {
			x.Mode, x.Points, x.Per, version = s.pin.Mode, s.pin.Points, s.pin.Per, s.pin.Version
			x.Campaign = &pointspb.Ratio{Num: s.pin.Num, Den: s.pin.Den}
			x.Eligible, x.Quantity, _ = o.kept(s.pin)
		}
		postings := c.source(o, &g, n, at)
		x.Awarded, postings[0].Lot = postings[0].Points, g.Lot // the lot keeps the entries of one rule apart
		var uses []*pointspb.Use
		if cause.Run == "" && !o.ofRun(g.Lot) { // a return, of what the cap was used for
			uses = c.giveBack(o, &g, n, postings[0].Points)
		}
		c.emitOf(c.m, &pointspb.Entry{
			Account: c.event.Account, Kind: pointspb.Kind_REVERSED, Cause: cause, Rule: s.rule, Version: version, OrderKey: c.key,
			EffectiveAt: at, Postings: postings, Arithmetic: x, Granted: g.Awarded, Boards: c.boardsBefore(o, &g),
			Uses: uses, Less: c.less(o, &g, postings),
		})
	}
}

// settleRetros takes back, after a return, what the rules that retro runs came to have given beyond what is kept.
func (c *credit) settleRetros(o *Order, cause *pointspb.Cause) error {
	var done []string
	for i := range o.Retros {
		s := retroStep{rule: o.Retros[i].Pin.Rule}
		if slices.Contains(done, s.rule) {
			continue
		}
		done = append(done, s.rule)
		var most int64
		s.pin, most = o.governing(s.rule, "")
		earns, err := o.earns(s.pin)
		if err != nil {
			return err
		}
		s.gives = min(earns, most)
		if s.delta = s.gives - o.net(s.rule); s.delta < 0 {
			c.takeBack(o, s, cause, max(cause.OccurredAt, o.At))
		}
	}
	return nil
}
