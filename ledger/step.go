package ledger

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

const (
	dayMillis     = 24 * 60 * 60 * 1000
	returnsAsked  = 50 // of one redemption
	problemsMost  = 20
	refusedStored = 50 // steps that were refused: the newest
)

// StepOf is the word of a request for a redemption's step; empty: it asks for something else.
func StepOf(r *pointspb.Request) string { return r.GetStep().GetStep().GetStep() }

// StepCaused is the step that entries of a cause type are of (jifen.cancel, …; an item's answer is a unit); empty: of none.
func StepCaused(causeType string) string {
	word, ours := strings.CutPrefix(causeType, "jifen.")
	switch {
	case ours && word == "got":
		return StepUnit
	case ours && slices.Contains(steps, word):
		return word
	}
	return ""
}

// steps are those that are asked for.
var steps = []string{StepCancel, StepShip, StepDeliver, StepFulfil, StepReturn, StepInspect, StepReport, StepResolve}

// RedemptionOf is the redemption whose state a request needs at its member's shard; empty: none.
func RedemptionOf(r *pointspb.Request) string {
	switch x := r.What.(type) {
	case *pointspb.Request_Debit:
		return x.Debit.GetRedemption()
	case *pointspb.Request_Step:
		return x.Step.GetRedemption()
	case *pointspb.Request_Got:
		return x.Got.GetRedemption()
	}
	return ""
}

// step decides the next step of a redemption (decision 0036). Its entry keeps who, why and how it ended, refusals too. An
// error is a request that no client of ours sends.
func (d *Decision) step(r *pointspb.Request, q *pointspb.StepRequest) (*Decision, error) {
	member, ok := topics.MemberOf(r.Account)
	if !ok {
		return nil, fmt.Errorf("step of redemption %q of %q, which is no member's account", q.Redemption, r.Account)
	}
	if err := checkStep(r, q.Step); err != nil {
		return nil, fmt.Errorf("%s %q of redemption %q: %w", q.Step.GetStep(), r.Id, q.Redemption, err)
	}
	a := d.world.Member(member)
	if d.elsewhere(r, a) {
		return d, nil
	}
	x := d.world.Redemptions[q.Redemption]
	if x == nil || x.Member != member || x.Outcome != Applied {
		return d.refuse(NotFound), nil
	}
	if known := x.step(r.Id); known != nil {
		if !bytes.Equal(known.Hash, q.Step.Hash) {
			return d.refuse(Conflict), nil
		}
		return d.refuse(Duplicate), nil
	}
	d.advance(a)
	f := &pointspb.StepFacts{
		Id: r.Id, Hash: q.Step.Hash, Step: q.Step.Step, Of: q.Step.Of, Kind: q.Step.Kind, Quantity: q.Step.Quantity, Reason: q.Step.Reason,
		Accept: q.Step.Accept, Restock: q.Step.Restock, Resolution: q.Step.Resolution, Carrier: q.Step.Carrier, Number: q.Step.Number,
		Code: q.Step.Code, Actor: r.Actor, Staff: q.Step.Staff,
	}
	s := &stepping{Decision: d, request: r, member: a, redemption: x, life: x.Life(), facts: f}
	d.Outcome = s.decide()
	s.book(q.Redemption)
	return d, nil
}

// stepping is a step under decision: what the redemption is before it, and what it asks of the accounts.
type stepping struct {
	*Decision
	request    *pointspb.Request
	member     *Member
	redemption *Redemption
	life       *Life
	facts      *pointspb.StepFacts
	notice     string
	units      []unitsOf
}

// unitsOf are units that come back to an item, or are asked of it.
type unitsOf struct {
	item     string
	quantity int64
	back     bool
}

