package ledger

import "jifen/topics/pointspb"

// The ways in which a part of a redemption reaches its member.
const (
	FulfilShipping = "shipping" // to the address of the redemption
	FulfilCodes    = "codes"    // one of the item's pool for each unit
	FulfilBooking  = "booking"  // by a link
	FulfilManual   = "manual"   // whoever fulfils says when
	FulfilBundle   = "bundle"   // by its components
)

// fulfilment is how a unit of the item reaches a member: as its definition says, else by its kind.
func (i *Item) fulfilment() string {
	switch {
	case i.Kind == "bundle":
		return FulfilBundle
	case i.Fulfilment != "":
		return i.Fulfilment
	case i.Kind == "physical":
		return FulfilShipping
	}
	return FulfilManual
}

// held is what item's shards hold for a redemption. Debits of earlier builds name the item alone.
func held(q *pointspb.DebitRequest) []*pointspb.Part {
	if len(q.Parts) == 0 && q.Refusal == "" {
		return []*pointspb.Part{{Item: q.Item, Quantity: q.Quantity}}
	}
	return q.Parts
}
