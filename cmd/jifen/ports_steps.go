package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// redemptionOf is a redemption as the API shows it, at an instant (Unix ms).
func redemptionOf(id string, r *ledger.Redemption, now int64) httpapi.Redemption {
	out := httpapi.Redemption{
		ID: id, Member: r.Member, Item: r.Item, Quantity: r.Quantity, Points: r.Points, PriceVersion: r.PriceVersion,
		BodyHash: r.BodyHash, Outcome: string(r.Outcome), CreatedAt: time.UnixMilli(r.At).UTC(),
	}
	if r.Outcome == ledger.Applied {
		out.Life = lifeOf(r, now)
	}
	return out
}

func lifeOf(r *ledger.Redemption, now int64) *httpapi.Life {
	l := r.Life()
	out := &httpapi.Life{
		State: l.State(now), Carrier: l.Carrier, Number: l.Number, Codes: r.HasCodes(), Back: l.Back, Obstacles: map[string]string{},
		UnitPoints: r.Points / max(r.Quantity, 1), ListPoints: r.ListPrice, Campaign: r.Campaign, Rebate: rebateOf(r.Rebate),
	}
	if l.SentAt != 0 {
		out.ShippedAt = time.UnixMilli(l.SentAt)
	}
	if r.Ships() && l.Until != 0 {
		out.ReturnableUntil = time.UnixMilli(l.Until)
	}
	for _, p := range r.Pieces() {
		out.Parts = append(out.Parts, httpapi.RedemptionPart{Item: p.Item, Quantity: p.Quantity, Fulfilment: p.Fulfilment})
	}
	for _, u := range r.Lots {
		use := httpapi.LotUse{Lot: strconv.Itoa(int(u.Number)), Points: u.Points}
		if u.ExpiresAt != 0 {
			use.ExpiresAt = time.UnixMilli(u.ExpiresAt)
		}
		out.Lots = append(out.Lots, use)
	}
	for i := range l.Claims {
		c := &l.Claims[i]
		out.Returns = append(out.Returns, httpapi.RedemptionReturn{
			ID: c.ID, Kind: c.Kind, Quantity: c.Quantity, Reason: c.Reason, State: c.State, Points: c.Points, SoldOut: c.SoldOut, At: time.UnixMilli(c.At).UTC(),
		})
	}
	for i := range l.Problems {
		c := &l.Problems[i]
		out.Problems = append(out.Problems, httpapi.RedemptionProblem{
			ID: c.ID, Reason: c.Reason, Code: c.Code, State: c.State, Points: c.Points, SoldOut: c.SoldOut, At: time.UnixMilli(c.At).UTC(),
		})
	}
	for what, o := range map[string]ledger.Outcome{
		"cancel": l.MayCancel(), "report": l.MayReport(0),
		"return": l.MayReturn(ledger.ReturnPoints, 1, now), "exchange": l.MayReturn(ledger.ReturnExchange, 1, now),
	} {
		if o != ledger.Applied {
			out.Obstacles[what] = string(o)
		}
	}
	stepsOf(r, l, out)
	return out
}

func rebateOf(r *ledger.Rebate) *httpapi.RedemptionRebate {
	if r == nil {
		return nil
	}
	b := &httpapi.RedemptionRebate{Points: r.Points - r.Reversed, State: "pending"}
	switch {
	case r.Reversed == r.Points:
		b.State = "reversed"
	case r.At != 0:
		b.State = "given"
	}
	return b
}

// stepsOf lists what was done, in words, and how each request ended.
func stepsOf(r *ledger.Redemption, l *ledger.Life, out *httpapi.Life) {
	add := func(word string, at int64, x *ledger.Step) {
		s := httpapi.RedemptionStep{Step: word, At: time.UnixMilli(at).UTC()}
		if x != nil {
			s.Of, s.Actor, s.Reason = x.Of, x.Actor, x.Reason
		}
		out.Steps = append(out.Steps, s)
	}
	add("created", r.At, nil)
	if r.Until != 0 {
		add("fulfilled", r.At, nil)
	}
	for i := range r.Steps {
		x := &r.Steps[i]
		if x.Step != ledger.StepUnit {
			out.Answers = append(out.Answers, httpapi.StepAnswer{ID: x.ID, Outcome: string(x.Outcome), Hash: x.Hash})
		}
		if x.Outcome == ledger.Applied {
			add(stepWord(x, l), x.At, x)
		}
	}
}

