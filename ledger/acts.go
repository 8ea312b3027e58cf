package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jifen/topics/pointspb"
)

// Act is what somebody asked to be done to an account by hand, and how it ended: while it is kept it answers its request,
// and the same request again does nothing (I5).
type Act struct {
	ID       string
	Hash     []byte // of what the client asked for
	What     What
	Of       string // the freeze or the proposal that it is about
	Outcome  Outcome
	Standing Standing // of a freeze, and of an adjustment
	Actor    string
	Approver string // who decided about it: the second person, or who released
	Reason   string
	Evidence string
	Account  bool     // a freeze of the account, not of lots
	Lots     []uint32 // that a freeze holds, or held
	Points   int64    // of an adjustment, as it was asked for
	At       int64    // Unix ms
	ReviewBy int64    // of a freeze, Unix ms
	Overdue  bool     // the freeze is past it
	Appeal   string   // the reference of the member's appeal
}

// What is what an act asks for: the word of its request.
type What string

// The acts.
const (
	Freeze   What = "freeze"
	Unfreeze What = "unfreeze"
	Adjust   What = "adjust"
	Confirm  What = "confirm"
	Approve  What = "approve"
	Decline  What = "decline"
	Appeal   What = "appeal"
)

// Standing is what has become of a freeze or an adjustment.
type Standing string

// The standings.
const (
	FreezeOpen      Standing = "open"
	FreezeReleased  Standing = "released"
	FreezeConfirmed Standing = "confirmed" // that of an account holds on until it is released

	AdjustmentProposed Standing = "proposed"
	AdjustmentApplied  Standing = "applied"
	AdjustmentDeclined Standing = "declined"
)

const (
	actsKept      = 100 // the newest, and every one that stands
	freezesMost   = 20  // of one account at a time
	proposalsMost = 20
)

// actNamed is an act of an account by its request's id; nil: it is not known.
func (a *Account) actNamed(id string) *Act {
	for i := range a.Acts {
		if a.Acts[i].ID == id {
			return &a.Acts[i]
		}
	}
	return nil
}

// InForce says that a freeze holds an account or lots.
func (x *Act) InForce() bool {
	return x.What == Freeze && (x.Standing == FreezeOpen || x.Standing == FreezeConfirmed && x.Account)
}

// PastReview says that a freeze is to be looked at, and nobody has in time.
func (x *Act) PastReview() bool { return x.What == Freeze && x.Standing == FreezeOpen && x.Overdue }

// stands says that the act is not done with.
func (x *Act) stands() bool { return x.InForce() || x.Standing == AdjustmentProposed }

// OverdueBase is an instant that no clock comes to (Unix ms).
const OverdueBase = 1 << 52

// OverdueAt is where the due index tells that freezes of an account are past their review dates: OverdueBase and how many;
// 0: none is.
func (a *Account) OverdueAt() int64 {
	if n := a.countActs((*Act).PastReview); n > 0 {
		return OverdueBase + int64(n)
	}
	return 0
}

// reviewDue is when somebody is to be reminded of a freeze, 0 = never.
func (x *Act) reviewDue() int64 {
	if x.What == Freeze && x.Standing == FreezeOpen && !x.Overdue {
		return x.ReviewBy
	}
	return 0
}

// countActs is how many acts stand as some.
func (a *Account) countActs(stands func(*Act) bool) (n int) {
	for i := range a.Acts {
		if stands(&a.Acts[i]) {
			n++
		}
	}
	return n
}

