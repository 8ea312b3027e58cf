package ledger

import (
	"cmp"
	"slices"
)

// Claim is a return or an exchange that a member asked for, or a problem that they reported.
type Claim struct {
	ID       string
	Kind     string // return | exchange; empty: a problem
	Quantity int64
	Reason   string
	Code     int64
	State    string
	Points   int64 // given back
	At       int64 // when it was asked for
	Since    int64 // when it came to its state
	Asked    bool  // the item's shard is asked for a unit
	SoldOut  bool  // it had none
	Held     bool  // the unit of an exchange waits to be shipped
}

// open says that somebody still has to do something about it.
func (c *Claim) open() bool {
	return c.State == ClaimRequested || c.State == ClaimOpen || c.State == ClaimAccepted && c.Kind == ReturnExchange
}

// Life is what the steps of a redemption have made of it.
type Life struct {
	ShippedAt, DeliveredAt, FulfilledAt int64 // Unix ms, 0 = not
	EndedAt                             int64
	Ended                               string // StateCancelled or StateReturned
	Until                               int64  // when it is closed; 0 = not known yet
	Carrier, Number                     string // of the last shipment
	SentAt                              int64  // of that
	Claims, Problems                    []Claim
	Back                                int64 // units that were returned, or refunded

	redemption *Redemption
	last       int64 // the last step
}

// Pieces are the parts of a redemption; those of entries of earlier builds name the item alone.
func (r *Redemption) Pieces() []Part {
	if len(r.Parts) == 0 {
		return []Part{{Item: r.Item, Quantity: r.Quantity, Fulfilment: FulfilManual}}
	}
	return r.Parts
}

// Ships says that something of it is shipped.
func (r *Redemption) Ships() bool { return r.has(FulfilShipping) }

// HasCodes says that something of it are codes, which their owner reads once it is paid.
func (r *Redemption) HasCodes() bool { return r.has(FulfilCodes) }

// ByHand says that somebody has to say when something of it is fulfilled.
func (r *Redemption) ByHand() bool { return r.has(FulfilBooking, FulfilManual) }

func (r *Redemption) has(fulfilments ...string) bool {
	return slices.ContainsFunc(r.Pieces(), func(p Part) bool { return slices.Contains(fulfilments, cmp.Or(p.Fulfilment, FulfilManual)) })
}

// step is a step that is kept; nil: it is not known.
func (r *Redemption) step(id string) *Step {
	for i := range r.Steps {
		if r.Steps[i].ID == id && r.Steps[i].Step != StepUnit {
			return &r.Steps[i]
		}
	}
	return nil
}

// Life is what became of the redemption so far.
func (r *Redemption) Life() *Life {
	l := &Life{redemption: r, last: r.At, Until: r.Until}
	if r.Until != 0 {
		l.FulfilledAt = r.At
	}
	for i := range r.Steps {
		if x := &r.Steps[i]; x.Outcome == Applied || x.Step == StepUnit {
			l.take(x)
		}
	}
	return l
}

// StateBefore is its state at a time (Unix ms), without a step and what came after that.
func (r *Redemption) StateBefore(step string, at int64) string {
	before := *r
	if i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.ID == step && s.Step != StepUnit }); i >= 0 {
		before.Steps = r.Steps[:i]
	}
	return before.Life().State(at)
}

// take adds a step.
func (l *Life) take(x *Step) {
	l.last = max(l.last, x.At)
	if x.Until != 0 {
		l.Until = x.Until
	}
	switch x.Step {
	case StepCancel:
		l.Ended, l.EndedAt = StateCancelled, x.At
	case StepShip:
		l.Carrier, l.Number, l.SentAt = x.Carrier, x.Number, x.At
		if c := l.claim(x.Of); c != nil {
			c.State, c.Since, c.Held = ClaimExchanged, x.At, false
		} else {
			l.ShippedAt = x.At
		}
	case StepDeliver:
		l.DeliveredAt = x.At
	case StepFulfil:
		l.FulfilledAt = x.At
	case StepReturn:
		l.Claims = append(l.Claims, Claim{ID: x.ID, Kind: x.Kind, Quantity: x.Quantity, Reason: x.Reason, State: ClaimRequested, At: x.At, Since: x.At})
	case StepReport:
		l.Problems = append(l.Problems, Claim{ID: x.ID, Quantity: x.Quantity, Reason: x.Reason, Code: x.Code, State: ClaimOpen, At: x.At, Since: x.At})
	case StepInspect:
		l.inspected(x)
	case StepResolve:
		l.resolved(x)
	case StepUnit:
		l.answered(x)
	}
}

