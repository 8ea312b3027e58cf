package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// metric is the tier metric that counts at an instant, in the window of the book.
func (d *Decision) metric(a *Member, book *topics.Rulebook, t int64) int64 {
	if !book.Tiers.Window.ByDay() {
		return a.calendarMetric(book, t)
	}
	m := a.windowMetric(book, t, never)
	if t < changed(d.moment.Books, book) {
		m = max(m, a.calendarMetric(book, t))
	}
	return m
}

// evaluationAfter is when a tier that is held at t could fall; -1 (never) at the lowest level: the next midnight if it is no
// longer deserved, else when a part of its metric stops counting.
func (d *Decision) evaluationAfter(a *Member, book *topics.Rulebook, t int64, held int) int64 {
	if held == 0 {
		return -1
	}
	again := a.fallsAgain(book, t)
	if held < levelNamed(book, a.TierAt(t-1)) {
		again = a.yearOver(book, t)
	}
	from := book.Tiers.Levels[held].From
	if d.metric(a, book, t) < from {
		return max(midnightAfter(book, t), again)
	}
	if !book.Tiers.Window.ByDay() {
		return newYearAfter(book, t)
	}
	if until := changed(d.moment.Books, book); t < until {
		return min(newYearAfter(book, t), until)
	}
	if book.Tiers.Window == topics.Rolling {
		return max(a.rollsBelow(book, t, from), again)
	}
	return a.yearAfter(book, t)
}

// evaluated is the level to which the evaluation at a midnight leads from the one that was held before.
func (d *Decision) evaluated(a *Member, book *topics.Rulebook, at int64) int {
	before := levelNamed(book, a.TierAt(at-1))
	if held := levelNamed(book, a.TierAt(at)); held > before {
		return held // something happened at that very instant
	}
	deserved := levelOf(book, d.metric(a, book, at))
	switch {
	case deserved >= before:
		return before
	case book.Tiers.Downgrade != topics.DowngradeOneDown:
		return deserved
	case at < a.fallsAgain(book, at):
		return before
	}
	return before - 1
}

// follow books the tier that an order at t leads to: it rises at that very event, it never falls here (T1). Spans that were
// booked after t, because t is history, are looked at again. What was granted stays pinned.
func (d *Decision) follow(a *Member, book *topics.Rulebook, t int64) {
	if !tiered(book) {
		return
	}
	d.raiseAt(a, book, t)
	d.look(a, book, t)
	if a.EvaluateAt == 0 && len(a.Tiers) > 0 { // what only adds to the metric brings no evaluation forward
		d.plan(a, book, t, 0)
	}
}

// plan brings the next evaluation forward to the first at which a tier held from t on could fall.
func (d *Decision) plan(a *Member, book *topics.Rulebook, t, gone int64) {
	next := d.evaluationsAfter(a, book, t, levelNamed(book, a.TierAt(t)), gone)
	if next > 0 && sooner(a.EvaluateAt, next) != a.EvaluateAt {
		d.emitOf(a, &pointspb.Entry{
			Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_KEPT, Version: book.Version,
			EffectiveAt: t, EvaluateAt: next,
		})
	}
}

// look looks again at what was booked after t: at an evaluation, where it fell, else where it rose or an order counts.
func (d *Decision) look(a *Member, book *topics.Rulebook, t int64) {
	instants := a.instantsAfter(t, 0)
	if len(instants) == 0 {
		return
	}
	falls := a.falls(book, never)
	for _, at := range instants {
		if slices.Contains(falls, at) {
			d.raiseTo(a, book, at, d.evaluated(a, book, at))
			continue
		}
		if !d.raiseAt(a, book, at) && a.countsFrom(at) {
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

// countsFrom says that there is an order that counts from that instant on.
func (a *Account) countsFrom(at int64) bool {
	return slices.ContainsFunc(a.PendingOrders, func(p PendingOrder) bool { return p.At == at })
}

// raiseAt books the rise of an event, or of an order that counts from t on: never below what was held before.
func (d *Decision) raiseAt(a *Member, book *topics.Rulebook, t int64) bool {
	before := levelNamed(book, a.TierAt(t-1))
	return d.raiseTo(a, book, t, max(before, levelOf(book, d.metric(a, book, t))))
}

func (d *Decision) raiseTo(a *Member, book *topics.Rulebook, t int64, level int) bool {
	held := levelNamed(book, a.TierAt(t))
	if level <= held {
		return false
	}
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_CHANGED, Version: book.Version, EffectiveAt: t,
		Tier:       &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[level].ID},
		EvaluateAt: sooner(a.EvaluateAt, d.evaluationAfter(a, book, t, level)),
	})
	return true
}

// lowerAt takes back a rise at the instant from which on an order counts, where history tells that it is not deserved: a
// return of before that instant comes after the clock has passed it. An event that comes in time finds no such rise.
func (d *Decision) lowerAt(a *Member, book *topics.Rulebook, t int64) bool {
	held := levelNamed(book, a.TierAt(t))
	right := max(levelNamed(book, a.TierAt(t-1)), levelOf(book, d.metric(a, book, t)))
	if right >= held {
		return false
	}
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_CHANGED, Version: book.Version, EffectiveAt: t,
		Tier: &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[right].ID},
	}
	if right == 0 && a.Tiers[len(a.Tiers)-1].From <= t {
		e.EvaluateAt = -1 // nothing is left that could fall
	}
	d.emitOf(a, e)
	return true
}

// evaluate is the daily evaluation at a midnight of the program's zone: the only place where a tier falls.
func (d *Decision) evaluate(a *Member, at int64) {
	book := d.moment.Books.At(time.UnixMilli(at))
	e := &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_KEPT, EffectiveAt: at, EvaluateAt: -1,
		Cause: due("tier", at),
	}
	if !tiered(book) {
		d.emitOf(a, e)
		return
	}
	e.Version = book.Version
	held, level := levelNamed(book, a.TierAt(at)), d.evaluated(a, book, at)
	if level != held {
		e.Kind = pointspb.Kind_TIER_CHANGED
		e.Tier = &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[level].ID}
	}
	if next := d.evaluationsAfter(a, book, at, level, 0); next != 0 {
		e.EvaluateAt = next
	}
	d.emitOf(a, e)
	if e.Tier != nil { // what came since may lead to a rise that was none before this fall
		d.by(e.Cause, func() {
			d.look(a, book, at)
			d.riseAgain(a, book, at)
		})
	}
}