// stepWord is the word for a step that was done.
func stepWord(x *ledger.Step, l *ledger.Life) string {
	switch x.Step {
	case ledger.StepCancel:
		return "cancelled"
	case ledger.StepShip:
		if x.Of != "" {
			return "exchanged"
		}
		return "shipped"
	case ledger.StepDeliver:
		return "delivered"
	case ledger.StepFulfil:
		return "fulfilled"
	case ledger.StepReturn:
		return x.Kind + "_requested"
	case ledger.StepReport:
		return "problem_reported"
	case ledger.StepResolve:
		if x.Resolution == ledger.ResolveReplace {
			return "replacement_asked"
		}
		return "problem_resolved"
	case ledger.StepInspect:
		switch {
		case !x.Accept:
			return "return_rejected"
		case x.Resolution == ledger.ResolveRefund || x.Points > 0 || !isExchange(x.Of, l):
			return "returned"
		}
		return "exchange_accepted"
	}
	if slices.ContainsFunc(l.Problems, func(c ledger.Claim) bool { return c.ID == x.Of }) {
		return "replaced"
	}
	return "exchange_ready"
}

func isExchange(id string, l *ledger.Life) bool {
	return slices.ContainsFunc(l.Claims, func(c ledger.Claim) bool { return c.ID == id && c.Kind == ledger.ReturnExchange })
}

// RequestStep asks the member's shard for a step of a redemption.
func (p *ports) RequestStep(ctx context.Context, r httpapi.StepRequest) error {
	record, err := p.request(&pointspb.Request{
		Account: topics.MemberAccount(r.Member), Id: r.ID, Actor: r.Actor,
		What: &pointspb.Request_Step{Step: &pointspb.StepRequest{Redemption: r.Redemption, Step: &pointspb.StepFacts{
			Hash: r.Hash, Step: r.Step, Of: r.Of, Kind: r.Kind, Quantity: r.Quantity, Reason: r.Reason, Accept: r.Accept, Restock: r.Restock,
			Resolution: r.Resolution, Carrier: r.Carrier, Number: r.Number, Code: r.Code, Staff: r.Staff,
		}}},
	})
	if err == nil {
		err = p.producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// RedemptionsOf are all redemptions of a member, newest first: their places lie among the orders.
func (p *ports) RedemptionsOf(ctx context.Context, member string) ([]httpapi.Redemption, error) {
	shard := p.shard(topics.MemberAccount(member))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Members: []string{member}, Swept: []string{member}})
	if err != nil {
		return nil, err
	}
	m := got.World.Member(member)
	if err := gone(m); err != nil {
		return nil, err
	}
	var ids []string
	for id := range m.Redemptions() {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	if got, err = p.read(ctx, ledger.Want{Shard: shard, Redemptions: ids}); err != nil {
		return nil, err
	}
	now := max(p.clock().UnixMilli(), got.Head.Now)
	all := make([]httpapi.Redemption, 0, len(ids))
	for id, r := range got.World.Redemptions {
		if r.Member == member {
			all = append(all, redemptionOf(id, r, now))
		}
	}
	slices.SortFunc(all, func(x, y httpapi.Redemption) int {
		return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), cmp.Compare(y.ID, x.ID))
	})
	return all, nil
}

// Waiting lists the redemptions of a queue.
func (p *ports) Waiting(ctx context.Context, queue string, after httpapi.QueuePlace, most int) ([]httpapi.Waiting, map[string]int64, error) {
	places, counts, got, err := p.queued(ctx, queue, after, most, func(shard int32, ids []string) ledger.Want {
		return ledger.Want{Shard: shard, Redemptions: ids}
	})
	if err != nil {
		return nil, nil, err
	}
	found, now := map[string]*ledger.Redemption{}, p.clock().UnixMilli()
	for i := range got {
		for id, r := range got[i].World.Redemptions {
			found[id] = r
		}
		now = max(now, got[i].Head.Now)
	}
	out := make([]httpapi.Waiting, len(places))
	for i, q := range places {
		out[i] = httpapi.Waiting{Redemption: httpapi.Redemption{ID: q.ID}, Since: time.UnixMilli(q.Since), Gone: true}
		if r := found[q.ID]; r != nil {
			out[i].Redemption, out[i].Gone = redemptionOf(q.ID, r, now), false
		}
	}
	return out, counts, nil
}

// queued is a page of a queue, how many wait in each queue, and the states of who is on the page.
func (p *ports) queued(ctx context.Context, queue string, after httpapi.QueuePlace, most int, want func(shard int32, ids []string) ledger.Want) ([]redisstore.Queued, map[string]int64, []ledger.Got, error) {
	from := redisstore.Queued{ID: after.ID}
	if !after.Since.IsZero() {
		from.Since = after.Since.UnixMilli()
	}
	places, counts, err := p.store.Queue(ctx, p.config.Shards, queue, from, most)
	if err != nil {
		return nil, nil, nil, unavailable(err)
	}
	byShard := map[int32][]string{}
	for _, q := range places {
		byShard[q.Shard] = append(byShard[q.Shard], q.ID)
	}
	if len(byShard) == 0 {
		return nil, counts, nil, nil
	}
	wants := make([]ledger.Want, 0, len(byShard))
	for shard, ids := range byShard {
		wants = append(wants, want(shard, ids))
	}
	got, err := p.store.Read(ctx, wants)
	if err != nil {
		return nil, nil, nil, unavailable(err)
	}
	return places, counts, got, nil
}
