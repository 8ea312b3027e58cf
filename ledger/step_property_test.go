package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// stood is what a redemption was: its state, and how its steps had ended.
type stood struct {
	state string
	steps map[string]ledger.Outcome
}

// places are how far the states are; those of one number lead nowhere else.
var places = map[string]int{
	ledger.StateCreated: 0, ledger.StateShipped: 1, ledger.StateDelivered: 2, ledger.StateFulfilled: 2,
	ledger.StateClosed: 3, ledger.StateCancelled: 3, ledger.StateReturned: 3,
}

// TestStepsOfRedemptionsInEveryOrder runs the steps of redemptions that succeeded, shards deciding in any order: states only
// move forward (I12), a step's answer never changes (I5), stock adds up after every entry (I4), no more units or points come
// back than were redeemed, and whoever folds the entries has the same states (I2).
func TestStepsOfRedemptionsInEveryOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &mall{
			shop: open(t, "2026-06-01 00:00:00"), queues: map[string][]*pointspb.Request{}, answers: map[string]ledger.Outcome{},
			were: map[string]stood{},
		}
		m.gift("m0", "g", 1000)
		for i, item := range []string{"i0", "i1"} {
			m.offer(item, fmt.Sprint("set", item), 100, 4)
			m.want(item, int64(3-i))
		}
		m.drain(r)
		for n := range rapid.IntRange(20, 60).Draw(r, "operations") {
			m.later(r)
			if n > 0 && len(m.queues) > 0 && rapid.Bool().Draw(r, "deliver") {
				m.deliver(r, m.waiting(r))
			} else {
				m.proceed(r, n)
			}
			sound(r, m.shop)
		}
		m.drain(r)
		m.settled(r)
		conserved(r, m.shop)
		replayed := ledger.NewWorld()
		for _, e := range m.entries {
			ledger.Fold(replayed, e)
		}
		same(r, replayed, m.world)
	})
}

func (m *mall) drain(r *rapid.T) {
	for len(m.queues) > 0 {
		m.deliver(r, m.waiting(r))
	}
}

func (m *mall) offer(item, id string, price, loaded int64) {
	m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: item, BasePrice: price, OnSale: true, Kind: map[string]string{"i0": "physical", "i1": "service"}[item]}, Loaded: loaded,
	}}})
}

func (m *mall) want(item string, quantity int64) {
	id := topics.RedemptionID("m0", item)
	m.send(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Redemption: id, Member: "m0", Quantity: quantity, BodyHash: []byte(item), Address: true,
	}}})
}

// later lets days pass at times, so that redemptions are closed.
func (m *mall) later(r *rapid.T) {
	if rapid.IntRange(0, 19).Draw(r, "later") == 0 {
		m.now = m.now.Add(time.Duration(rapid.IntRange(1, 20).Draw(r, "days")) * 24 * time.Hour)
	}
}

