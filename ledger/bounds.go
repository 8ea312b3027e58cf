package ledger

import (
	"math"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// What cut an award, as its arithmetic says it.
const (
	BoundCap    = "cap"
	BoundLimit  = "limit"
	BoundBudget = "budget"
)

// counters are those that a rule's award for an event at t uses: first its cap's, last its limit's, one where both count
// the same.
func counters(book *topics.Rulebook, r *topics.Rule, by string, t int64) []*pointspb.Use {
	var all []*pointspb.Use
	add := func(per topics.Period, by string) {
		u := &pointspb.Use{Per: string(per), Period: per.First(time.UnixMilli(t), book.Zone), By: by}
		if len(all) == 0 || all[0].Per != u.Per || by != "" {
			all = append(all, u)
		}
	}
	if r.Cap.Points > 0 {
		add(r.Cap.Per, "")
	}
	if r.Limit.Times > 0 {
		if r.Limit.By == "" {
			by = ""
		}
		add(r.Limit.Per, by)
	}
	return all
}

// bound cuts an award to what its rule's limit and cap leave, after stacking, multiplier and floor (§8, B1), and notes what
// it uses of them: nothing, if nothing is left.
func (c *credit) bound(x award) {
	r, a := x.rule, &x.arithmetic
	if r == nil || r.Cap.Points == 0 && r.Limit.Times == 0 || a.Awarded == 0 && x.extra == nil {
		return
	}
	all := counters(c.book, r, x.By, c.event.Cause.OccurredAt)
	left, by := int64(math.MaxInt64), ""
	if r.Cap.Points > 0 {
		points, _ := c.m.used(r.ID, all[0])
		if left, by = max(0, r.Cap.Points-points), BoundCap; c.m.forgot(r.ID, r.Cap.Per, all[0].Period) {
			left = 0
		}
	}
	if r.Limit.Times > 0 {
		last := all[len(all)-1]
		if _, times := c.m.used(r.ID, last); times >= r.Limit.Times || c.m.forgot(r.ID, r.Limit.Per, last.Period) {
			left, by = 0, BoundLimit
		}
	}
	if a.Awarded > left {
		a.Awarded, a.Bound, a.Left = left, by, left
	}
	points := a.Awarded
	if e := x.extra; e != nil {
		if left -= points; e.asked > left {
			e.asked, e.arithmetic.Bound, e.arithmetic.Left = left, by, left
		}
		points += e.asked // until the budget has answered
	}
	if points > 0 {
		x.uses = all
		put(r, all, points, 1)
	}
}

// put puts points and times on the counters of a rule.
func put(r *topics.Rule, all []*pointspb.Use, points, times int64) {
	if r.Cap.Points > 0 {
		all[0].Points = points
	}
	if r.Limit.Times > 0 {
		all[len(all)-1].Times = times
	}
}

// giveBack is what a clawback gives back of the cap and limit of a grant, in the period of its order: the cap what was
// really taken, the limit once nothing of the grant is left (§4's law). Counters that are dropped get nothing.
func (c *credit) giveBack(o *Order, g *Grant, desired, taken int64) []*pointspb.Use {
	book := c.moment.Books.Version(g.Version)
	if book == nil {
		return nil
	}
	r := ruleNamed(book, g.Rule)
	if r == nil || r.Cap.Points == 0 && r.Limit.Times == 0 {
		return nil
	}
	times := int64(0)
	if o.whole(g, desired, taken) {
		times = 1
	}
	all := counters(book, r, g.By, o.At)
	put(r, all, taken, times)
	return c.m.negative(g.Rule, all)
}

// negative turns what counters got into what they give back, at most what they have.
func (a *Account) negative(rule string, all []*pointspb.Use) []*pointspb.Use {
	var back []*pointspb.Use
	for _, u := range all {
		points, times := a.used(rule, u)
		if u.Points, u.Times = -min(u.Points, points), -min(u.Times, times); u.Points != 0 || u.Times != 0 {
			back = append(back, u)
		}
	}
	return back
}

// byOf is what the limit of a grant counts by.
func byOf(e *pointspb.Entry) string {
	for _, u := range e.Uses {
		if u.By != "" {
			return u.By
		}
	}
	return ""
}
