package ledger

import (
	"crypto/sha256"
	"slices"

	"jifen/topics/pointspb"
)

// ItemDetails is what a definition says of an item beyond its prices, and what was last asked of it.
type ItemDetails struct {
	_                              struct{} `cbor:",toarray"`
	Since                          int64    // when the item was first set, Unix ms
	LimitPer                       string   // day | week | month | year | ever; empty: ever
	SaleFrom, SaleTo               int64    // Unix ms, 0 = open; to is not included
	Categories, Zones              []string
	Pictures                       []string
	DescriptionZh, DescriptionEn   string
	InstructionsZh, InstructionsEn string
	BookingURL                     string
	Components                     []Component
	CodesLow                       int64
	Asked                          []Asked // the newest requests that set the item or its stock, oldest first
}

// Component is an item of which a bundle has so many units.
type Component struct {
	_        struct{} `cbor:",toarray"`
	Item     string
	Quantity int64
}

// Asked is a request that set an item or its stock, and how it ended.
type Asked struct {
	_       struct{} `cbor:",toarray"`
	ID      string
	Add     int64 // units of a StockRequest
	Outcome Outcome
}

// askedMost is how many requests on an item are kept.
const askedMost = 50

// Sold says that the item is on sale at an instant: merchants offer it, and its window is open.
func (i *Item) sells(now int64) bool {
	d := &i.Details
	return i.OnSale && d.SaleFrom <= now && (d.SaleTo == 0 || now < d.SaleTo)
}

// Answer is what became of a request that set the item or its stock; nil: it is not known, or not any more.
func (i *Item) Answer(id string) *Asked { return i.asked(id) }

// HandedOver is how a unit reaches its member.
func (i *Item) HandedOver() string { return i.fulfilment() }

// asked is what became of a request on the item; nil: it is not known.
func (i *Item) asked(id string) *Asked {
	n := slices.IndexFunc(i.Details.Asked, func(x Asked) bool { return x.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Details.Asked[n]
}

func (i *Item) noteAsked(x Asked) {
	i.Details.Asked = append(i.Details.Asked, x)
	if n := len(i.Details.Asked); n > askedMost {
		i.Details.Asked = slices.Clone(i.Details.Asked[n-askedMost:])
	}
}

// describe takes over what a definition says beside name and prices.
func (i *Item) describe(d *pointspb.ItemDefinition, now int64) {
	x := &i.Details
	if x.Since == 0 {
		x.Since = now
	}
	x.LimitPer, x.SaleFrom, x.SaleTo = d.LimitPer, d.SaleFrom, d.SaleTo
	x.Categories, x.Zones, x.Pictures = d.Categories, d.Zones, d.Pictures
	x.DescriptionZh, x.DescriptionEn, x.InstructionsZh, x.InstructionsEn = d.DescriptionZh, d.DescriptionEn, d.InstructionsZh, d.InstructionsEn
	x.BookingURL, x.CodesLow, x.Components = d.BookingUrl, d.CodesLow, nil
	for _, c := range d.Components {
		x.Components = append(x.Components, Component{Item: c.Item, Quantity: c.Quantity})
	}
}

// Definition returns what merchants said of the item.
func (i *Item) Definition() *pointspb.ItemDefinition {
	x := &i.Details
	d := &pointspb.ItemDefinition{
		Id: i.ID, NameZh: i.NameZh, NameEn: i.NameEn, Kind: i.Kind, BasePrice: i.Prices.Base,
		Tiers: i.Tiers, LimitPerMember: i.PerMember, OnSale: i.OnSale, Fulfilment: i.Fulfilment,
		LimitPer: x.LimitPer, SaleFrom: x.SaleFrom, SaleTo: x.SaleTo, Categories: x.Categories, Zones: x.Zones, Pictures: x.Pictures,
		DescriptionZh: x.DescriptionZh, DescriptionEn: x.DescriptionEn, InstructionsZh: x.InstructionsZh, InstructionsEn: x.InstructionsEn,
		BookingUrl: x.BookingURL, CodesLow: x.CodesLow,
	}
	for _, t := range i.Prices.Tiers {
		d.TierPrices = append(d.TierPrices, &pointspb.TierPrice{Tier: t.Tier, Points: t.Points})
	}
	for _, c := range x.Components {
		d.Components = append(d.Components, &pointspb.Component{Item: c.Item, Quantity: c.Quantity})
	}
	return d
}

// DefinitionDigest tells definitions apart, so that an edit replaces the one that its author saw.
func DefinitionDigest(d *pointspb.ItemDefinition) []byte {
	b, err := d.MarshalVT()
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(b)
	return sum[:16]
}
