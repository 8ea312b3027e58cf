package httpapi

import (
	"context"
	"errors"
	"time"

	"jifen/topics"
)

// Errors of the ports. Any other error is answered 500 and logged.
var (
	ErrNotFound    = errors.New("not found")
	ErrUnavailable = errors.New("unavailable") // answered 503 with Retry-After
	// ErrErased is the answer of every port that is asked about a member who was erased, histories aside.
	ErrErased = errors.New("the member was erased")
	// ErrInsufficient is Plan's answer when the spendable lots do not reach.
	ErrInsufficient = errors.New("insufficient points")
)

// MergedError is the answer to what is asked of a member who turned out to be another one: nothing was done.
type MergedError struct{ Into string }

func (e MergedError) Error() string { return "the member is part of another one" }

// Accounts reads what the owner of a member's shard has applied, advanced to the program's now.
type Accounts interface {
	// Balance never fails with ErrNotFound: a member of whom nothing was booked has zeros, the lowest tier and Known false.
	Balance(ctx context.Context, member string) (Balance, error)
	// Plan says which lots would pay points, in spend order (semantics §2), or ErrInsufficient.
	Plan(ctx context.Context, member string, points int64) ([]LotUse, error)
	// Tiers is the history of a member's tiers, oldest first; like Balance it never fails with ErrNotFound.
	Tiers(ctx context.Context, member string) (Tiers, error)
}

// Tiers are the tiers that a member held and holds; the time before the first span was at the lowest.
type Tiers struct {
	Member, Tier string
	Spans        []TierSpan
	AsOf         time.Time
	Known, Stale bool // as of a Balance
}

// TierSpan says that a tier holds from an instant on, until the next span's.
type TierSpan struct {
	Tier string
	From time.Time
}

// Balance is a member's account at AsOf; points.
type Balance struct {
	Member                           string
	Available, Pending, Frozen, Debt int64
	Tier                             string
	AsOf                             time.Time
	KnownAt                          time.Time // of a balance of the past; zero: now
	NextExpiries                     []Expiry  // soonest first
	Known                            bool      // something was booked for this member
	Blocked                          bool      // the account is frozen: no spending (F2)
	MergedInto                       string    // the member that this one turned out to be (R68)
	// Stale says that the state may lag behind the ledger (catch-up, rebuild, an owner that died between its commit and its apply): it is
	// shown, but nothing is decided on it. Without it a repeated key could be refused as sold out after its redemption succeeded.
	Stale bool
}

// Expiry is what becomes breakage at one instant.
type Expiry struct {
	Points    int64
	ExpiresAt time.Time
}

// LotUse is the part that one lot has in an entry or a plan.
type LotUse struct {
	Lot       string
	Points    int64
	ExpiresAt time.Time // zero: never
}

// Items reads the catalogue.
type Items interface {
	Item(ctx context.Context, id string) (Item, error) // ErrNotFound
	Items(ctx context.Context) ([]Item, error)         // by id
	// ItemsOf reads some items at once; those that are not there are left out.
	ItemsOf(ctx context.Context, ids []string) (map[string]Item, error)
}

// Item is a reward with its prices (points for one unit) and stock (units).
type Item struct {
	ID, NameZH, NameEN string
	Kind               string // physical | virtual | service
	PriceVersion       int64
	BasePrice          int64
	TierPrices         map[string]int64
	Tiers              []string // exclusive to these; empty: everybody
	LimitPerMember     int64    // times per member, ever; 0: no limit
	OnSale             bool
	Free, Reserved     int64 // Reserved may become free again
	ItemDetails
}

// ItemDetails are what merchants say of an item beyond its prices. Times are zero where they are open.
type ItemDetails struct {
	Since                          time.Time // when it was first set
	DescriptionZH, DescriptionEN   string
	InstructionsZH, InstructionsEN string
	Pictures, Categories, Zones    []string
	SaleFrom, SaleTo               time.Time
	LimitPer                       string // day | week | month | year | ever; empty: ever
	Fulfilment                     string // shipping | codes | booking | manual | bundle
	Components                     []ComponentBody
	BookingURL                     string // {redemption} stands for the redemption's id
}

// Price is the price of one unit for a tier (X1).
func (i Item) Price(tier string) int64 {
	if p, ok := i.TierPrices[tier]; ok {
		return p
	}
	return i.BasePrice
}

