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

// calendarMetric is the better of its calendar year so far and the year before (semantics §7).
func (a *Account) calendarMetric(book *topics.Rulebook, t int64) int64 {
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

// fallsAgain is from when on a tier that fell before t may fall again, where it is one level a year; 0: at any time.
func (a *Account) fallsAgain(book *topics.Rulebook, t int64) int64 {
	if book.Tiers.Downgrade != topics.DowngradeOneDown {
		return 0
	}
	if falls := a.falls(book, t); len(falls) > 0 {
		return a.yearOver(book, falls[len(falls)-1])
	}
	return 0
}

// yearOver is when the year is over in which a tier fell.
func (a *Account) yearOver(book *topics.Rulebook, fell int64) int64 {
	switch {
	case book.Tiers.Downgrade != topics.DowngradeOneDown:
		return 0
	case book.Tiers.Window == topics.Rolling:
		return startOfDay(book.Zone, fell, 1, 0)
	}
	return a.yearAfter(book, fell)
}

// falls are the instants before t at which the tier fell: evaluations.
func (a *Account) falls(book *topics.Rulebook, t int64) (all []int64) {
	held := 0
	for _, s := range a.Tiers {
		level := levelNamed(book, s.Tier)
		if s.From < t && level < held {
			all = append(all, s.From)
		}
		held = level
	}
	return all
}
