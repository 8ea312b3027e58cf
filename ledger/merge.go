package ledger

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// A member can turn out to be another one (R68). The other one's shard notes it and asks the shard of the old id, which
// sends everything that the old one has and keeps only where it went; whatever comes for the old id later is sent on.

// carriedFormat is the encoding of accounts and orders in the entries that carry them: it is kept readable for good.
const carriedFormat = 1

// carriedMost bounds what one request can carry, bytes; a member with some hundred thousand orders does not reach it.
const carriedMost = 12 << 20

var (
	errCarriedFormat = errors.New("what was carried has a format that this build does not know")
	errCarriedMost   = fmt.Errorf("the member has more than %d MiB of orders, redemptions and seen events", carriedMost>>20)
)

// forward sends an event of a member that was merged on to the other one.
func (c *credit) forward(ev *pointspb.CreditEvent) (*Decision, error) {
	event, err := ev.MarshalVT()
	if err != nil {
		return c.Decision, fmt.Errorf("forward to %s: %w", c.m.MergedInto, err)
	}
	c.Requests = append(c.Requests, &pointspb.Request{
		Account: topics.MemberAccount(c.m.MergedInto), Id: ev.Cause.Id, Traceparent: ev.Cause.Traceparent,
		What: &pointspb.Request_Forward{Forward: &pointspb.ForwardRequest{Event: event}},
	})
	return c.refuse(Forwarded), nil
}

// forwarded decides an event that was sent on.
func (d *Decision) forwarded(r *pointspb.Request, q *pointspb.ForwardRequest) (*Decision, error) {
	e, err := Forwarding(r, q)
	if err != nil {
		return nil, err
	}
	return CreditAt(new(Desk), d.world, &e, &d.moment)
}

// Forwarding is the event that a request sent on, with the names of the states that it concerns.
func Forwarding(r *pointspb.Request, q *pointspb.ForwardRequest) (Event, error) {
	e := &pointspb.CreditEvent{}
	if err := e.UnmarshalVT(q.Event); err != nil {
		return Event{}, fmt.Errorf("request %q for %q: event: %w", r.Id, r.Account, err)
	}
	if e.Cause == nil {
		return Event{}, fmt.Errorf("request %q for %q forwards an event without a cause", r.Id, r.Account)
	}
	e.Account = r.Account
	return NewEvent(e)
}

// merge notes which account is to come, and asks for it.
func (c *credit) merge() {
	c.advance(c.m)
	c.record(&pointspb.Entry{Kind: pointspb.Kind_RECORDED, Merged: &pointspb.MergeFacts{From: strings.Clone(c.event.MergedFrom)}})
	if c.event.MergedFrom == c.m.ID {
		c.Outcome = Unchanged // it was merged the other way before
		return
	}
	c.Requests = append(c.Requests, &pointspb.Request{
		Account: topics.MemberAccount(c.event.MergedFrom), Id: c.cause.Id, Traceparent: c.cause.Traceparent,
		What: &pointspb.Request_Merge{Merge: &pointspb.MergeRequest{Into: c.m.ID, At: c.cause.OccurredAt}},
	})
}

// mergeOut sends everything that a member has to the one that it turned out to be.
func (d *Decision) mergeOut(r *pointspb.Request, q *pointspb.MergeRequest) (*Decision, error) {
	id, ok := topics.MemberOf(r.Account)
	if !ok || q.Into == "" || q.Into == id {
		return nil, fmt.Errorf("request %q: %q cannot be merged into %q", r.Id, r.Account, q.Into)
	}
	a := d.world.Member(id)
	switch {
	case a.MergedInto != "":
		return d.refuse(Merged), nil
	case a.Erased != 0: // nothing is left that could go
		return d.refuse(Erased), nil
	}
	d.advance(a)
	carried := a.carried()
	if carried.Redemptions = d.world.carriedRedemptions(a); carried.SizeVT() > carriedMost {
		return nil, errCarriedMost
	}
	d.request(r, topics.MemberAccount(q.Into), &pointspb.Request{
		What: &pointspb.Request_Absorb{Absorb: &pointspb.AbsorbRequest{From: id, Carried: carried, At: q.At}},
	})
	d.emitOf(a, &pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_MERGED_OUT, EffectiveAt: q.At, Merged: &pointspb.MergeFacts{Into: q.Into},
		Postings: moved(&a.Account, -1, 0), Forgotten: idsOf(carried.Redemptions),
	})
	return d, nil
}