// foldAct keeps an act, and changes the one that it is about.
func (a *Account) foldAct(e *pointspb.Entry) {
	f := e.Act
	if e.Kind == pointspb.Kind_REVIEW_DUE {
		if x := a.actNamed(f.Of); x != nil {
			x.Overdue = true
		}
		return
	}
	x := Act{
		ID: f.Id, Hash: f.Hash, What: What(strings.TrimPrefix(e.Cause.Type, "jifen.")), Of: f.Of, Outcome: Outcome(f.Outcome),
		Actor: f.Actor, Approver: f.Approver, Reason: f.Reason, Evidence: f.Evidence, Account: f.Scope == ScopeAccount,
		Lots: f.Lots, Points: f.Points, At: e.RecordedAt, ReviewBy: f.ReviewBy,
	}
	about := cmp.Or(a.actNamed(f.Of), &Act{})
	switch e.Kind {
	case pointspb.Kind_FROZEN:
		x.Standing = FreezeOpen
	case pointspb.Kind_PROPOSED:
		x.Standing = AdjustmentProposed
	case pointspb.Kind_ADJUSTED:
		if x.What == Adjust {
			x.Standing = AdjustmentApplied
			break
		}
		about.Standing, about.Approver = AdjustmentApplied, f.Approver
		if freeze := a.actNamed(about.Of); freeze != nil {
			freeze.Standing = FreezeConfirmed
		}
	case pointspb.Kind_UNFROZEN:
		about.Standing, about.Approver = FreezeReleased, f.Actor
	case pointspb.Kind_DECLINED:
		about.Standing, about.Approver = AdjustmentDeclined, f.Approver
	case pointspb.Kind_APPEALED:
		about.Appeal = f.Evidence
	}
	a.Acts = append(a.Acts, x)
	if len(a.Acts) > actsKept {
		if i := slices.IndexFunc(a.Acts, func(x Act) bool { return !x.stands() }); i >= 0 {
			a.Acts = slices.Delete(a.Acts, i, i+1)
		}
	}
	a.Frozen = a.countActs(func(x *Act) bool { return x.InForce() && x.Account }) > 0
}

func (s *state) acts(all []Act) {
	s.count(len(all))
	for i := range all {
		x := &all[i]
		s.flags(x.Account, x.Overdue)
		for _, t := range [...]string{
			x.ID, string(x.Hash), string(x.What), x.Of, string(x.Outcome), string(x.Standing), x.Actor, x.Approver, x.Reason, x.Evidence, x.Appeal,
		} {
			s.text(t)
		}
		s.int(x.Points)
		s.int(x.At)
		s.int(x.ReviewBy)
		s.count(len(x.Lots))
		for _, n := range x.Lots {
			s.int(int64(n))
		}
	}
}

func (r *reading) act() (x Act) {
	r.flags(&x.Account, &x.Overdue)
	x.ID, x.Hash, x.What, x.Of = r.text(), []byte(r.text()), What(r.text()), r.text()
	x.Outcome, x.Standing = Outcome(r.text()), Standing(r.text())
	x.Actor, x.Approver, x.Reason, x.Evidence, x.Appeal = r.text(), r.text(), r.text(), r.text(), r.text()
	x.Points, x.At, x.ReviewBy = r.int(), r.int(), r.int()
	x.Lots = many(r, func() uint32 { return uint32(r.int()) })
	return x
}

// checkActs says what is wrong with what stands by hand: every frozen lot is held by one freeze, and the account by those
// that say so (I13).
func (a *Account) checkActs() error {
	holders, account := map[uint32]int{}, 0
	for i := range a.Acts {
		x := &a.Acts[i]
		switch {
		case !x.InForce():
		case x.Account:
			account++
		default:
			for _, n := range x.Lots {
				holders[n]++
			}
		}
	}
	for i := range a.Lots {
		if l := &a.Lots[i]; l.Frozen && (holders[l.Number] != 1 || l.Pending) {
			return fmt.Errorf("I3: %d freezes hold lot %d, pending: %v", holders[l.Number], l.Number, l.Pending)
		} else if !l.Frozen && holders[l.Number] != 0 {
			return fmt.Errorf("I3: lot %d is not frozen, but a freeze holds it", l.Number)
		}
	}
	if a.Frozen != (account > 0) {
		return fmt.Errorf("I13: %d freezes hold the account, frozen: %v", account, a.Frozen)
	}
	return nil
}
