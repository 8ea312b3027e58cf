package ledger

import (
	"cmp"
	"slices"
)

// Account is a member's state: lots, debt, tier and what feeds it. Its encoding is compact (requirement T16).
type Account struct {
	Lots    []Lot  // remaining > 0, in spend order (semantics §2)
	NextLot uint32 // number of the newest lot
	Debt    int64  // >= 0, never expires
	Frozen  bool   // nothing is spent: a freeze of the account is in force
	// Expired keeps what order lots lost by expiry until their order is forgotten: a refund takes from there first (C5).
	Expired []ExpiredLot
	Tiers   []TierSpan // by From; the last is today's
	Years   []Year     // tier metric by calendar year of the event time
	// PendingOrders are not in Years yet: they count from the end of their windows on.
	PendingOrders []PendingOrder
	Uses          []Use           // of caps and limits, by rule, period and what the limit counts by
	ForgottenUses []ForgottenUses // periods whose counters are dropped, by rule and period
	Acts          []Act           // what was done by hand, oldest first
	Days          []Day           // tier metric by day, where a window needs it
	DaysFrom      int64           // first day that may be among them: those before it were dropped, Unix ms; 0 = none was
	Anniversary   Anniversary
	Notices       Notices
	// Earned are the points that count on leaderboards, by period; of pending lots they do not yet (board.go).
	Earned    []Earned
	Uncounted []Uncounted
	Hidden    bool      // the member is on no leaderboard
	Coupons   []Coupon  // of milestones, the last one of each period and member
	Watched   []Watched // what abuse rules count, by rule
	// Identities are the accounts of devices and addresses where abuse rules count the member.
	Identities []string
	// EvaluateAt is when the tier is looked at next (Unix ms, 0 = never).
	EvaluateAt int64
	Ordered    bool // has a paid order
	Taken      []ItemCount
	TakenIn    []ItemPeriod // where an item's limit counts by calendar periods
	Months     []SeenMonth  // seen buckets, but for that of business keys
	// Sweep is when to look for orders and months to forget (Unix ms, 0 = there are none).
	Sweep int64
	// MergedInto is the member that this one turned out to be, to whom all that comes goes on; empty: it is itself (R68).
	MergedInto string
	// MergedFrom are the ids that the member once had: what is forgotten of this one is forgotten of them.
	MergedFrom []string
	// Erased is when the member was to be forgotten, Unix ms: nothing else is kept of them; 0 = they were not.
	Erased int64
	// Due is the earliest instant at which Advance has work, 0 = none.
	Due int64
}

// Lot is one credit's points: spendable iff it is not pending and ActiveAt <= t < ExpiresAt.
type Lot struct {
	Number    uint32
	Remaining int64
	ActiveAt  int64 // Unix ms, 0 = once its order is completed
	ExpiresAt int64 // Unix ms, 0 = never, or not known before the lot is active
	Priority  int32
	Pending   bool // booked as pending
	Frozen    bool // booked as frozen: not spent, and not expiring
	Ordered   bool // came from an order, so a refund may reach it after its expiry
	History   bool // pending, of a backfilled event: it reaches no milestone
}

// ExpiredLot is the part of a lot that became breakage.
type ExpiredLot struct {
	Number uint32
	Points int64
}

// TierSpan says that a tier holds from an instant on.
type TierSpan struct {
	From int64
	Tier string
}

// Year is the tier metric of one calendar year in the program's zone.
type Year struct {
	Year   int32
	Spend  int64
	Orders int32
}

// ItemCount is how often a member redeemed an item.
type ItemCount struct {
	Item  string
	Count int64
}

// SeenMonth is a seen bucket and the day of its last write, Unix ms.
type SeenMonth struct {
	Month int32
	Day   int64
}

// Balance is what a member has at an instant: available is spendable, debt is positive.
type Balance struct{ Available, Pending, Frozen, Debt int64 }

// Clone returns a copy that shares nothing.
func (a *Account) Clone() *Account {
	c := *a
	// One spare place: the next credit then does not copy the lots of a busy member again.
	c.Lots = append(make([]Lot, 0, len(a.Lots)+8), a.Lots...)
	c.Expired = slices.Clone(a.Expired)
	c.Tiers = slices.Clone(a.Tiers)
	c.Years = slices.Clone(a.Years)
	c.PendingOrders = slices.Clone(a.PendingOrders)
	c.Uses = slices.Clone(a.Uses)
	c.ForgottenUses = slices.Clone(a.ForgottenUses)
	c.Acts = slices.Clone(a.Acts)
	c.Days = slices.Clone(a.Days)
	c.Notices.Expired = slices.Clone(a.Notices.Expired)
	c.Earned, c.Uncounted = slices.Clone(a.Earned), slices.Clone(a.Uncounted)
	c.Coupons = slices.Clone(a.Coupons)
	c.Identities = slices.Clone(a.Identities)
	c.Watched = slices.Clone(a.Watched)
	for i := range c.Watched {
		c.Watched[i].Times = slices.Clone(c.Watched[i].Times)
	}
	c.Taken, c.TakenIn = slices.Clone(a.Taken), slices.Clone(a.TakenIn)
	c.Months = slices.Clone(a.Months)
	c.MergedFrom = slices.Clone(a.MergedFrom)
	return &c
}

