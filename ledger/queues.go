package ledger

// The queues in which redemptions wait for somebody, in the order of Queues.
const (
	QueueShip     = "ship"     // to be shipped, or the unit of an exchange
	QueueFulfil   = "fulfil"   // for whoever says that it was
	QueueDeliver  = "deliver"  // shipped, and not delivered yet
	QueueReturns  = "returns"  // to be inspected
	QueueProblems = "problems" // to be resolved
)

// QueueNames are the names of the queues.
var QueueNames = [...]string{QueueShip, QueueFulfil, QueueDeliver, QueueReturns, QueueProblems}

// Queues is since when the redemption waits in each of the queues, Unix ms; 0: it does not.
func (r *Redemption) Queues() (since [len(QueueNames)]int64) {
	if r.Outcome != Applied {
		return since
	}
	l := r.Life()
	if l.Ended == "" {
		switch {
		case r.Ships() && l.ShippedAt == 0:
			since[0] = r.At
		case r.Ships() && l.DeliveredAt == 0:
			since[2] = l.ShippedAt
		}
		if r.ByHand() && l.FulfilledAt == 0 {
			since[1] = r.At
		}
	}
	for i := range l.Claims {
		switch c := &l.Claims[i]; {
		case c.Held:
			since[0] = sooner(since[0], c.Since)
		case c.State == ClaimRequested || c.SoldOut:
			since[3] = sooner(since[3], c.At)
		}
	}
	for i := range l.Problems {
		if c := &l.Problems[i]; c.open() && !c.Asked {
			since[4] = sooner(since[4], c.At)
		}
	}
	return since
}

// Untouched says that nothing was done about the redemption since it was decided: it cannot have left a queue.
func (r *Redemption) Untouched() bool { return len(r.Steps) == 0 }