// moved are the postings of all that an account holds: out of it (-1) or into one whose lots are numbered on (1). What is
// moved was issued, and is issued to the other one.
func moved(a *Account, sign int64, lots uint32) []*pointspb.Posting {
	postings := []*pointspb.Posting{{Account: pointspb.Account_ISSUED}}
	post := func(account pointspb.Account, points int64, lot uint32) {
		postings[0].Points -= sign * points
		postings = append(postings, &pointspb.Posting{Account: account, Points: sign * points, Lot: lot})
	}
	for _, l := range a.Lots {
		post(booked(l), l.Remaining, l.Number+lots)
	}
	if a.Debt != 0 {
		post(pointspb.Account_DEBT, -a.Debt, 0)
	}
	if len(postings) == 1 {
		return nil
	}
	return postings
}

// carried is all that the member has, redemptions aside.
func (m *Member) carried() *pointspb.Carried {
	c := &pointspb.Carried{Format: carriedFormat}
	c.Account, _ = m.AppendBinary(nil) // never fails
	for key, o := range m.Orders() {
		state, _ := o.AppendBinary(nil) // never fails
		_, rest, _ := strings.Cut(key, "\x1f")
		c.Orders = append(c.Orders, &pointspb.CarriedOrder{Key: rest, State: state})
	}
	for month, b := range m.Buckets() {
		marks := make([]byte, 0, len(b.Marks())*len(topics.Mark{}))
		for _, mark := range b.Marks() {
			marks = append(marks, mark[:]...)
		}
		c.Seen = append(c.Seen, &pointspb.CarriedMonth{Month: month, Marks: marks})
	}
	return c
}

// absorb takes in what another member had. The higher of the two tiers holds, and the sum of the metrics counts from now on.
func (d *Decision) absorb(r *pointspb.Request, q *pointspb.AbsorbRequest) (*Decision, error) {
	id, _ := topics.MemberOf(r.Account)
	a := d.world.Member(id)
	if a.MergedInto != "" {
		d.request(r, topics.MemberAccount(a.MergedInto), &pointspb.Request{What: &pointspb.Request_Absorb{Absorb: q}})
		return d.refuse(Forwarded), nil
	}
	other, err := openCarried(q.Carried)
	if err != nil {
		return nil, fmt.Errorf("request %q for %q: %w", r.Id, r.Account, err)
	}
	d.advance(a)
	carried := &pointspb.Carried{
		Format: q.Carried.Format, Account: q.Carried.Account, Seen: q.Carried.Seen, Redemptions: q.Carried.Redemptions,
	}
	for _, o := range q.Carried.Orders {
		key := o.Key
		if a.Order(id+"\x1f"+key) != nil { // both ids sent it: what comes later is for the one that is known here
			key += "\x1e" + q.From
		}
		carried.Orders = append(carried.Orders, &pointspb.CarriedOrder{Key: key, State: o.State})
	}
	book := d.moment.Books.At(time.UnixMilli(q.At))
	tier := other.TierAt(q.At)
	d.emitOf(a, &pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_MERGED_IN, EffectiveAt: q.At, EvaluateAt: sooner(a.EvaluateAt, other.EvaluateAt),
		Merged:   &pointspb.MergeFacts{From: q.From, Carried: carried, LotsFrom: a.NextLot},
		Postings: moved(other, 1, a.NextLot),
	})
	if a.Erased != 0 { // while it was on its way
		return d.erase(a, a.Erased).refuse(Erased), nil
	}
	if book != nil && len(book.Tiers.Levels) > 0 {
		d.keepTier(a, book, tier, q.At)
		d.follow(a, book, q.At)
		if tiered(book) {
			d.plan(a, book, q.At, 0)
		}
	}
	for i := 0; i < len(a.Lots) && a.Debt > 0; {
		before := len(a.Lots)
		d.repay(a, a.Lots[i].Number, nil)
		if len(a.Lots) == before {
			i++
		}
	}
	return d, nil
}

