package ledger

import (
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// QuoteWindow is how long the price that a member was quoted is honoured (§5), Unix ms.
const QuoteWindow = 15 * 60 * 1000

// Handle decides a request. Requests of other shards ride in the transaction of the entry that caused them, so none is
// lost or doubled; those of clients may come twice and say so by the redemption's id.
func Handle(w *World, r *pointspb.Request, m Moment) (*Decision, error) {
	d := begin(w, m, &pointspb.Cause{Source: "jifen", Id: r.Id, OccurredAt: m.Now, Traceparent: r.Traceparent})
	switch x := r.What.(type) {
	case *pointspb.Request_Reserve:
		d.cause.Type = "jifen.reserve"
		return d.reserve(r, x.Reserve), nil
	case *pointspb.Request_Debit:
		d.cause.Type = "jifen.debit"
		return d.debit(r, x.Debit), nil
	case *pointspb.Request_Settle:
		d.cause.Type = "jifen.settle"
		return d.settle(r, x.Settle), nil
	case *pointspb.Request_Preference:
		d.cause.Type = "jifen.preference"
		return d.prefer(r, x.Preference), nil
	case *pointspb.Request_Item:
		d.cause.Type = "jifen.item"
		return d.setItem(r, x.Item), nil
	case *pointspb.Request_Codes:
		d.cause.Type = "jifen.codes"
		return d.loadCodes(r, x.Codes)
	case *pointspb.Request_Stock:
		d.cause.Type = "jifen.stock"
		return d.stock(r, x.Stock)
	case *pointspb.Request_Retro:
		return d.retro(r, x.Retro)
	case *pointspb.Request_Merge:
		d.cause.Type = "jifen.merge"
		return d.mergeOut(r, x.Merge)
	case *pointspb.Request_Absorb:
		d.cause.Type = "jifen.absorb"
		return d.absorb(r, x.Absorb)
	case *pointspb.Request_Erase:
		d.cause.Type = topics.TypeErased
		return d.eraseOld(r, x.Erase)
	case *pointspb.Request_Forward:
		return d.forwarded(r, x.Forward)
	case *pointspb.Request_Refer:
		return d.refer(r, x.Refer)
	case *pointspb.Request_Recall:
		return d.recall(r, x.Recall)
	case *pointspb.Request_Step:
		d.cause.Type = "jifen." + x.Step.GetStep().GetStep()
		return d.step(r, x.Step)
	case *pointspb.Request_Units:
		d.cause.Type = "jifen.units"
		return d.unitsAsked(r, x.Units), nil
	case *pointspb.Request_Got:
		d.cause.Type = "jifen.got"
		return d.unitsGot(r, x.Got), nil
	case *pointspb.Request_Take:
		return d.take(r, x.Take)
	case *pointspb.Request_Award:
		return d.awarded(r, x.Award)
	case *pointspb.Request_Give:
		return d.give(r, x.Give)
	case *pointspb.Request_Sight:
		return d.sight(r, x.Sight)
	case *pointspb.Request_Suspect:
		return d.suspected(r, x.Suspect)
	}
	if what, asked := actOf(r); asked != nil {
		return d.act(r, what, asked)
	}
	return nil, fmt.Errorf("request %q for %q asks for nothing that is known", r.Id, r.Account)
}

// reserve is step (1): the item's shard holds stock, or sends the refusal on, so that the member's shard keeps the answer.
func (d *Decision) reserve(r *pointspb.Request, q *pointspb.ReserveRequest) *Decision {
	if q.Debit != nil {
		return d.reservePart(r, q)
	}
	id, ok := topics.ItemOf(r.Account)
	i := d.world.item(id)
	d.dropExpired(r.Account, i)
	debit := &pointspb.DebitRequest{
		Redemption: q.Redemption, Item: id, Quantity: q.Quantity, BodyHash: q.BodyHash,
		Tiers: i.Tiers, LimitPerMember: i.PerMember, LimitPer: i.Details.LimitPer, Categories: i.Details.Categories, Zones: i.Details.Zones,
		QuotedAt: q.QuotedAt,
	}
	prices, known := i.pricesFor(q, d.moment.Now)
	rest, fits := i.components(q.Quantity)
	switch {
	case !ok || i.ID == "" || !i.sells(d.moment.Now) || q.Quantity <= 0:
		d.Outcome = NotOnSale
	case i.reservation(q.Redemption, q.BodyHash) >= 0:
		// The client repeated itself before the member's shard decided: ask again, hold no second unit.
	case i.fulfilment() == FulfilShipping && !q.Address:
		d.Outcome = AddressRequired
	case i.Free < q.Quantity, !fits:
		d.Outcome = SoldOut
	case !known || q.QuotedAt != 0 && d.moment.Now >= q.QuotedUntil: // nobody pays another price than was shown
		d.Outcome = PriceChanged
	default:
		d.Outcome = d.hold(r, q, i)
	}
	debit.Prices = prices
	d.passOn(r, q, i, debit, rest)
	return d
}

// pricesFor is the price list that a redemption pays by: the one it was quoted while that is honoured, else today's.
func (i *Item) pricesFor(q *pointspb.ReserveRequest, now int64) (*pointspb.PriceList, bool) {
	p := i.Prices
	if q.PriceVersion != 0 && q.PriceVersion != p.Version {
		n := slices.IndexFunc(i.Previous, func(x Prices) bool { return x.Version == q.PriceVersion })
		if n < 0 || now >= q.QuotedUntil || now >= i.Previous[n].Until+QuoteWindow {
			return nil, false
		}
		p = i.Previous[n]
	}
	l := &pointspb.PriceList{Version: p.Version, Base: p.Base}
	for _, t := range p.Tiers {
		l.Tiers = append(l.Tiers, &pointspb.TierPrice{Tier: t.Tier, Points: t.Points})
	}
	return l, true
}

// request sends a command to another shard in the transaction of this decision.
func (d *Decision) request(cause *pointspb.Request, account string, r *pointspb.Request) {
	r.Account, r.Id, r.Actor, r.Traceparent = account, cause.Id, cause.Actor, cause.Traceparent
	d.Requests = append(d.Requests, r)
}

// debit is step (2): the only place where a redemption succeeds. A key seen before leaves its answer as it is.
func (d *Decision) debit(r *pointspb.Request, q *pointspb.DebitRequest) *Decision {
	member, ok := topics.MemberOf(r.Account)
	if !ok {
		return d.refuse(Conflict)
	}
	settle := func(sold bool) {
		for _, p := range held(q) {
			d.request(r, topics.ItemAccount(p.Item), &pointspb.Request{What: &pointspb.Request_Settle{
				Settle: &pointspb.SettleRequest{Redemption: q.Redemption, BodyHash: q.BodyHash, Sold: sold},
			}})
		}
	}
	if known := d.world.Redemptions[q.Redemption]; known != nil {
		d.Outcome = Duplicate
		if !slices.Equal(known.BodyHash, q.BodyHash) {
			d.Outcome = Conflict
		}
		settle(false)
		return d
	}
	a := d.world.Member(member)
	if a.Erased != 0 { // of whom no answer is kept, either
		settle(false)
		d.Outcome = Erased
		return d
	}
	d.advance(a)
	facts := &pointspb.RedemptionFacts{Id: q.Redemption, Member: member, Item: q.Item, Quantity: q.Quantity, BodyHash: q.BodyHash}
	d.Outcome = d.payable(&a.Account, q, facts)
	facts.Outcome = string(d.Outcome)
	e := &pointspb.Entry{Account: r.Account, Kind: pointspb.Kind_REFUSED, EffectiveAt: d.moment.Now, Redemption: facts}
	if d.Outcome == Applied {
		e.Kind, e.Postings, facts.Parts = pointspb.Kind_REDEEMED, a.spend(facts.UnitPrice*q.Quantity, d.moment.Now), held(q)
		e.Arithmetic = priced(facts)
	}
	d.bear(e)
	d.emitOf(a, e)
	if d.Outcome == Applied && facts.RebateRate != nil {
		if d.rebate(a, facts); facts.Until != 0 { // it is fulfilled at once
			d.giveRebate(a, facts.Id)
		}
	}
	settle(d.Outcome == Applied)
	return d
}

// payable looks for a refusal in the order of precedence, and notes the price.
func (d *Decision) payable(a *Account, q *pointspb.DebitRequest, facts *pointspb.RedemptionFacts) Outcome {
	if q.Refusal != "" {
		return Outcome(q.Refusal)
	}
	tier := a.Tier(d.moment.Books.At(d.moment.Time()), d.moment.Now)
	d.price(q, tier, facts)
	total, ok := topics.MulPoints(facts.UnitPrice, q.Quantity)
	switch {
	case a.MergedInto != "":
		return Merged
	case len(q.Tiers) > 0 && !slices.Contains(q.Tiers, tier):
		return TierRequired
	case d.limitReached(a, q, facts):
		return LimitReached
	case a.Frozen:
		return Frozen
	case a.Debt > 0:
		return InDebt
	case !ok || a.Balance(d.moment.Now).Available < total:
		return Insufficient
	}
	return Applied
}

func priceFor(l *pointspb.PriceList, tier string) int64 {
	for _, t := range l.GetTiers() {
		if t.Tier == tier {
			return t.Points
		}
	}
	return l.GetBase()
}

// spend takes points from the spendable lots in spend order; the caller knows that they suffice.
func (a *Account) spend(points, now int64) []*pointspb.Posting {
	postings := []*pointspb.Posting{{Account: pointspb.Account_REDEEMED_POINTS, Points: points}}
	for _, u := range a.Plan(points, now) {
		postings = append(postings, &pointspb.Posting{Account: pointspb.Account_AVAILABLE, Points: -u.Points, Lot: u.Number})
	}
	return postings
}

// Plan says which lots would pay for points now, soonest expiry first (L3). It is short where they do not suffice.
func (a *Account) Plan(points, now int64) []LotUse {
	var uses []LotUse
	for i := range a.Lots {
		if points == 0 {
			break
		}
		l := &a.Lots[i]
		if !l.spendable(now) {
			continue
		}
		n := min(points, l.Remaining)
		points -= n
		uses = append(uses, LotUse{Number: l.Number, Points: n, ExpiresAt: l.ExpiresAt})
	}
	return uses
}
