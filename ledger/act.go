package ledger

import (
	"bytes"
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// The scopes of a freeze: an account earns and spends nothing; lots are set aside and do not expire.
const (
	ScopeAccount = "account"
	ScopeLots    = "lots"
)

// Policy is what an installation says of acts and returns, whatever rulebook is in force.
type Policy struct {
	FourEyesAbove int64 // adjustments of more points, either way, need a second person
	RestoreGrace  int64 // how long points live that are given back after their expiry, ms
	ReturnDays    int64 // after delivery or fulfilment, until a redemption is closed
}

// actOf is what a request asks to be done by hand; nil: it asks for something else.
func actOf(r *pointspb.Request) (What, *pointspb.ActFacts) {
	switch x := r.What.(type) {
	case *pointspb.Request_Freeze:
		return Freeze, x.Freeze
	case *pointspb.Request_Unfreeze:
		return Unfreeze, x.Unfreeze
	case *pointspb.Request_Adjust:
		return Adjust, x.Adjust
	case *pointspb.Request_Confirm:
		return Confirm, x.Confirm
	case *pointspb.Request_Approve:
		return Approve, x.Approve
	case *pointspb.Request_Decline:
		return Decline, x.Decline
	case *pointspb.Request_Appeal:
		return Appeal, x.Appeal
	}
	return "", nil
}

// WhatOf is the word of a request for an act; empty: it asks for something else.
func WhatOf(r *pointspb.Request) What {
	what, _ := actOf(r)
	return what
}

// act decides what is to be done to an account by hand. Its entry keeps who, why and how it ended, refusals too. An error
// is a request that no client of ours sends.
func (d *Decision) act(r *pointspb.Request, what What, asked *pointspb.ActFacts) (*Decision, error) {
	d.cause.Type = "jifen." + string(what)
	member, ok := topics.MemberOf(r.Account)
	if !ok {
		return nil, fmt.Errorf("%s of %q, which is no member's account", what, r.Account)
	}
	if err := checkAct(r, what, asked); err != nil {
		return nil, fmt.Errorf("%s %q of %s: %w", what, r.Id, r.Account, err)
	}
	a := d.world.Member(member)
	if a.MergedInto != "" {
		return d.refuse(Merged), nil
	}
	if a.Erased != 0 {
		return d.refuse(Erased), nil
	}
	if known := a.actNamed(r.Id); known != nil {
		if known.What != what || !bytes.Equal(known.Hash, asked.Hash) {
			return d.refuse(Conflict), nil
		}
		return d.refuse(Duplicate), nil
	}
	d.advance(a)
	e := &pointspb.Entry{
		Account: r.Account, EffectiveAt: d.moment.Now,
		Act: &pointspb.ActFacts{
			Id: r.Id, Hash: asked.Hash, Of: asked.Of, Actor: r.Actor, Reason: asked.Reason, Evidence: asked.Evidence,
			Scope: asked.Scope, Lots: asked.Lots, Points: asked.Points, ReviewBy: asked.ReviewBy,
		},
	}
	switch what {
	case Freeze:
		d.Outcome = d.freeze(a, e)
	case Unfreeze:
		d.Outcome = d.unfreeze(a, e)
	case Adjust:
		d.Outcome = d.adjust(a, e)
	case Confirm:
		d.Outcome = d.confirm(a, e)
	case Approve, Decline:
		d.Outcome = d.second(a, e, what)
	case Appeal:
		d.Outcome = d.appeal(a, e)
	}
	if d.Outcome != Applied && d.Outcome != Proposed {
		e.Kind, e.Postings, e.Lot, e.Lots = pointspb.Kind_REFUSED, nil, nil, nil
	}
	e.Act.Outcome = string(d.Outcome)
	d.tell(a, e)
	d.emitOf(a, e)
	d.repayFrom(a, e)
	return d, nil
}

// repayFrom pays debt from the lots that an entry made available by hand.
func (d *Decision) repayFrom(a *Member, e *pointspb.Entry) {
	for _, p := range e.Postings {
		if p.Account == pointspb.Account_AVAILABLE && p.Points > 0 {
			d.repayAt(a, p.Lot, d.cause, d.moment.Now)
		}
	}
}

// checkAct says what a request for an act lacks.
func checkAct(r *pointspb.Request, what What, f *pointspb.ActFacts) error {
	reason := what != Approve && what != Appeal
	evidence := what == Freeze || what == Adjust || what == Confirm || what == Appeal
	of := what != Freeze && what != Adjust
	switch {
	case !isReference(r.Id):
		return fmt.Errorf("request id %q", r.Id)
	case r.Actor == "":
		return fmt.Errorf("no actor")
	case reason && !IsWord(f.Reason) || !reason && f.Reason != "":
		return fmt.Errorf("reason %q", f.Reason)
	case (evidence || f.Evidence != "") && !isReference(f.Evidence):
		return fmt.Errorf("evidence %q", f.Evidence)
	case of != (f.Of != ""):
		return fmt.Errorf("about %q", f.Of)
	case what == Freeze && (f.ReviewBy <= 0 || f.Scope != ScopeLots && (f.Scope != ScopeAccount || len(f.Lots) > 0)):
		return fmt.Errorf("scope %q of %d lots, review by %d", f.Scope, len(f.Lots), f.ReviewBy)
	case what == Adjust && (f.Points == 0 || f.Points > AdjustMost || f.Points < -AdjustMost):
		return fmt.Errorf("adjustment by %d points", f.Points)
	}
	return nil
}

// IsWord says that a text is one word of a closed vocabulary: a to z, 0 to 9 and . _ -, at most 64 of them. Reasons are
// such words, so that nobody's data gets into the ledger in a sentence (I15).
func IsWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// IsReference says that a text names something that is kept elsewhere, such as a ticket: printable ASCII without spaces, at
// most 128.
func IsReference(s string) bool { return isReference(s) }

func isReference(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != "" && len(s) <= 128
}
