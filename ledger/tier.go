package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

const (
	spansKept = 16 // tier changes remembered: more than a decade at one a year
	yearsKept = 12
)

// addMetric adds to a calendar year's metric, keeping years ascending. An order that was refunded in full leaves no trace:
// a year without anything is dropped, and a member without any other order has not ordered (§4's law).
func (a *Account) addMetric(m *pointspb.MetricDelta) {
	i, ok := slices.BinarySearchFunc(a.Years, m.Year, func(y Year, want int32) int { return int(y.Year - want) })
	if !ok {
		a.Years = slices.Insert(a.Years, i, Year{Year: m.Year})
	}
	a.Years[i].Spend += m.Spend
	a.Years[i].Orders += m.Orders
	if a.Years[i].Spend == 0 && a.Years[i].Orders == 0 {
		a.Years = slices.Delete(a.Years, i, i+1)
	}
	if m.Orders != 0 {
		a.Ordered = slices.ContainsFunc(a.Years, func(y Year) bool { return y.Orders > 0 })
	}
	if len(a.Years) > yearsKept {
		a.Years = slices.Delete(a.Years, 0, len(a.Years)-yearsKept)
	}
}

// setTier records that a tier holds from an instant on, in place of what was said of that very instant.
func (a *Account) setTier(from int64, tier string) {
	i, ok := slices.BinarySearchFunc(a.Tiers, from, func(s TierSpan, want int64) int {
		switch {
		case s.From < want:
			return -1
		case s.From > want:
			return 1
		}
		return 0
	})
	if ok {
		a.Tiers[i].Tier = tier
	} else {
		a.Tiers = slices.Insert(a.Tiers, i, TierSpan{From: from, Tier: tier})
	}
	a.Tiers = slices.CompactFunc(a.Tiers, func(x, y TierSpan) bool { return x.Tier == y.Tier })
	if len(a.Tiers) > spansKept {
		a.Tiers = slices.Delete(a.Tiers, 0, len(a.Tiers)-spansKept)
	}
}

// metric is the tier metric that counts at an instant: the better of its calendar year so far and the year before (semantics §7).
func (a *Account) metric(book *topics.Rulebook, t int64) int64 {
	var best int64
	now := yearOf(book, t)
	for year := now - 1; year <= now; year++ {
		var spend int64
		var orders int32
		for _, y := range a.Years {
			if y.Year == year {
				spend, orders = y.Spend, y.Orders
			}
		}
		for i := range a.PendingOrders {
			if p := &a.PendingOrders[i]; p.Year == year && p.At != 0 && p.At <= t {
				spend, orders = spend+p.Spend, orders+p.Orders
			}
		}
		if book.Tiers.Metric == "paid_orders" {
			spend = int64(orders)
		}
		best = max(best, spend)
	}
	return best
}

// levelOf is the index of the highest level whose threshold a metric reaches.
func levelOf(book *topics.Rulebook, metric int64) int {
	level := 0
	for i, l := range book.Tiers.Levels {
		if metric >= l.From {
			level = i
		}
	}
	return level
}

// levelNamed is the index of a tier; a tier that the book does not know is the lowest.
func levelNamed(book *topics.Rulebook, tier string) int {
	return max(0, slices.IndexFunc(book.Tiers.Levels, func(l topics.Level) bool { return l.ID == tier }))
}

// Tier is the tier that a member holds at an instant, by name.
func (a *Account) Tier(book *topics.Rulebook, t int64) string {
	if book == nil || len(book.Tiers.Levels) == 0 {
		return a.TierAt(t)
	}
	return book.Tiers.Levels[levelNamed(book, a.TierAt(t))].ID
}

func yearOf(book *topics.Rulebook, t int64) int32 {
	return int32(time.UnixMilli(t).In(book.Zone).Year())
}

func midnightAfter(book *topics.Rulebook, t int64) int64 {
	y, m, d := time.UnixMilli(t).In(book.Zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, book.Zone).UnixMilli()
}

func newYearAfter(book *topics.Rulebook, t int64) int64 {
	return time.Date(int(yearOf(book, t))+1, 1, 1, 0, 0, 0, 0, book.Zone).UnixMilli()
}

// nextEvaluation is when a tier could fall after t: the next midnight if it is no longer deserved, else New Year, when
// the year before last stops counting; -1 (never) at the lowest level.
func (a *Account) nextEvaluation(book *topics.Rulebook, t int64) int64 {
	held := levelNamed(book, a.TierAt(t))
	if held == 0 {
		return -1
	}
	if levelOf(book, a.metric(book, t)) < held {
		return midnightAfter(book, t)
	}
	return newYearAfter(book, t)
}

