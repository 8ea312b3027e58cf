package ledger

import "jifen/topics"

// TierStanding is the tier of a member, and what would raise or keep it: minor units, or orders. Times are Unix ms, 0 = never.
type TierStanding struct {
	Tier        string
	Since       int64 // 0: from the start
	Value       int64 // of the metric, in the window that runs
	Next        *topics.Level
	NextMissing int64
	KeepUntil   int64 // when the tier could fall, unless KeepMissing comes before
	KeepMissing int64
}

// TierStandingOf is a member's standing under the book in force; nil: none is, or it has no tiers.
func TierStandingOf(w *World, member string, m Moment) *TierStanding {
	book := m.Books.At(m.Time())
	if book == nil || len(book.Tiers.Levels) == 0 {
		return nil
	}
	d, a := begin(w, m, nil), w.Member(member)
	held := levelNamed(book, a.TierAt(m.Now))
	s := &TierStanding{Tier: book.Tiers.Levels[held].ID, Value: d.running(a, book)}
	for _, x := range a.Tiers {
		if x.From <= m.Now {
			s.Since = x.From
		}
	}
	if book.Tiers.Membership {
		return s
	}
	if held+1 < len(book.Tiers.Levels) {
		s.Next = &book.Tiers.Levels[held+1]
		s.NextMissing = max(0, s.Next.From-s.Value)
	}
	if a.EvaluateAt > m.Now {
		s.KeepUntil = a.EvaluateAt
		s.KeepMissing = max(0, book.Tiers.Levels[held].From-d.metric(a, book, a.EvaluateAt))
	}
	return s
}

// running is the metric of the window that runs: of calendar years that of this one alone, for last year's will not rise any more.
func (d *Decision) running(a *Member, book *topics.Rulebook) int64 {
	if book.Tiers.Window.ByDay() {
		return d.metric(a, book, d.moment.Now)
	}
	var spend int64
	var orders int32
	year := yearOf(book, d.moment.Now)
	for _, y := range a.Years {
		if y.Year == year {
			spend, orders = y.Spend, y.Orders
		}
	}
	for i := range a.PendingOrders {
		if p := &a.PendingOrders[i]; p.Year == year && p.At != 0 && p.At <= d.moment.Now {
			spend, orders = spend+p.Spend, orders+p.Orders
		}
	}
	if book.Tiers.Metric == "paid_orders" {
		return int64(orders)
	}
	return spend
}
