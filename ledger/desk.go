package ledger

import (
	"errors"
	"fmt"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// ErrNoMember is a credit for an account that is no member's.
var ErrNoMember = errors.New("credit for an account that is no member's")

// Event is a credit event with the names of the states that it concerns: an owner reads these before it decides, and
// names that were computed once are not computed again.
type Event struct {
	*pointspb.CreditEvent
	ID        string  // of the member
	Member    *Member // of that id, where somebody has looked already
	OrderKey  string  // of the order, the refund, the completion or the review; empty: it is none of them
	OrderHash uint64  // HashOrder of it
	Purchase  string  // of the order that is reviewed, where a rule asks for it
	Ends      bool    // it empties the account: all that the member has is concerned
	marks     [2]SeenMark
	marked    int
}

// NewEvent names the states of a credit event.
func NewEvent(ev *pointspb.CreditEvent) (Event, error) {
	id, ok := topics.MemberOf(ev.Account)
	if !ok {
		return Event{}, fmt.Errorf("%w: %q", ErrNoMember, ev.Account)
	}
	e := Event{CreditEvent: ev, ID: id, Ends: ev.Erased}
	switch {
	case ev.Refund != nil:
		e.OrderKey = topics.OrderKey(id, ev.Cause.Source, ev.Refund.Order)
	case ev.Order != nil:
		e.OrderKey = topics.OrderKey(id, ev.Cause.Source, ev.Order.Order)
	case ev.Completed != "":
		e.OrderKey = topics.OrderKey(id, ev.Cause.Source, ev.Completed)
	case ev.Review != nil:
		e.OrderKey = topics.ReviewKey(id, ev.Cause.Source, ev.Review.Review)
		if slices.ContainsFunc(ev.Candidates, func(k *pointspb.Candidate) bool { return k.Verified }) {
			e.Purchase = topics.OrderKey(id, ev.Cause.Source, ev.Review.Order)
		}
	}
	if e.OrderKey != "" {
		e.OrderHash = HashOrder(e.OrderKey)
	}
	e.marks, e.marked = Marks(ev.Cause.Source, ev.Cause.Id, ev.BusinessKey, ev.Cause.OccurredAt)
	return e, nil
}

// Marks are the identities of the event.
func (e *Event) Marks() []SeenMark { return e.marks[:e.marked] }

// Desk is where a credit is decided, with room for the usual one: most events then need no memory of their own.
type Desk struct {
	credit   credit
	decision Decision
	entries  [4]*pointspb.Entry
	awards   [2]award
	slips    [2]slip
	filled   int // slips
	metric   pointspb.MetricDelta
	day      pointspb.MetricDay
	// The calendars stay from event to event: that of what happened, and that of what becomes active later.
	calendar, activations calendar
}

// slip is what a candidate turns into: its arithmetic, and the entry that books it with what that points to.
type slip struct {
	rule            *topics.Rule // nil: the book has none of that name
	arithmetic      pointspb.Arithmetic
	uses            []*pointspb.Use // of the rule's cap and limit
	extra           *extra          // what a campaign with a budget adds; nil: nothing
	budget          *pointspb.BudgetFacts
	tier            pointspb.Ratio
	entry           pointspb.Entry
	lot             pointspb.Lot
	issued, holding pointspb.Posting
	postings        [2]*pointspb.Posting
}

// pending says that the points wait before they can be spent.
func (s *slip) pending() bool { return s.rule != nil && !s.rule.Pending.IsZero() }

func (d *Desk) clear() *credit {
	for i := range d.filled {
		d.slips[i] = slip{}
	}
	d.filled, d.metric, d.day = 0, pointspb.MetricDelta{}, pointspb.MetricDay{}
	d.decision = Decision{Entries: d.entries[:0]}
	d.credit = credit{Decision: &d.decision, desk: d}
	return &d.credit
}

func (d *Desk) slip() *slip {
	if d.filled == len(d.slips) {
		return &slip{}
	}
	d.filled++
	return &d.slips[d.filled-1]
}