func (l *Life) inspected(x *Step) {
	c := l.claim(x.Of)
	if c == nil {
		return
	}
	c.Since = x.At
	switch {
	case !x.Accept:
		c.State = ClaimRejected
	case c.Kind == ReturnExchange && x.Resolution != ResolveRefund:
		c.State, c.Asked, c.SoldOut = ClaimAccepted, true, false
	default: // the points of an exchange without stock are given back, too
		c.Kind, c.State, c.Points, c.SoldOut = ReturnPoints, ClaimAccepted, x.Points, false
		l.gone(c.Quantity, x.At)
	}
}

func (l *Life) resolved(x *Step) {
	c := l.problem(x.Of)
	if c == nil {
		return
	}
	c.Since = x.At
	switch x.Resolution {
	case ResolveReplace:
		c.Asked, c.SoldOut = true, false
	case ResolveReject:
		c.State = ClaimRejected
	case ResolveRefund:
		c.State, c.Points = ClaimRefunded, x.Points
		if l.Until == 0 || c.At < l.Until { // it was open when the redemption would have been closed
			l.gone(x.Quantity, x.At)
		} else {
			l.Back += x.Quantity
		}
	}
}

func (l *Life) answered(x *Step) {
	if c := l.claim(x.Of); c != nil && c.Asked {
		c.Asked, c.Held, c.SoldOut, c.Since = false, x.Outcome == Applied, x.Outcome != Applied, x.At
	}
	if c := l.problem(x.Of); c != nil && c.Asked {
		if c.Asked, c.SoldOut, c.Since = false, x.Outcome != Applied, x.At; x.Outcome == Applied {
			c.State = ClaimReplaced
		}
	}
}

// gone notes units that the member has no more; without any the redemption is returned.
func (l *Life) gone(units, at int64) {
	if l.Back += units; l.Back >= l.redemption.Quantity {
		l.Ended, l.EndedAt = StateReturned, at
	}
}

// whole says that the redemption was given back as a whole, also after its closing: it counts in its item's limit no more.
func (l *Life) whole() bool { return l.Ended != "" || l.Back >= l.redemption.Quantity }

func (l *Life) claim(id string) *Claim   { return claimNamed(l.Claims, id) }
func (l *Life) problem(id string) *Claim { return claimNamed(l.Problems, id) }

func claimNamed(all []Claim, id string) *Claim {
	if i := slices.IndexFunc(all, func(c Claim) bool { return c.ID == id }); i >= 0 {
		return &all[i]
	}
	return nil
}

// complete says that everything reached the member.
func (l *Life) complete() bool {
	return (!l.redemption.Ships() || l.DeliveredAt != 0) && (!l.redemption.ByHand() || l.FulfilledAt != 0)
}

// State is what the redemption is at an instant: closed once its time for returns is over and nothing of before waits.
func (l *Life) State(now int64) string {
	switch {
	case l.Ended != "":
		return l.Ended
	case l.Until != 0 && now >= l.Until && !l.holds():
		return StateClosed
	case l.redemption.Ships() && l.DeliveredAt != 0:
		return StateDelivered
	case l.redemption.Ships() && l.ShippedAt != 0:
		return StateShipped
	case !l.redemption.Ships() && l.complete():
		return StateFulfilled
	}
	return StateCreated
}

// holds says that something which was asked for before the redemption's time was over keeps it from being closed.
func (l *Life) holds() bool {
	before := func(c Claim) bool { return c.open() && c.At < l.Until }
	return slices.ContainsFunc(l.Claims, before) || slices.ContainsFunc(l.Problems, before)
}

// waits says that something is asked for about it.
func (l *Life) waits() bool {
	open := func(c Claim) bool { return c.open() }
	return slices.ContainsFunc(l.Claims, open) || slices.ContainsFunc(l.Problems, open)
}

// closes is from when on nothing more is to happen to the redemption; 0: somebody has to do something first.
func (r *Redemption) closes() int64 {
	if r.Outcome != Applied {
		return r.At
	}
	l := r.Life()
	switch {
	case l.waits():
		return 0
	case l.Ended != "":
		return max(l.EndedAt, l.last)
	case l.Until == 0:
		return 0
	}
	return max(l.Until, l.last)
}

// ForgetAt is when the redemption may be forgotten, 400 days after it was closed (architecture: "State is bounded"); 0: it is
// not closed before somebody does something.
func (r *Redemption) ForgetAt() int64 {
	if at := r.closes(); at != 0 {
		return DueAt(at)
	}
	return 0
}
