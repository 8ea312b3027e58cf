package ledger

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// decide says how a step ends, and what it asks of accounts and items.
func (s *stepping) decide() Outcome {
	switch s.facts.Step {
	case StepCancel:
		return s.cancel()
	case StepShip:
		return s.ship()
	case StepDeliver:
		return s.deliver()
	case StepFulfil:
		return s.fulfil()
	case StepReturn:
		return s.requestReturn()
	case StepInspect:
		return s.inspect()
	case StepReport:
		return s.report()
	}
	return s.resolve()
}

// MayCancel says why a redemption cannot be cancelled; Applied: it can. Codes could be read since it was paid, and are never
// free again.
func (l *Life) MayCancel() Outcome {
	switch {
	case l.Ended != "":
		return Decided
	case l.ShippedAt != 0, l.FulfilledAt != 0, l.redemption.HasCodes():
		return TooLate
	}
	return Applied
}

func (s *stepping) cancel() Outcome {
	if o := s.life.MayCancel(); o != Applied {
		return o
	}
	for _, p := range s.redemption.Pieces() {
		s.units = append(s.units, unitsOf{p.Item, p.Quantity, true})
	}
	s.facts.Quantity, s.facts.Points = s.redemption.Quantity, s.pointsOf(s.redemption.Quantity)
	s.tell(topics.NoticeCancelled)
	return Applied
}

// ship sends what is to be shipped, or the unit of an exchange: the one that waits for the longest time.
func (s *stepping) ship() Outcome {
	l := s.life
	i := slices.IndexFunc(l.Claims, func(c Claim) bool { return c.Held })
	switch {
	case !s.redemption.Ships():
		return NotPossible
	case l.Ended != "":
		return Decided
	case l.ShippedAt == 0:
		s.facts.Quantity = s.redemption.Quantity
		s.tell(topics.NoticeShipped)
	case i >= 0:
		s.facts.Of, s.facts.Quantity = l.Claims[i].ID, l.Claims[i].Quantity
		s.tell(topics.NoticeExchanged)
	default:
		return Decided
	}
	return Applied
}

func (s *stepping) deliver() Outcome {
	switch l := s.life; {
	case !s.redemption.Ships(), l.Ended == "" && l.ShippedAt == 0:
		return NotPossible
	case l.Ended != "", l.DeliveredAt != 0:
		return Decided
	}
	s.life.DeliveredAt = s.moment.Now
	s.completed()
	s.tell(topics.NoticeDelivered)
	return Applied
}

func (s *stepping) fulfil() Outcome {
	switch l := s.life; {
	case !s.redemption.ByHand():
		return NotPossible
	case l.Ended != "", l.FulfilledAt != 0:
		return Decided
	}
	s.life.FulfilledAt = s.moment.Now
	s.completed()
	s.tell(topics.NoticeFulfilled)
	return Applied
}

// completed sets the time for returns, once everything reached the member.
func (s *stepping) completed() {
	if s.life.complete() {
		s.facts.Until = s.moment.Now + s.moment.Policy.ReturnDays*dayMillis
	}
}

// MayReturn says why so many units cannot be returned or exchanged at an instant; Applied: they can. A bundle is returned as
// a whole, and only where all of it was shipped; it is not exchanged.
func (l *Life) MayReturn(kind string, units, now int64) Outcome {
	whole := !slices.ContainsFunc(l.redemption.Pieces(), func(p Part) bool {
		return p.Fulfilment != FulfilShipping && p.Fulfilment != FulfilBundle
	})
	waiting := l.Back
	for _, c := range l.Claims {
		if c.open() {
			waiting += c.Quantity
		}
	}
	switch {
	case l.Ended != "":
		return Decided
	case !whole, l.ShippedAt == 0, kind == ReturnExchange && len(l.redemption.Pieces()) > 1:
		return NotPossible
	case l.Until != 0 && now >= l.Until:
		return TooLate
	case waiting+units > l.redemption.Quantity:
		return TooMuch
	case len(l.Claims) >= returnsAsked:
		return LimitReached
	}
	return Applied
}

