package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A bundle is an item of which a unit consists of units of others (D14, X10). Its own shard reserves it, then those of its
// components do so one after the other, in the order of their ids; the last one asks the member's shard to pay, and
// that settles all of them. Whichever shard refuses sends the refusal there, with what is held so far, which is released.
// A client that repeats itself goes the same way once more: what is held stays held once.

const (
	componentsMost = 20   // items of a bundle
	componentMost  = 1000 // units of one of them
)

// hold reserves units of the item for a redemption, unless they are held for it already.
func (d *Decision) hold(r *pointspb.Request, q *pointspb.ReserveRequest, i *Item) Outcome {
	switch {
	case i.reservation(q.Redemption, q.BodyHash) >= 0:
		return Applied
	case i.Free < q.Quantity:
		return SoldOut
	}
	d.emit(&pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_RESERVED, EffectiveAt: d.moment.Now,
		Redemption: &pointspb.RedemptionFacts{Id: q.Redemption, Member: q.Member, Item: i.ID, Quantity: q.Quantity, BodyHash: q.BodyHash},
		Item:       &pointspb.ItemFacts{Free: -q.Quantity, Reserved: q.Quantity, Codes: i.takeCodes(q.Quantity)},
	})
	d.tellLow(r.Account, i)
	return Applied
}

// reservePart is step (1) of a bundle's component. Whether it is on sale by itself, and to whom, does not matter.
func (d *Decision) reservePart(r *pointspb.Request, q *pointspb.ReserveRequest) *Decision {
	id, ok := topics.ItemOf(r.Account)
	i := d.world.item(id)
	d.dropExpired(r.Account, i)
	switch {
	case !ok || i.ID == "" || q.Quantity <= 0 || i.fulfilment() == FulfilBundle:
		d.Outcome = NotOnSale
	case i.fulfilment() == FulfilShipping && !q.Address:
		d.Outcome = AddressRequired
	default:
		d.Outcome = d.hold(r, q, i)
	}
	d.passOn(r, q, i, q.Debit, q.Rest)
	return d
}

// passOn sends a redemption to the next component's shard, or, when all is held or one refuses, to the member's.
func (d *Decision) passOn(r *pointspb.Request, q *pointspb.ReserveRequest, i *Item, debit *pointspb.DebitRequest, rest []*pointspb.Component) {
	if d.Outcome != Applied {
		debit.Refusal, rest = string(d.Outcome), nil
	} else {
		debit.Parts = append(debit.Parts, i.part(q))
	}
	if len(rest) == 0 {
		d.request(r, topics.MemberAccount(q.Member), &pointspb.Request{What: &pointspb.Request_Debit{Debit: debit}})
		return
	}
	d.request(r, topics.ItemAccount(rest[0].Item), &pointspb.Request{What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: q.Redemption, Member: q.Member, Quantity: rest[0].Quantity, BodyHash: q.BodyHash, Address: q.Address, Debit: debit, Rest: rest[1:],
	}}})
}

// components are what units of the item consist of, in the order in which they are reserved; ok is false for more than
// there can be.
func (i *Item) components(units int64) (all []*pointspb.Component, ok bool) {
	if i.fulfilment() != FulfilBundle {
		return nil, true
	}
	for _, c := range i.Details.Components {
		n, ok := topics.MulPoints(c.Quantity, units)
		if !ok {
			return nil, false
		}
		all = append(all, &pointspb.Component{Item: c.Item, Quantity: n})
	}
	slices.SortFunc(all, func(x, y *pointspb.Component) int { return strings.Compare(x.Item, y.Item) })
	return all, true
}

// CheckComponents says what is wrong with the components of a bundle by themselves: what they are, who defines it has to look at.
func CheckComponents(d *pointspb.ItemDefinition) error {
	if (fulfilmentOf(d) == FulfilBundle) != (len(d.GetComponents()) > 0) {
		return errors.New("components: those of a bundle, and of nothing else")
	}
	if len(d.GetComponents()) > componentsMost {
		return fmt.Errorf("components: more than %d", componentsMost)
	}
	seen := map[string]bool{d.GetId(): true}
	for n, c := range d.GetComponents() {
		switch {
		case c.Item == "" || c.Quantity <= 0 || c.Quantity > componentMost:
			return fmt.Errorf("components[%d]: want an item and a quantity of 1 to %d", n, componentMost)
		case c.Item == d.GetId():
			return fmt.Errorf("components[%d]: the bundle itself", n)
		case seen[c.Item]:
			return fmt.Errorf("components[%d]: %s stands there twice", n, c.Item)
		}
		seen[c.Item] = true
	}
	return nil
}