// book writes the step, gives points back, and tells the items' shards.
func (s *stepping) book(id string) {
	f, x := s.facts, s.redemption
	f.Outcome = string(s.Outcome)
	whole := s.life.whole()
	e := &pointspb.Entry{
		Account: s.request.Account, Kind: pointspb.Kind_STEPPED, EffectiveAt: s.moment.Now, Step: f,
		Redemption: &pointspb.RedemptionFacts{Id: id, Member: x.Member, Item: x.Item, Outcome: string(x.Outcome)},
	}
	if s.Outcome != Applied {
		e.Kind, f.Points, f.Until = pointspb.Kind_REFUSED, 0, 0
	} else {
		s.life.take(new(stepOf(f, s.moment.Now)))
	}
	f.State = s.life.State(s.moment.Now)
	if s.Outcome == Applied && s.notice != "" {
		e.Notice = s.told(id)
	}
	if !whole && s.life.whole() {
		x.uncounts(e.Redemption)
	}
	s.emitOf(s.member, e)
	if s.Outcome != Applied {
		return
	}
	if f.Until != 0 {
		s.giveRebate(s.member, id)
	}
	if f.Points > 0 {
		s.giveBackOf(id)
	}
	for _, u := range s.units {
		s.Decision.request(s.request, topics.ItemAccount(u.item), &pointspb.Request{What: &pointspb.Request_Units{Units: &pointspb.UnitsRequest{
			Redemption: id, Member: x.Member, Of: cmp.Or(f.Of, f.Id), Quantity: u.quantity, Back: u.back,
		}}})
	}
}

// giveBackOf restores the points of the step, as a return of the redemption.
func (s *stepping) giveBackOf(id string) {
	x := s.world.Redemptions[id]
	e := &pointspb.Entry{
		Account: s.request.Account, Kind: pointspb.Kind_RESTORED, EffectiveAt: s.moment.Now,
		Redemption: &pointspb.RedemptionFacts{Id: id, Member: x.Member, Item: x.Item, Outcome: string(x.Outcome)},
		Return:     &pointspb.ReturnFacts{Id: s.facts.Id, Points: s.facts.Points, Outcome: string(Applied)},
	}
	s.giveBack(s.member, x, e)
	s.emitOf(s.member, e)
	s.repayFrom(s.member, e)
	s.takeRebate(s.member, id)
	s.advance(s.member) // what is dead on arrival
}

// pointsOf are what so many units cost, and at most what was not given back yet.
func (s *stepping) pointsOf(units int64) int64 {
	x := s.redemption
	left := x.Points - x.Returned()
	if units >= x.Quantity {
		return left
	}
	return min(left, x.Points/x.Quantity*units)
}

// checkStep says what a request for a step lacks.
func checkStep(r *pointspb.Request, f *pointspb.StepFacts) error {
	about := f.GetStep() == StepInspect || f.GetStep() == StepResolve
	shipment := f.GetStep() == StepShip
	asks := f.GetStep() == StepReturn
	switch {
	case !isReference(r.Id):
		return fmt.Errorf("request id %q", r.Id)
	case r.Actor == "":
		return fmt.Errorf("no actor")
	case !slices.Contains(steps, f.GetStep()):
		return fmt.Errorf("step %q", f.GetStep())
	case f.Reason != "" && !IsWord(f.Reason):
		return fmt.Errorf("reason %q", f.Reason)
	case about != (f.Of != ""):
		return fmt.Errorf("about %q", f.Of)
	case shipment != (f.Carrier != "" && f.Number != ""), shipment && (!isReference(f.Carrier) || !isReference(f.Number)):
		return fmt.Errorf("shipment %q by %q", f.Number, f.Carrier)
	case asks != (f.Quantity > 0), f.Quantity < 0, asks != (f.Kind == ReturnPoints || f.Kind == ReturnExchange):
		return fmt.Errorf("%s of %d units", f.Kind, f.Quantity)
	case f.Code < 0:
		return fmt.Errorf("code %d", f.Code)
	case f.Step == StepResolve && !slices.Contains([]string{ResolveReplace, ResolveRefund, ResolveReject}, f.Resolution),
		f.Step != StepResolve && f.Resolution != "" && (f.Step != StepInspect || f.Resolution != ResolveRefund):
		return fmt.Errorf("resolution %q", f.Resolution)
	}
	return nil
}