func (s *stepping) requestReturn() Outcome {
	o := s.life.MayReturn(s.facts.Kind, s.facts.Quantity, s.moment.Now)
	if o == Applied {
		s.tell(topics.NoticeReturnRequested)
	}
	return o
}

// inspect decides about a return: its points come back, a unit is asked of the item's shard, or it is rejected. An exchange
// for which there was none can be inspected again, or its points given back.
func (s *stepping) inspect() Outcome {
	f, c := s.facts, s.life.claim(s.facts.Of)
	switch {
	case c == nil:
		return NotFound
	case c.State != ClaimRequested && !c.SoldOut, c.SoldOut && !f.Accept:
		return Decided
	case f.Resolution == ResolveRefund && !f.Accept:
		return NotPossible
	}
	f.Quantity = c.Quantity
	if !f.Accept {
		s.tell(topics.NoticeReturnRejected)
		return Applied
	}
	if f.Restock && c.State == ClaimRequested {
		s.restock(c.Quantity)
	}
	if c.Kind == ReturnExchange && f.Resolution != ResolveRefund {
		s.units = append(s.units, unitsOf{s.redemption.Item, c.Quantity, false})
		return Applied
	}
	f.Points = s.pointsOf(c.Quantity)
	s.tell(topics.NoticeReturned)
	return Applied
}

// restock gives so many units of the redemption, with all their parts, back to the items.
func (s *stepping) restock(units int64) {
	for _, p := range s.redemption.Pieces() {
		s.units = append(s.units, unitsOf{p.Item, p.Quantity / s.redemption.Quantity * units, true})
	}
}

// MayReport says why a problem cannot be reported; Applied: it can. What is shipped is returned instead.
func (l *Life) MayReport(code int64) Outcome {
	r := l.redemption
	var codes int64
	for _, p := range r.Pieces() {
		if p.Fulfilment == FulfilCodes {
			codes += p.Quantity
		}
	}
	same := slices.ContainsFunc(l.Problems, func(c Claim) bool { return c.open() && (c.Code == code || c.Code == 0 || code == 0) })
	switch {
	case l.Ended != "":
		return Decided
	case codes == 0 && (!r.ByHand() || l.FulfilledAt == 0):
		return NotPossible
	case code > codes:
		return NotFound
	case same, len(l.Problems) >= problemsMost:
		return LimitReached
	}
	return Applied
}

func (s *stepping) report() Outcome {
	o := s.life.MayReport(s.facts.Code)
	if s.facts.Quantity = 1; s.facts.Code == 0 {
		s.facts.Quantity = s.redemption.Quantity - s.life.Back
	}
	return o
}

// resolve decides about a problem: another unit is asked of the item's shard, its points come back, or it is rejected. One
// for which there was no unit stays open.
func (s *stepping) resolve() Outcome {
	f, c := s.facts, s.life.problem(s.facts.Of)
	switch {
	case c == nil:
		return NotFound
	case c.State != ClaimOpen, c.Asked:
		return Decided
	}
	f.Quantity, f.Code = c.Quantity, c.Code
	switch f.Resolution {
	case ResolveReplace:
		p := s.redemption.brokenPart(c.Code)
		if c.Code == 0 {
			f.Quantity = p.Quantity
		}
		s.units = append(s.units, unitsOf{p.Item, f.Quantity, false})
		return Applied
	case ResolveRefund:
		f.Quantity = min(f.Quantity, s.redemption.Quantity-s.life.Back)
		f.Points = s.pointsOf(f.Quantity)
	}
	s.tell(topics.NoticeProblemResolved)
	return Applied
}

func (s *stepping) tell(kind string) { s.notice = kind }

// told is what the member is told of the step.
func (s *stepping) told(id string) *pointspb.NoticeFacts {
	f := s.facts
	n := &pointspb.NoticeFacts{
		Kind: s.notice, Redemption: id, Item: s.redemption.Item, Quantity: f.Quantity, Points: f.Points, Carrier: f.Carrier, Number: f.Number,
		Resolution: f.Resolution,
	}
	if f.Staff && (s.notice == topics.NoticeCancelled || s.notice == topics.NoticeReturnRejected) {
		n.Reason = f.Reason
	}
	return n
}
