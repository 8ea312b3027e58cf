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
func (i *Item) fulfilment() string { return fulfilment(i.Kind, i.Fulfilment) }

func fulfilmentOf(d *pointspb.ItemDefinition) string {
	return fulfilment(d.GetKind(), d.GetFulfilment())
}

func fulfilment(kind, said string) string {
	switch {
	case kind == "bundle":
		return FulfilBundle
	case said != "":
		return said
	case kind == "physical":
		return FulfilShipping
	}
	return FulfilManual
}

// part is what the item holds for a redemption. The caller knows that it holds something.
func (i *Item) part(q *pointspb.ReserveRequest) *pointspb.Part {
	x := &i.Open[i.reservation(q.Redemption, q.BodyHash)]
	return &pointspb.Part{Item: i.ID, Quantity: x.Quantity, Fulfilment: i.fulfilment(), Codes: numbersOf(heldSpans(x.Codes))}
}

// held is what item's shards hold for a redemption. Debits of earlier builds name the item alone.
func held(q *pointspb.DebitRequest) []*pointspb.Part {
	if len(q.Parts) == 0 && q.Refusal == "" {
		return []*pointspb.Part{{Item: q.Item, Quantity: q.Quantity}}
	}
	return q.Parts
}
