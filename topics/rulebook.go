package topics

import (
	"sort"
	"time"
)

// Ratio is an exact rational; Den > 0. Rates and multipliers are ratios, never floats.
type Ratio struct{ Num, Den int64 }

// One is the multiplier that changes nothing.
func One() Ratio { return Ratio{1, 1} }

// Rulebook is one published version: what activities earn and what tiers and lots are. It never changes once published.
type Rulebook struct {
	Name, Version string
	From          time.Time // effective_from; in force until the next version starts
	Zone          *time.Location
	Currency      string // ISO 4217
	Validity      Validity
	Clawback      Clawback
	Tiers         Tiers
	Rules         []Rule
	Campaigns     []Campaign
	Redeem        []Redeem
	Rebate        Ratio // part of the points paid for a redemption that is given back, below 1; the zero Ratio: none (D10)
	Notices       NoticePlan
	// NoExpiryWithoutNotice: a lot of whose expiry the member was not told in time lives on for a week.
	NoExpiryWithoutNotice bool
	Milestones            []Milestone
	MaxMultiplier         Ratio // of tier × campaigns; NoMaximum where the book sets none
	PointCost             Ratio // what a point costs the retailer, minor units
	Leaderboard           Leaderboard
	Abuse                 []AbuseRule
}

// Leaderboard says in which calendar periods of the program's zone points earned are ranked (D12); the zero value: in none.
type Leaderboard struct{ Month, Year bool }

// Validity is how long a lot lives, from its activation (D9) or from what earned it; the zero value is for ever.
type Validity struct {
	Years, Months, Days int
	Rounding            Rounding
	FromEarning         bool
}

// Pending is how long a rule's points wait before they can be spent (semantics §3); the zero value: not at all.
type Pending struct {
	Days      int  // of 24 hours, from the event's time on
	Completed bool // until the order is completed
}

// IsZero says that points can be spent at once (P3).
func (p Pending) IsZero() bool { return p == Pending{} }

// ActiveAt is from when on the points of an event at t, Unix ms, can be spent; 0: once the order is completed.
func (p Pending) ActiveAt(t int64) int64 {
	if p.Completed {
		return 0
	}
	return t + int64(p.Days)*(24*time.Hour).Milliseconds()
}

// Rounding says to the end of which period a lot's last day is moved.
type Rounding string

// The roundings of a lot's last valid day.
const (
	RoundDay     Rounding = "day"
	RoundMonth   Rounding = "month"
	RoundQuarter Rounding = "quarter"
	RoundYear    Rounding = "year"
)

// Clawback says where the points of a refund come from when its own lot is spent (semantics §4).
type Clawback string

// The clawback policies.
const (
	ClawbackDebt        Clawback = "debt"
	ClawbackBalance     Clawback = "within_balance"
	ClawbackOnlyPending Clawback = "only_pending"
)

// Tiers are the levels and how they are reached (semantics §7).
type Tiers struct {
	Metric    string // spend | paid_orders
	Window    Window
	Keep      string // end_of_next_year; of rolling_12_months: none
	Downgrade Downgrade
	// Membership: the retailer's membership system sets the tiers by its events, and the metric sets none (R33).
	Membership bool
	// CountPending: an order counts in the metric at once; else once its windows have ended (semantics §3).
	CountPending bool
	Levels       []Level // ascending; the first starts at 0
}

// Window says of which time the metric is.
type Window string

// The windows.
const (
	CalendarYear Window = "calendar_year"
	Rolling      Window = "rolling_12_months"
	Anniversary  Window = "anniversary" // years of the member's own
)

// ByDay says that the calendar's years are not enough for the window.
func (w Window) ByDay() bool { return w == Rolling || w == Anniversary }

// Downgrade says how far a tier falls.
type Downgrade string

// The downgrades.
const (
	DowngradeBest    Downgrade = "best"     // to the level that is deserved
	DowngradeOneDown Downgrade = "one_down" // one level a year
)

// Level is one tier.
type Level struct {
	ID         string
	From       int64 // metric from which it holds: minor units, or orders
	Multiplier Ratio
}

// Mode says how units are counted (D1).
type Mode string

// The modes of earning.
const (
	ModeStep         Mode = "step"
	ModeProportional Mode = "proportional"
	ModeQuantity     Mode = "quantity"
	ModeFixed        Mode = "fixed"
)

// Rule is one way to earn.
type Rule struct {
	ID             string
	On             string // event type
	Match          Match
	Mode           Mode
	Points         int64 // per step, per unit, or fixed
	Per            int64 // minor units of a step; units of a quantity (0 = 1); 0 where fixed
	TierMultiplier bool
	Validity       *Validity // nil: the book's
	Pending        Pending
	Exclusive      string
	Priority       int32
	HoldoutPercent uint32 // 0..100: members of the hold-out are recorded, not credited
	Cap            Cap
	Limit          Limit
	When           string // CEL: a further condition; empty: none
	// Referrer: the points go to the member whose share the order came through, if that is at most Within old (D6).
	Referrer bool
	Within   time.Duration
}

// Match says which events and lines a rule is for; empty lists match all.
type Match struct {
	Category, SKU, Tag   []string // of a line
	Store, Channel, Tier []string
	Activity             []string
	FirstOrder           bool
	MinLength            int64 // of a review
	MinPictures          int64
	Verified             bool // only of what the member has bought and kept
}

// Campaign multiplies the rules it names (all, if none) for events in [From, To); a zero From or To is open.
type Campaign struct {
	ID                   string
	Rules                []string
	Multiplier           Ratio
	Group                string
	From, To             time.Time
	Store, Channel, Tier []string
	Budget               int64 // the most points that it adds to awards, 0 = no bound
	Shown                Showing
}

// CampaignNamed is a campaign of the book; nil if it has none of that name.
func (b *Rulebook) CampaignNamed(id string) *Campaign {
	for i := range b.Campaigns {
		if b.Campaigns[i].ID == id {
			return &b.Campaigns[i]
		}
	}
	return nil
}

// Books are the published versions in the order in which they take effect.
type Books []*Rulebook

// NewBooks sorts versions by their start; the later published of two that start together wins.
func NewBooks(versions ...*Rulebook) Books {
	b := append(Books(nil), versions...)
	sort.SliceStable(b, func(i, j int) bool { return b[i].From.Before(b[j].From) })
	return b
}

// At returns the version in force at t, or nil before the first (semantics §9: by event time, not arrival).
func (b Books) At(t time.Time) *Rulebook {
	if n := len(b); n > 0 && !t.Before(b[n-1].From) {
		return b[n-1] // as a rule
	}
	i := sort.Search(len(b), func(i int) bool { return b[i].From.After(t) })
	if i == 0 {
		return nil
	}
	return b[i-1]
}

// Version returns the version of that name, or nil.
func (b Books) Version(v string) *Rulebook {
	for _, r := range b {
		if r.Version == v {
			return r
		}
	}
	return nil
}
