package ledger

import (
	"bytes"
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// setItem sets what an item is and how many units were ever loaded. The same again changes nothing. An edit says which definition it is to
// replace: of two edits of one definition the second is refused.
func (d *Decision) setItem(r *pointspb.Request, q *pointspb.ItemRequest) *Decision {
	id, ok := topics.ItemOf(r.Account)
	if !ok || q.Definition.GetId() != id || CheckComponents(q.Definition) != nil {
		return d.refuse(Conflict)
	}
	i := d.world.item(id)
	added := q.Loaded - i.Loaded
	if q.KeepStock {
		added = 0
	}
	if fulfilmentOf(q.Definition) == FulfilCodes {
		added = i.pooled()
	}
	same := i.ID != "" && added == 0 && sameBytes(i.Definition(), q.Definition)
	if same && i.LastID == r.Id {
		return d.refuse(Unchanged)
	}
	switch {
	case q.Create && i.ID != "":
		return d.refuseItem(r, Exists)
	case len(q.Replaces) > 0 && (i.ID == "" || !bytes.Equal(q.Replaces, DefinitionDigest(i.Definition()))):
		return d.refuseItem(r, Replaced)
	case i.Free+added < 0:
		return d.refuseItem(r, StockTooSmall)
	}
	facts := &pointspb.ItemFacts{Definition: q.Definition, PriceVersion: i.Prices.Version, Loaded: added, Free: added, Actor: r.Actor}
	if !i.samePrices(q.Definition) {
		facts.PriceVersion++
	}
	if i.ID != "" {
		facts.Before = i.Definition()
	}
	return d.emitItem(r, facts)
}

// stock loads units, or takes free ones out. A request that came before changes nothing.
func (d *Decision) stock(r *pointspb.Request, q *pointspb.StockRequest) (*Decision, error) {
	id, ok := topics.ItemOf(r.Account)
	if !ok || q.Add == 0 || q.Add > StockMost || q.Add < -StockMost {
		return nil, fmt.Errorf("request %q loads %d units of %s", r.Id, q.Add, r.Account)
	}
	i := d.world.item(id)
	if known := i.asked(r.Id); known != nil {
		if known.Outcome == Applied && known.Add != q.Add {
			return d.refuse(Conflict), nil
		}
		return d.refuse(Duplicate), nil
	}
	switch {
	case i.ID == "":
		return d.refuse(NotFound), nil
	case i.fulfilment() == FulfilCodes: // its units are its codes
		return d.refuseItem(r, NotPossible), nil
	case i.Free+q.Add < 0 || i.Loaded+q.Add > StockMost:
		return d.refuseItem(r, StockTooSmall), nil
	}
	return d.emitItem(r, &pointspb.ItemFacts{PriceVersion: i.Prices.Version, Loaded: q.Add, Free: q.Add, Actor: r.Actor, Reason: q.Reason}), nil
}

// StockMost is how many units of an item can be loaded.
const StockMost = 1_000_000_000

func (d *Decision) emitItem(r *pointspb.Request, facts *pointspb.ItemFacts) *Decision {
	id, _ := topics.ItemOf(r.Account)
	d.emit(&pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_ITEM_SET, EffectiveAt: d.moment.Now, Item: facts,
		Redemption: &pointspb.RedemptionFacts{Id: r.Id, Item: id, Outcome: string(Applied)},
	})
	return d
}

func (d *Decision) refuseItem(r *pointspb.Request, o Outcome) *Decision {
	id, _ := topics.ItemOf(r.Account)
	d.Outcome = o
	d.emit(&pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_REFUSED, EffectiveAt: d.moment.Now,
		Redemption: &pointspb.RedemptionFacts{Id: r.Id, Item: id, Outcome: string(o)}, Item: &pointspb.ItemFacts{Actor: r.Actor},
	})
	return d
}
