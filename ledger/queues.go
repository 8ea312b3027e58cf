package ledger

// The queues in which redemptions wait for somebody, in the order of Queues.
const (
	QueueShip     = "ship"     // to be shipped, or the unit of an exchange
	QueueFulfil   = "fulfil"   // for whoever says that it was
	QueueDeliver  = "deliver"  // shipped, and not delivered yet
	QueueReturns  = "returns"  // to be inspected
	QueueProblems = "problems" // to be resolved
)

// QueueNames are the names of the redemptions' queues.
var QueueNames = [...]string{QueueShip, QueueFulfil, QueueDeliver, QueueReturns, QueueProblems}

// The queues in which members' accounts wait for somebody, in the order of Account.Queues.
const (
	QueueApprovals = "approvals" // an adjustment waits for a second person
	QueueReviews   = "reviews"   // a freeze is to be looked at again
)

// AccountQueueNames are the names of the accounts' queues.
var AccountQueueNames = [...]string{QueueApprovals, QueueReviews}

// Queues is the account's place in each of the queues, Unix ms: since when the first of its adjustments waits, and by when
// the first of its freezes is to be reviewed; 0: it is in none.
func (a *Account) Queues() (at [len(AccountQueueNames)]int64) {
	for i := range a.Acts {
		switch x := &a.Acts[i]; x.Standing {
		case AdjustmentProposed:
			at[0] = sooner(at[0], x.At)
		case FreezeOpen:
			at[1] = sooner(at[1], x.ReviewBy)
		}
	}
	return at
}

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
