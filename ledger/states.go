package ledger

import (
	"slices"
)

// Order keeps what an order earned and what was taken back, for Horizon after its last write.
type Order struct {
	Paid    bool  // false: only refunds have come so far
	At      int64 // event time, Unix ms
	Year    int32 // calendar year that its metric counts in
	Counted bool  // the order counts as one paid order, at once or when its windows have ended
	Lines   []OrderLine
	Grants  []Grant
	Returns []Returned // refunds applied
	Early   []Refund   // refunds that came before the order
	Reviews [][]byte   // reviews that came before it and wait for it: CreditEvents
	// Completed is from when on the order is completed, Unix ms, 0 = it is not: it may be so before the order comes. At the
	// place of a redemption, from when on that is closed.
	Completed int64
	Asked     []string // rules whose awards wait for a campaign's budget to answer
	// Sharer is through whose share the order came, while they have points for it.
	Sharer  string
	Written int64    // last write, Unix ms
	Retros  []Retro  // in the order in which runs came
	RunLots []uint32 // lots that runs gave, or their undoing
}

// OrderLine is a line and what is kept of it, minor units.
type OrderLine struct {
	ID       string
	Net      int64
	Eligible int64
	Kept     int64
}

// Grant pins the arithmetic of an award, so that a refund never asks today's rules (C6).
type Grant struct {
	Rule     string
	Version  string
	Mode     string
	Points   int64
	Per      int64
	Eligible int64
	Quantity int64
	Num, Den int64 // tier × campaign multiplier
	Lines    []uint32
	Lot      uint32
	Awarded  int64
	Reversed int64
	Short    int64  // of Reversed, what the clawback policy did not take
	By       string // what the rule's limit counts by
	// Of what a campaign with a budget added: the campaign, and the multiplier without it.
	Campaign         string
	LessNum, LessDen int64
}

// Refund is a refund that waits for its order.
type Refund struct {
	Source string
	ID     string // event id
	At     int64
	Return string
	Lines  []RefundLine
}

// RefundLine is an amount given back for a line.
type RefundLine struct {
	ID  string
	Net int64
}

// Redemption is a redemption's stored answer and what paid for it.
type Redemption struct {
	_            struct{} `cbor:",toarray"`
	Member       string
	Item         string
	Quantity     int64
	BodyHash     []byte
	Outcome      Outcome // Applied, or why not
	Points       int64   // paid in all
	PriceVersion int64
	At           int64
	Lots         []LotUse // in the order in which they were consumed
	Returns      []Return // oldest first
	Parts        []Part   // what was given: of a bundle its own first
	ListPrice    int64    // of one unit for the member's tier, before a campaign
	Campaign     string   // that made it cheaper
	LimitPer     string   // the item's limit counts by it; empty: by none but ever
	LimitPeriod  int32
	Rebate       *Rebate // nil: none
	Until        int64   // of one that was fulfilled at once: when it is closed, Unix ms
	Steps        []Step  // what became of it, oldest first
}

// Part is what an item gave for a redemption.
type Part struct {
	_          struct{} `cbor:",toarray"`
	Item       string
	Quantity   int64
	Fulfilment string  // shipping | codes | booking | manual | bundle
	Codes      []int64 // numbers in the item's pool
}

// LotUse is what one lot paid.
type LotUse struct {
	_         struct{} `cbor:",toarray"`
	Number    uint32
	Points    int64
	ExpiresAt int64
	// Of the lot, should the points be given back after it was spent up:
	ActiveAt int64
	Priority int32
	Ordered  bool
}

// Item is an item's state: loaded = free + reserved + sold, each >= 0 (I4).
type Item struct {
	_          struct{} `cbor:",toarray"`
	ID         string
	NameZh     string
	NameEn     string
	Kind       string
	OnSale     bool
	Tiers      []string // exclusive to these; empty = everybody
	PerMember  int64    // times per member, 0 = no limit
	Prices     Prices
	Previous   []Prices // newest last, replaced within the quote window
	Loaded     int64
	Free       int64
	Reserved   int64
	Sold       int64
	Open       []Reservation
	LastID     string // the last request that set the item, and how it ended
	LastResult Outcome
	Fulfilment string // empty: by kind
	Details    ItemDetails
	Pool       Pool // of its codes, where it has any
}

// Prices is a price list and until when it was in force (0 = still).
type Prices struct {
	_       struct{} `cbor:",toarray"`
	Version int64
	Base    int64
	Tiers   []TierPrice
	Until   int64
}

// TierPrice is a tier's own price (R14).
type TierPrice struct {
	_      struct{} `cbor:",toarray"`
	Tier   string
	Points int64
}

// Reservation is stock held for a redemption whose member's shard has not decided.
type Reservation struct {
	_          struct{} `cbor:",toarray"`
	Redemption string
	BodyHash   []byte
	Quantity   int64
	Codes      []CodeSpan // of an item with codes
}

// For returns the price for a tier: its own if it has one, else the base price (R12, R14).
func (p *Prices) For(tier string) int64 {
	for _, t := range p.Tiers {
		if t.Tier == tier {
			return t.Points
		}
	}
	return p.Base
}

// Clone returns a copy that shares nothing that Fold changes in place.
func (o *Order) Clone() *Order {
	c := *o
	c.Lines = slices.Clone(o.Lines)
	c.Grants = slices.Clone(o.Grants)
	c.Returns = slices.Clone(o.Returns)
	c.Early = slices.Clone(o.Early)
	c.Reviews = slices.Clone(o.Reviews)
	c.Asked = slices.Clone(o.Asked)
	c.Retros, c.RunLots = slices.Clone(o.Retros), slices.Clone(o.RunLots)
	return &c
}

// Clone returns a copy that shares nothing that Fold changes in place.
func (i *Item) Clone() *Item {
	c := *i
	c.Previous = slices.Clone(i.Previous)
	c.Open = slices.Clone(i.Open)
	c.Details.Asked = slices.Clone(i.Details.Asked)
	c.Pool.Free, c.Pool.Loads = slices.Clone(i.Pool.Free), slices.Clone(i.Pool.Loads)
	return &c
}

func (i *Item) reservation(id string, hash []byte) int {
	return slices.IndexFunc(i.Open, func(r Reservation) bool {
		return r.Redemption == id && slices.Equal(r.BodyHash, hash)
	})
}