// follow books the tier that an order or refund at t leads to: it rises at that very event, it never falls here (T1).
// Spans that were booked after t, because t is history, are looked at again. What was granted stays pinned.
// Gone is from when on an order counted of which now nothing is left, 0 = none.
func (d *Decision) follow(a *Member, book *topics.Rulebook, t int64, refund bool, gone int64) {
	if book == nil || len(book.Tiers.Levels) == 0 {
		return
	}
	d.raiseAt(a, book, t)
	d.look(a, book, t, gone)
	if !refund {
		return // what only adds to the metric brings no evaluation forward
	}
	next := a.nextEvaluation(book, t)
	if next > 0 && sooner(a.EvaluateAt, next) != a.EvaluateAt {
		d.emitOf(a, &pointspb.Entry{
			Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_KEPT, Version: book.Version,
			EffectiveAt: t, EvaluateAt: next,
		})
	}
}

// look looks again at what was booked after t.
func (d *Decision) look(a *Member, book *topics.Rulebook, t, gone int64) {
	for _, at := range a.instantsAfter(t, gone) {
		counts := at == gone || slices.ContainsFunc(a.PendingOrders, func(p PendingOrder) bool { return p.At == at })
		if !d.raiseAt(a, book, at) && counts {
			d.lowerAt(a, book, at)
		}
	}
}

// instantsAfter are those after t of which the tier is booked already, because t is history: spans begin or orders count.
func (a *Account) instantsAfter(t, gone int64) []int64 {
	var all []int64
	if gone > t {
		all = append(all, gone)
	}
	if n := len(a.Tiers); n > 0 && a.Tiers[n-1].From > t {
		for _, s := range a.Tiers {
			if s.From > t {
				all = append(all, s.From)
			}
		}
	}
	for i := range a.PendingOrders {
		if p := &a.PendingOrders[i]; p.Looked && p.At > t {
			all = append(all, p.At)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (d *Decision) raiseAt(a *Member, book *topics.Rulebook, t int64) bool {
	held := levelNamed(book, a.TierAt(t))
	deserved := levelOf(book, a.metric(book, t))
	if deserved <= held {
		return false
	}
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_CHANGED, Version: book.Version, EffectiveAt: t,
		Tier:       &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[deserved].ID},
		EvaluateAt: sooner(a.EvaluateAt, newYearAfter(book, t)),
	})
	return true
}

// lowerAt takes back a rise at the instant from which on an order counts, where history tells that it is not deserved: a
// return of before that instant comes after the clock has passed it. An event that comes in time finds no such rise.
func (d *Decision) lowerAt(a *Member, book *topics.Rulebook, t int64) {
	held := levelNamed(book, a.TierAt(t))
	right := max(levelNamed(book, a.TierAt(t-1)), levelOf(book, a.metric(book, t)))
	if right >= held {
		return
	}
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_CHANGED, Version: book.Version, EffectiveAt: t,
		Tier: &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[right].ID},
	}
	if right == 0 && a.Tiers[len(a.Tiers)-1].From <= t {
		e.EvaluateAt = -1 // nothing is left that could fall
	}
	d.emitOf(a, e)
}

// evaluate is the daily evaluation at a midnight of the program's zone: the only place where a tier falls.
func (d *Decision) evaluate(a *Member, at int64) {
	book := d.moment.Books.At(time.UnixMilli(at))
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_KEPT, EffectiveAt: at, EvaluateAt: -1,
		Cause: due("tier", at),
	}
	if book == nil || len(book.Tiers.Levels) == 0 {
		d.emitOf(a, e)
		return
	}
	e.Version = book.Version
	held := levelNamed(book, a.TierAt(at))
	deserved := levelOf(book, a.metric(book, at))
	if deserved < held {
		if book.Tiers.Downgrade == "one_down" {
			deserved = held - 1
		}
		e.Kind = pointspb.Kind_TIER_CHANGED
		e.Tier = &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[deserved].ID}
		held = deserved
	}
	if held > 0 {
		e.EvaluateAt = newYearAfter(book, at)
	}
	d.emitOf(a, e)
	if e.Tier != nil { // orders that count from later on may lead to a rise that was none before this fall
		d.by(e.Cause, func() { d.look(a, book, at, 0) })
	}
}