// keepTier books the other member's tier from an instant on, where it is the higher one.
func (d *Decision) keepTier(a *Member, book *topics.Rulebook, tier string, at int64) {
	held, other := levelNamed(book, a.TierAt(at)), levelNamed(book, tier)
	if other <= held {
		return
	}
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_TIER_CHANGED, Version: book.Version, EffectiveAt: at,
		Tier:       &pointspb.TierChange{From: book.Tiers.Levels[held].ID, To: book.Tiers.Levels[other].ID},
		EvaluateAt: sooner(a.EvaluateAt, d.evaluationAfter(a, book, at, other)),
	})
}

func openCarried(c *pointspb.Carried) (*Account, error) {
	a := &Account{}
	if c.GetFormat() != carriedFormat {
		return nil, errCarriedFormat
	}
	if err := a.UnmarshalBinary(c.Account); err != nil {
		return nil, err
	}
	for _, o := range c.Orders {
		if err := new(Order).UnmarshalBinary(o.State); err != nil {
			return nil, err
		}
	}
	for _, m := range c.Seen {
		if len(m.Marks)%len(topics.Mark{}) != 0 {
			return nil, errState
		}
	}
	return a, nil
}

// take adds what another member had.
func (w *World) take(m *Member, e *pointspb.Entry) {
	lots := e.Merged.LotsFrom
	from, err := openCarried(e.Merged.Carried)
	if err != nil {
		return // the decision opened it before
	}
	m.merge(from, lots)
	m.noteBoards()
	m.written.changed = true
	for _, o := range e.Merged.Carried.Orders {
		to := m.ChangeOrder(m.ID + "\x1f" + o.Key)
		_ = to.UnmarshalBinary(o.State) // as openCarried did
		for i := range to.Grants {
			to.Grants[i].Lot += lots
		}
		for i := range to.RunLots {
			to.RunLots[i] += lots
		}
	}
	for _, s := range e.Merged.Carried.Seen {
		for marks := s.Marks; len(marks) > 0; marks = marks[len(topics.Mark{}):] {
			m.See(SeenMark{s.Month, topics.Mark(marks[:len(topics.Mark{})])})
		}
	}
	m.MergedFrom = append(m.MergedFrom, e.Merged.From)
	w.takeRedemptions(m, e)
	if e.EvaluateAt > 0 {
		m.EvaluateAt = e.EvaluateAt
	}
	m.Due = m.dueAt()
	m.Reschedule()
}

// merge adds the fields of another account, whose lots are numbered on by so much. Its tiers are booked beside it.
func (a *Account) merge(from *Account, lots uint32) {
	for _, l := range from.Lots {
		l.Number += lots
		a.addLot(l)
	}
	for _, x := range from.Expired {
		a.Expired = append(a.Expired, ExpiredLot{x.Number + lots, x.Points})
	}
	a.NextLot = lots + from.NextLot
	a.Debt += from.Debt
	a.Frozen = a.Frozen || from.Frozen
	for _, y := range from.Years {
		a.addMetric(&pointspb.MetricDelta{Year: y.Year, Spend: y.Spend, Orders: y.Orders})
	}
	a.Ordered = a.Ordered || from.Ordered
	for _, t := range from.Taken {
		a.countTaken(t.Item, t.Count)
	}
	for _, x := range from.Months {
		a.sawMonth(x.Month, x.Day)
	}
	a.Sweep = sooner(a.Sweep, from.Sweep)
	for i := range parts {
		if merge := parts[i].merge; merge != nil && parts[i].has(from) {
			merge(a, from, lots)
		}
	}
}
