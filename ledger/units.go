package ledger

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// unitsAsked decides at an item's shard: units of a redemption come back, from sold to free, or further ones are sold for it.
// Units that came back and cannot be given to anybody else stay sold, so that I4 goes on to hold; who asked is answered.
func (d *Decision) unitsAsked(r *pointspb.Request, q *pointspb.UnitsRequest) *Decision {
	id, ok := topics.ItemOf(r.Account)
	if !ok || q.Quantity <= 0 {
		return d.refuse(NotFound)
	}
	i := d.world.item(id)
	d.dropExpired(r.Account, i)
	var codes []*pointspb.CodeSpan
	e := &pointspb.Entry{
		Account: r.Account, EffectiveAt: d.moment.Now, Kind: pointspb.Kind_RESTOCKED,
		Redemption: &pointspb.RedemptionFacts{Id: q.Redemption, Member: q.Member, Item: id, Quantity: q.Quantity},
		Item:       &pointspb.ItemFacts{Free: q.Quantity, Sold: -q.Quantity},
	}
	switch {
	case q.Back && i.fulfilment() == FulfilCodes: // by now: a unit that is no code is none of the pool's
		return d.refuse(NotPossible)
	case q.Back && i.Sold < q.Quantity:
		return d.refuse(TooMuch)
	case q.Back:
		d.emit(e)
		return d
	case i.Free < q.Quantity:
		d.Outcome = SoldOut
	default:
		codes = i.takeCodes(q.Quantity)
		e.Kind, e.Item = pointspb.Kind_SENT_AGAIN, &pointspb.ItemFacts{Free: -q.Quantity, Sold: q.Quantity, Codes: codes}
		d.emit(e)
		d.tellLow(r.Account, i)
	}
	d.request(r, topics.MemberAccount(q.Member), &pointspb.Request{What: &pointspb.Request_Got{Got: &pointspb.UnitsAnswer{
		Redemption: q.Redemption, Item: id, Of: q.Of, Quantity: q.Quantity, Outcome: string(d.Outcome), Codes: numbersOf(codes),
	}}})
	return d
}

// unitsGot is the answer at the member's shard: an exchange waits to be shipped, a problem is resolved, or they stay open.
// Units for somebody who was erased meanwhile go back; codes do not.
func (d *Decision) unitsGot(r *pointspb.Request, q *pointspb.UnitsAnswer) *Decision {
	member, _ := topics.MemberOf(r.Account)
	a := d.world.Member(member)
	if d.elsewhere(r, a) {
		if d.Outcome == Erased && q.Outcome == string(Applied) && len(q.Codes) == 0 {
			d.request(r, topics.ItemAccount(q.Item), &pointspb.Request{What: &pointspb.Request_Units{Units: &pointspb.UnitsRequest{
				Redemption: q.Redemption, Of: q.Of, Quantity: q.Quantity, Back: true,
			}}})
		}
		return d
	}
	x := d.world.Redemptions[q.Redemption]
	if x == nil || x.Member != member {
		return d.refuse(NotFound)
	}
	d.advance(a)
	f := &pointspb.StepFacts{Id: r.Id, Step: StepUnit, Of: q.Of, Quantity: q.Quantity, Outcome: q.Outcome, Codes: q.Codes}
	e := &pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_STEPPED, EffectiveAt: d.moment.Now, Step: f,
		Redemption: &pointspb.RedemptionFacts{Id: q.Redemption, Member: member, Item: x.Item, Outcome: string(x.Outcome)},
	}
	l := x.Life()
	if p := l.problem(q.Of); p != nil && q.Outcome == string(Applied) {
		e.Notice = &pointspb.NoticeFacts{Kind: topics.NoticeProblemResolved, Redemption: q.Redemption, Item: x.Item, Quantity: q.Quantity, Resolution: ResolveReplace}
	}
	l.take(new(stepOf(f, d.moment.Now)))
	f.State = l.State(d.moment.Now)
	d.emitOf(a, e)
	return d.refuse(Outcome(q.Outcome))
}

// bear notes on the entry of a new redemption that it is fulfilled at once, where all of it are codes.
func (d *Decision) bear(e *pointspb.Entry) {
	f := e.Redemption
	if e.Kind != pointspb.Kind_REDEEMED {
		return
	}
	byHand := func(p *pointspb.Part) bool { return p.Fulfilment != FulfilCodes && p.Fulfilment != FulfilBundle }
	if len(f.Parts) > 0 && !slices.ContainsFunc(f.Parts, byHand) {
		f.Until = d.moment.Now + d.moment.Policy.ReturnDays*dayMillis
	}
}
