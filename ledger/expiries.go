package ledger

import (
	"cmp"
	"slices"
)

// LotExpiry is how many points expire at one instant.
type LotExpiry struct {
	Points, At int64 // Unix ms
}

// NextExpiries are the expiries of what can be spent at an instant, soonest first, so many of them at most. What never
// expires is in none, and neither are frozen points, which do not expire, nor pending ones: they may be voided, or their
// validity may not run yet. The calendar of a forecast has those, too (CalendarOf).
func (a *Account) NextExpiries(now int64, most int) []LotExpiry {
	var all []LotExpiry
	for i := range a.Lots {
		l := &a.Lots[i]
		if l.ExpiresAt == 0 || !l.spendable(now) {
			continue
		}
		n, ok := slices.BinarySearchFunc(all, l.ExpiresAt, func(x LotExpiry, at int64) int { return cmp.Compare(x.At, at) })
		if !ok {
			all = slices.Insert(all, n, LotExpiry{At: l.ExpiresAt})
		}
		all[n].Points += l.Remaining
	}
	return all[:min(len(all), most)]
}
