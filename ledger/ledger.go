// Package ledger decides what a request does to an account, and folds what was decided into its state.
//
// Everything here is a pure function of its arguments: no clock, no randomness, no I/O. A decision changes a World only
// through Fold, so replaying the entries gives the same World (invariant I2); README.md lists what always holds.
package ledger

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Outcome is how a request ended; refusals come before success in the order in which they are looked for.
type Outcome string

// The outcomes, in order of precedence. The same words stand in metrics, API and tables.
const (
	Conflict   Outcome = "conflict"
	Duplicate  Outcome = "duplicate"
	NotFound   Outcome = "not_found" // an act or a return about what is not there
	NotCodes   Outcome = "not_codes" // codes for an item that is given otherwise
	Decided    Outcome = "decided"   // an act about what was decided already
	SamePerson Outcome = "same_person"
	NotOnSale  Outcome = "not_on_sale"
	SoldOut    Outcome = "sold_out"
	// AddressRequired refuses what is to be shipped, where no address was given.
	AddressRequired Outcome = "address_required"
	PriceChanged    Outcome = "price_changed"
	TierRequired    Outcome = "tier_required"
	LimitReached    Outcome = "limit_reached"
	Frozen          Outcome = "frozen"
	InDebt          Outcome = "debt"
	Insufficient    Outcome = "insufficient_points"
	TooMuch         Outcome = "too_much"     // a return of more than was paid: of a redemption refused, of an order applied to what is kept
	TooLate         Outcome = "too_late"     // a step of a redemption that is past it
	NotPossible     Outcome = "not_possible" // a step that this redemption has not, or does not have yet
	StockTooSmall   Outcome = "stock_too_small"
	Exists          Outcome = "exists"              // an item that is to be made is there
	Replaced        Outcome = "precondition_failed" // an edit of a definition that is another one by now
	UnknownOrder    Outcome = "unknown_order"       // a retro run on an order that is forgotten, or never came
	UnknownLine     Outcome = "unknown_line"        // a refund of a line that its order does not have; what it has of the refund is applied
	CouponUnknown   Outcome = "unknown_coupon"
	CouponRevoked   Outcome = "coupon_revoked"
	Unchanged       Outcome = "unchanged"
	Waiting         Outcome = "waiting"      // a refund or a verified review before its order, a removal before its review
	Merged          Outcome = "merged"       // the member is another one
	Forwarded       Outcome = "forwarded"    // to the member that it was merged into
	Flagged         Outcome = "flagged"      // an abuse rule was met, and nothing is frozen for it
	Erased          Outcome = "erased"       // the member was erased, and nothing is kept of them
	Proposed        Outcome = "proposed"     // an adjustment that waits for a second person
	BudgetSpent     Outcome = "budget_spent" // of a campaign: nothing is left of it
	Applied         Outcome = "applied"
)

// Moment is what a decision may know of the world outside: the shard's clock and the published rulebooks.
type Moment struct {
	Now    int64 // Unix ms, monotone per shard
	Books  topics.Books
	Policy Policy
}

// Time is the moment as a time.
func (m Moment) Time() time.Time { return time.UnixMilli(m.Now) }

// Decision is what a request led to: entries in their order, and requests for other accounts.
type Decision struct {
	Outcome  Outcome
	Entries  []*pointspb.Entry
	Requests []*pointspb.Request

	world  *World
	moment Moment
	cause  *pointspb.Cause
	marks  []SeenMark // of the cause, where they are known
	made   uint32     // number of the first lot that was made, 0 = none was
	beside beside
}

func begin(w *World, m Moment, cause *pointspb.Cause) *Decision {
	return &Decision{Outcome: Applied, world: w, moment: m, cause: cause}
}

// emit completes an entry, folds it, and keeps it. The id comes from the cause, so a retry makes the same one.
func (d *Decision) emit(e *pointspb.Entry) {
	d.complete(e)
	Fold(d.world, e)
	d.Entries = append(d.Entries, e)
}

// emitOf is emit for an entry of a member.
func (d *Decision) emitOf(m *Member, e *pointspb.Entry) {
	d.complete(e)
	d.schedule(m, e)
	d.world.fold(m, e, d.marks)
	d.Entries = append(d.Entries, e)
}

func (d *Decision) complete(e *pointspb.Entry) {
	e.RecordedAt = d.moment.Now
	if e.Cause == nil {
		e.Cause = d.cause
	}
	if e.EffectiveAt == 0 {
		e.EffectiveAt = e.Cause.OccurredAt
	}
	id := topics.MarkOf(e.Cause.Source, e.Cause.Id, e.Account, kindNames[e.Kind], e.Rule, lotNumber(e), turn(e))
	e.Id = id[:]
}

// kindNames are the names of the kinds of entries, by their number: each entry's id is made of one.
var kindNames = func() []string {
	names := make([]string, slices.Max(slices.Collect(maps.Keys(pointspb.Kind_name)))+1)
	for n, name := range pointspb.Kind_name {
		names[n] = name
	}
	return names
}()

func (d *Decision) refuse(o Outcome) *Decision {
	d.Outcome = o
	return d
}

// lotNumber keeps apart the entries of one cause that concern several lots.
func lotNumber(e *pointspb.Entry) string {
	var n uint32
	if e.Lot != nil {
		n = e.Lot.Number
	} else if len(e.Postings) > 0 {
		n = e.Postings[0].Lot
	}
	if n == 0 {
		return ""
	}
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// turn keeps apart the entries of one kind that one cause can lead to: a refund that waited and was applied later, and
// the tiers of several instants. It is the same whenever the cause is decided.
func turn(e *pointspb.Entry) string {
	switch e.Kind {
	case pointspb.Kind_REFUNDED, pointspb.Kind_REMOVED:
		return strconv.FormatBool(e.First)
	case pointspb.Kind_NOTICED:
		return e.Notice.Kind + strconv.FormatInt(e.Notice.ExpiresAt, 10)
	case pointspb.Kind_TIER_CHANGED, pointspb.Kind_TIER_KEPT:
		return strconv.FormatInt(e.EffectiveAt, 10)
	case pointspb.Kind_TAKEN, pointspb.Kind_GIVEN:
		return e.Budget.Member + " " + strconv.FormatInt(e.EffectiveAt, 10)
	case pointspb.Kind_RECORDED:
		if len(e.Waiting) > 0 {
			return "waiting"
		}
		if e.Arithmetic.GetLess() != nil { // of the same rule there is a whole award, too
			return "budget " + strconv.FormatInt(e.EffectiveAt, 10)
		}
		return strconv.FormatInt(e.EffectiveAt, 10)
	case pointspb.Kind_REVERSED:
		if x := e.Arithmetic; x.GetLess() != nil {
			return "budget " + strconv.Itoa(int(x.Lot))
		}
	case pointspb.Kind_CODES_EXPIRED, pointspb.Kind_CODES_LOW:
		return strconv.FormatInt(e.EffectiveAt, 10)
	case pointspb.Kind_FLAGGED:
		return e.Abuse.Member
	case pointspb.Kind_STEPPED: // the answer of an item's shard has the id of what asked for it
		return e.Step.Step
	case pointspb.Kind_RESTOCKED:
		return e.Redemption.Member
	case pointspb.Kind_MILESTONE, pointspb.Kind_COUPON_REVOKED:
		return e.Milestone.Coupon
	}
	return ""
}
