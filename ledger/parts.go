package ledger

import (
	"cmp"
	"slices"
)

// part is what few accounts have: it is written behind the others' fields, and only where there is any. A part keeps its
// place in the list for good; a new one stands at its end and leaves what was written before readable.
type part struct {
	has   func(*Account) bool
	write func(*state, *Account)
	read  func(*reading, *Account)
	none  func(*Account) // what read leaves of an account that has none
	// merge adds what another account has, whose lots are numbered on by so much (R68); nil: what it has is left behind.
	merge func(into, from *Account, lots uint32)
}

// parts are those of an account, in the order in which they are written.
var parts = [...]part{
	{
		has:   func(a *Account) bool { return len(a.PendingOrders) > 0 },
		write: func(s *state, a *Account) { s.pendingOrders(a.PendingOrders) },
		read:  func(r *reading, a *Account) { a.PendingOrders = many(r, r.pendingOrder) },
		none:  func(a *Account) { a.PendingOrders = nil },
		merge: func(into, from *Account, lots uint32) {
			for _, p := range from.PendingOrders {
				p.Lot += lots
				into.PendingOrders = append(into.PendingOrders, p)
			}
		},
	},
	{
		has:   func(a *Account) bool { return a.MergedInto != "" },
		write: func(s *state, a *Account) { s.text(a.MergedInto) },
		read:  func(r *reading, a *Account) { a.MergedInto = r.text() },
		none:  func(a *Account) { a.MergedInto = "" },
	},
	{
		has: func(a *Account) bool { return len(a.Uses)+len(a.ForgottenUses) > 0 },
		write: func(s *state, a *Account) {
			s.uses(a.Uses)
			s.forgotten(a.ForgottenUses)
		},
		read: func(r *reading, a *Account) {
			a.Uses = r.uses()
			a.ForgottenUses = many(r, r.forgotten)
		},
		none:  func(a *Account) { a.Uses, a.ForgottenUses = nil, nil },
		merge: func(into, from *Account, _ uint32) { into.mergeUses(from) },
	},
	{
		has:   func(a *Account) bool { return len(a.Acts) > 0 },
		write: func(s *state, a *Account) { s.acts(a.Acts) },
		read:  func(r *reading, a *Account) { a.Acts = many(r, r.act) },
		none:  func(a *Account) { a.Acts = nil },
		merge: func(into, from *Account, lots uint32) {
			for _, x := range from.Acts {
				x.Lots = slices.Clone(x.Lots)
				for i := range x.Lots {
					x.Lots[i] += lots
				}
				into.Acts = append(into.Acts, x)
			}
			slices.SortStableFunc(into.Acts, func(x, y Act) int { return cmp.Compare(x.At, y.At) })
		},
	},
	{
		has:   func(a *Account) bool { return len(a.Days) > 0 || a.Anniversary != Anniversary{} },
		write: func(s *state, a *Account) { s.days(a) },
		read:  func(r *reading, a *Account) { r.days(a) },
		none:  func(a *Account) { a.Days, a.Anniversary = nil, Anniversary{} },
		merge: func(into, from *Account, _ uint32) {
			for _, d := range from.Days {
				into.addDay(d.From, d.Spend, d.Orders)
			}
			if into.Anniversary.From == 0 {
				into.Anniversary = from.Anniversary
			}
		},
	},
	{
		has:   func(a *Account) bool { n := &a.Notices; return n.At != 0 || n.Fall != 0 || len(n.Expired) > 0 },
		write: func(s *state, a *Account) { s.notices(&a.Notices) },
		read:  func(r *reading, a *Account) { r.notices(&a.Notices) },
		none:  func(a *Account) { a.Notices = Notices{} },
		// Of what the other was told nothing is taken over: who was told of their own lots was not of these.
		merge: func(into, from *Account, _ uint32) { into.Notices.At = sooner(into.Notices.At, from.Notices.At) },
	},
	{
		has:   func(a *Account) bool { return len(a.Earned) > 0 || len(a.Uncounted) > 0 || a.Hidden },
		write: func(s *state, a *Account) { s.boards(a) },
		read:  func(r *reading, a *Account) { r.boards(a) },
		none:  func(a *Account) { a.Earned, a.Uncounted, a.Hidden = nil, nil, false },
		merge: func(into, from *Account, lots uint32) { into.mergeBoards(from, lots) },
	},
	{
		has:   func(a *Account) bool { return len(a.Coupons) > 0 },
		write: func(s *state, a *Account) { s.coupons(a.Coupons) },
		read:  func(r *reading, a *Account) { a.Coupons = many(r, r.coupon) },
		none:  func(a *Account) { a.Coupons = nil },
		merge: func(into, from *Account, lots uint32) { into.mergeCoupons(from.Coupons, lots) },
	},
	{
		has: func(a *Account) bool { return len(a.Watched)+len(a.Identities) > 0 },
		write: func(s *state, a *Account) {
			s.watched(a.Watched)
			s.texts(a.Identities)
		},
		read: func(r *reading, a *Account) {
			a.Watched = many(r, r.watched)
			a.Identities = many(r, r.text)
		},
		none: func(a *Account) { a.Watched, a.Identities = nil, nil },
		merge: func(into, from *Account, _ uint32) {
			into.mergeWatched(from.Watched)
			into.foldIdentities(from.Identities)
		},
	},
	{
		has:   func(a *Account) bool { return len(a.MergedFrom) > 0 || a.Erased != 0 },
		write: func(s *state, a *Account) { s.ends(a) },
		read:  func(r *reading, a *Account) { r.ends(a) },
		none:  func(a *Account) { a.MergedFrom, a.Erased = nil, 0 },
		merge: func(into, from *Account, _ uint32) { into.MergedFrom = append(into.MergedFrom, from.MergedFrom...) },
	},
	{
		has:   func(a *Account) bool { return a.DaysFrom != 0 },
		write: func(s *state, a *Account) { s.int(a.DaysFrom) },
		read:  func(r *reading, a *Account) { a.DaysFrom = r.int() },
		none:  func(a *Account) { a.DaysFrom = 0 },
		// What one of the two has dropped is not to be in the other's days: a return would take it off them.
		merge: func(into, from *Account, _ uint32) {
			into.keepDays(from.DaysFrom)
			into.DaysFrom = max(into.DaysFrom, from.DaysFrom)
		},
	},
	{
		has:   func(a *Account) bool { return len(a.TakenIn) > 0 },
		write: func(s *state, a *Account) { s.takenIn(a.TakenIn) },
		read:  func(r *reading, a *Account) { a.TakenIn = many(r, r.takenIn) },
		none:  func(a *Account) { a.TakenIn = nil },
		merge: func(into, from *Account, _ uint32) {
			for _, x := range from.TakenIn {
				into.countIn(x.Item, x.Per, x.Period, x.Count)
			}
		},
	},
}

// parts writes which parts an account has, and these.
func (s *state) parts(a *Account) {
	has := 0
	for i := range parts {
		if parts[i].has(a) {
			has |= 1 << i
		}
	}
	s.count(has)
	for i := range parts {
		if has&(1<<i) != 0 {
			parts[i].write(s, a)
		}
	}
}

// parts reads what parts wrote.
func (r *reading) parts(a *Account) {
	has := r.mask()
	for i := range parts {
		if has&(1<<i) != 0 {
			parts[i].read(r, a)
		} else {
			parts[i].none(a)
		}
	}
	if has>>len(parts) != 0 {
		r.fail() // written by a later build
	}
}