// Balance returns the balance by the clock, without booking anything.
func (a *Account) Balance(now int64) Balance {
	b := Balance{Debt: a.Debt}
	for i := range a.Lots {
		switch l := &a.Lots[i]; {
		case l.Frozen:
			b.Frozen += l.Remaining
		case l.Pending || l.ActiveAt > now:
			b.Pending += l.Remaining
		case l.spendable(now):
			b.Available += l.Remaining
		}
	}
	return b
}

// Booked returns the sums of the postings so far: available still holds lots whose expiry nobody has booked.
func (a *Account) Booked() Balance {
	b := Balance{Debt: a.Debt}
	for i := range a.Lots {
		switch l := &a.Lots[i]; {
		case l.Frozen:
			b.Frozen += l.Remaining
		case l.Pending:
			b.Pending += l.Remaining
		default:
			b.Available += l.Remaining
		}
	}
	return b
}

func (l *Lot) spendable(now int64) bool { return l.ActiveAt <= now && l.open(now) }

// open says that the lot is booked as available and not past its expiry. It is spendable, but for the minutes by which an
// event may be ahead of the clock.
func (l *Lot) open(now int64) bool {
	return !l.Pending && !l.Frozen && (l.ExpiresAt == 0 || now < l.ExpiresAt)
}

// compareLots is the spend order: priority, expiry (never last), number (L3).
func compareLots(x, y Lot) int {
	return cmp.Or(cmp.Compare(x.Priority, y.Priority), cmp.Compare(expiry(x), expiry(y)), cmp.Compare(x.Number, y.Number))
}

func expiry(l Lot) int64 {
	if l.ExpiresAt == 0 {
		return 1<<63 - 1
	}
	return l.ExpiresAt
}

func (a *Account) addLot(l Lot) {
	if n := len(a.Lots); n == 0 || compareLots(a.Lots[n-1], l) < 0 { // as most are: they expire as they came
		a.Lots = append(a.Lots, l)
		return
	}
	i, _ := slices.BinarySearchFunc(a.Lots, l, compareLots)
	a.Lots = slices.Insert(a.Lots, i, l)
}

// lot finds a lot by number, searched from the newest because that is what refunds ask for.
func (a *Account) lot(number uint32) (int, bool) {
	for i := len(a.Lots) - 1; i >= 0; i-- {
		if a.Lots[i].Number == number {
			return i, true
		}
	}
	return 0, false
}

func (a *Account) expired(number uint32) int64 {
	for _, x := range a.Expired {
		if x.Number == number {
			return x.Points
		}
	}
	return 0
}

// TierAt returns the tier held at an instant; empty before the first change: the lowest level.
func (a *Account) TierAt(t int64) string {
	tier := ""
	for _, s := range a.Tiers {
		if s.From > t {
			break
		}
		tier = s.Tier
	}
	return tier
}

// taken returns how often the member redeemed an item.
func (a *Account) taken(item string) int64 {
	for _, c := range a.Taken {
		if c.Item == item {
			return c.Count
		}
	}
	return 0
}

// dueAt computes Due from scratch.
func (a *Account) dueAt() int64 {
	due := sooner(a.EvaluateAt, a.Notices.At)
	for i := range a.Lots {
		due = sooner(due, a.Lots[i].due())
	}
	for i := range a.PendingOrders {
		if p := &a.PendingOrders[i]; !p.Looked {
			due = sooner(due, p.At)
		}
	}
	for i := range a.Acts {
		due = sooner(due, a.Acts[i].reviewDue())
	}
	return due
}

func (l *Lot) due() int64 {
	switch {
	case l.Frozen:
		return 0
	case l.Pending:
		return sooner(l.ActiveAt, l.ExpiresAt)
	}
	return l.ExpiresAt
}

// sooner is the smaller of two instants of which 0 means never.
func sooner(x, y int64) int64 {
	if x == 0 || (y != 0 && y < x) {
		return y
	}
	return x
}