// proceed asks for a step of a redemption that succeeded, or repeats one.
func (m *mall) proceed(r *rapid.T, n int) {
	var ids []string
	for id, x := range m.world.Redemptions {
		if x.Outcome == ledger.Applied {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(r, "redemption")
	x := m.world.Redemptions[id]
	l := x.Life()
	words := []string{
		ledger.StepShip, ledger.StepDeliver, ledger.StepFulfil, ledger.StepReturn, ledger.StepReturn, ledger.StepInspect, ledger.StepInspect,
		ledger.StepReport, ledger.StepResolve, ledger.StepResolve,
	}
	if n%8 == 0 {
		words = append(words, ledger.StepCancel)
	}
	f := &pointspb.StepFacts{Step: rapid.SampledFrom(words).Draw(r, "step")}
	switch f.Step {
	case ledger.StepShip:
		f.Carrier, f.Number = "sf", fmt.Sprint("n", n)
	case ledger.StepReturn:
		f.Kind = rapid.SampledFrom([]string{ledger.ReturnPoints, ledger.ReturnExchange}).Draw(r, "kind")
		f.Quantity = rapid.Int64Range(1, 2).Draw(r, "units")
	case ledger.StepInspect:
		if f.Of = "nothing"; len(l.Claims) > 0 {
			f.Of = rapid.SampledFrom(l.Claims).Draw(r, "return").ID
		}
		f.Accept, f.Restock = rapid.Bool().Draw(r, "accept"), rapid.Bool().Draw(r, "restock")
		if rapid.Bool().Draw(r, "points instead") {
			f.Resolution = ledger.ResolveRefund
		}
	case ledger.StepResolve:
		if f.Of = "nothing"; len(l.Problems) > 0 {
			f.Of = rapid.SampledFrom(l.Problems).Draw(r, "problem").ID
		}
		f.Resolution = rapid.SampledFrom([]string{ledger.ResolveReplace, ledger.ResolveRefund, ledger.ResolveReject}).Draw(r, "resolution")
	}
	f.Hash = []byte(f.String())
	q := &pointspb.Request{
		Account: topics.MemberAccount(x.Member), Id: fmt.Sprint("step", n-rapid.IntRange(0, 19).Draw(r, "key")/19), Actor: "sue",
		What: &pointspb.Request_Step{Step: &pointspb.StepRequest{Redemption: id, Step: f}},
	}
	m.send(q)
}

// forward says that no redemption went back (I12), that no step's answer changed (I5), and that no more came back than went.
func (m *mall) forward(r *rapid.T) {
	for id, x := range m.world.Redemptions {
		if x.Outcome != ledger.Applied {
			continue
		}
		l, before := x.Life(), m.were[id]
		now := stood{l.State(m.now.UnixMilli()), map[string]ledger.Outcome{}}
		for _, s := range x.Steps {
			now.steps[s.ID+s.Step] = s.Outcome
		}
		if p, q := places[before.state], places[now.state]; before.state != "" && (q < p || p == 3 && before.state != now.state) {
			r.Fatalf("redemption %s was %s and is %s", id, before.state, now.state)
		}
		for s, o := range before.steps {
			if now.steps[s] != o {
				r.Fatalf("step %s of redemption %s ended as %s and as %s", s, id, o, now.steps[s])
			}
		}
		if l.Back > x.Quantity || x.Returned() > x.Points || now.state == ledger.StateReturned && x.Returned() != x.Points {
			r.Fatalf("redemption %s of %d units is %s: %d are back, and %d of %d points", id, x.Quantity, now.state, l.Back, x.Returned(), x.Points)
		}
		asked, back := underway(x)
		if asked > x.Quantity || back == x.Quantity && now.state != ledger.StateReturned {
			r.Fatalf("redemption %s of %d units is %s: %d are asked for or back, %d came back by returns", id, x.Quantity, now.state, asked, back)
		}
		m.were[id] = now
	}
}

// underway counts, from the steps alone, the units that a member asked to return and that staff neither rejected nor sent again; back
// are those of them whose points came back.
func underway(x *ledger.Redemption) (asked, back int64) {
	claims := map[string]int64{}
	for _, s := range x.Steps {
		switch {
		case s.Outcome != ledger.Applied:
		case s.Step == ledger.StepReturn:
			claims[s.ID] = s.Quantity
		case s.Step == ledger.StepShip, s.Step == ledger.StepInspect && !s.Accept:
			delete(claims, s.Of)
		case s.Step == ledger.StepInspect && s.Points > 0:
			back += claims[s.Of]
		}
	}
	for _, units := range claims {
		asked += units
	}
	return asked, back
}

// moved are the units of an item that were sent again, less those that came back.
func (m *mall) moved(item string) (units int64) {
	for _, e := range m.entries {
		if e.Kind == pointspb.Kind_SENT_AGAIN || e.Kind == pointspb.Kind_RESTOCKED {
			if e.Redemption.Item == item {
				units += e.Item.Sold
			}
		}
	}
	return units
}

// back are the points that redemptions gave back: as many as their steps say.
func (m *mall) back(r *rapid.T) (points int64) {
	var steps int64
	for _, e := range m.entries {
		if e.Step != nil {
			steps += e.Step.Points
		}
		if e.Kind == pointspb.Kind_RESTORED {
			points += e.Return.Points
		}
	}
	if points != steps {
		r.Fatalf("%d points were given back, steps say %d", points, steps)
	}
	return points
}