// Redemptions asks for redemptions and reads what became of them.
type Redemptions interface {
	// Find reads the decided redemption, or ErrNotFound while there is none.
	Find(ctx context.Context, member, id string) (Redemption, error)
	// Request returns when the request is durable (acks=all); with ErrUnavailable it may or may not be.
	Request(ctx context.Context, r RedemptionRequest) error
	// Await returns a channel that hints, at least once after the decision, that Find is worth a look; cancel ends the hints.
	Await(ctx context.Context, member, id string) (hint <-chan struct{}, cancel func())
}

// Redemption is a decided redemption, as the member's shard keeps it.
type Redemption struct {
	ID, Member, Item string
	Quantity         int64
	Points           int64 // paid; 0 if refused
	PriceVersion     int64
	BodyHash         []byte
	Outcome          string // applied, or why not (ledger.Outcome)
	CreatedAt        time.Time
	Life             *Life // what became of it since; nil: it was refused
}

// RedemptionRequest asks the item's shard for a reservation: step (1).
type RedemptionRequest struct {
	ID, Member, Item string
	Quantity         int64
	BodyHash         []byte    // SHA-256 of the canonical body
	PriceVersion     int64     // that a valid quote named; 0: today's
	QuotedAt         time.Time // when it looked at campaigns
	QuotedUntil      time.Time // zero without a quote
	Actor            string
	Address          bool // one is kept for it
}

// History reads a member's entries.
type History interface {
	// Entries lists at most limit entries of seq < before, newest first; before 0 starts at the newest.
	Entries(ctx context.Context, member string, limit int, before uint64) (Page, error)
}

// Page is a part of a member's history, as of the moment that the analytics database had reached.
type Page struct {
	Entries []Entry
	AsOf    time.Time
}

// Entry is one ledger entry of a member.
type Entry struct {
	ID                     string
	Seq                    uint64
	Points                 int64 // what it changed in available + pending + frozen - debt
	OccurredAt, RecordedAt time.Time
	Lots                   []LotUse
	Why                    Why
}

// Why is the arithmetic behind an entry, as far as its kind has any.
type Why struct {
	Kind          string // ledger kind in lower case: granted, expired, redeemed, …
	Rule, Version string
	Mode          string // step | proportional | quantity | fixed
	Points        int64  // per step, per unit, or fixed
	Per           int64  // minor units of a step
	Eligible      int64  // minor units
	Quantity      int64
	Currency      string // ISO 4217
	Tier          string
	TierRatio     topics.Ratio // zero value: 1
	CampaignRatio topics.Ratio // zero value: 1
	Campaigns     []string
	Desired       int64
	Awarded       int64 // reversed: points taken back
	Holdout       bool
	Bound         string       // cap | limit | budget: why awarded is below desired
	Left          int64        // what that left
	LessRatio     topics.Ratio // of what a campaign with a budget adds: the campaigns without it; zero value: a whole award
	Budget        string       // that campaign
	Order, Item   string
	FromTier      string
	Step          string // of a redemption, in the ledger's words; unit: the item's answer
	Refusal       string
	Changed       int64     // of available + pending + frozen - debt
	Frozen        int64     // change of the frozen points
	Act, Reason   string    // of what was done by hand: the freeze or adjustment that it is, or is about, and why
	Run           string    // the retro run that asked for it
	Undo          bool      // its undoing did
	Erased        bool      // the member's erasure led to it
	Before        int64     // retro: what the rule had given already
	Pending       int64     // change of the pending points
	ActiveAt      time.Time // in the program's zone: until when granted points are pending; zero: until the order is completed
	// Of what an entry took, and of the lot that it made:
	KeptPoints, ReversedBefore int64     // reversed: what is kept earns so much, so much was taken back before
	Sources                    []Source  // where the points came from
	Lot                        string    // granted; empty: not told
	ExpiresAt                  time.Time // of that lot, in the program's zone; zero: never, or not known yet
	Followed                   bool      // Fates says what became of that lot up to now
	Fates                      []Fate
}

// Source is what an entry took from a lot, from what a lot lost by expiry (breakage), or as debt.
type Source struct {
	Account string // pending | available | frozen | breakage | debt
	Lot     string
	Points  int64
}

// Fate is what entries of a kind took from a lot.
type Fate struct {
	Kind   string
	Points int64
}
