package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"jifen/topics"
)

// What acts ask for, and the scopes of a freeze, in the ledger's words.
const (
	whatFreeze   = "freeze"
	whatUnfreeze = "unfreeze"
	whatAdjust   = "adjust"
	whatConfirm  = "confirm"
	whatApprove  = "approve"
	whatDecline  = "decline"
	whatAppeal   = "appeal"

	scopeAccount    = "account"
	freezeOpen      = "open"
	outcomeProposed = "proposed"
)

// Acts asks for what is done to members' accounts by hand, and reads what became of it.
type Acts interface {
	// Acts lists those of a member that are kept, the oldest first.
	Acts(ctx context.Context, member string) ([]Act, error)
	// ActsWaiting lists at most so many members whose acts wait in a queue (queueApprovals, queueReviews) after a place, and
	// counts all of them.
	ActsWaiting(ctx context.Context, queue string, after QueuePlace, most int) (page []MemberActs, members int64, err error)
	// RequestAct returns when the request is durable (acks=all); with ErrUnavailable it may or may not be.
	RequestAct(ctx context.Context, r ActRequest) error
}

// ActRequest asks the member's shard for an act. Reason is a word, Evidence a reference.
type ActRequest struct {
	ID, Member, Actor, What string
	Of                      string // the freeze or adjustment that it is about
	Hash                    []byte // SHA-256 of what was asked for
	Reason, Evidence        string
	Account                 bool     // a freeze of the account, not of lots
	Lots                    []uint32 // of a freeze; none: all that are available
	Points                  int64    // of an adjustment
	ReviewBy                time.Time
}

// Act is a decided act, as the member's shard keeps it.
type Act struct {
	ActRequest
	Outcome  string // applied, proposed, or why not (ledger.Outcome)
	State    string // open, released, confirmed; proposed, applied, declined
	Approver string // who decided about it
	At       time.Time
	Overdue  bool   // a freeze that is past its review date
	Appeal   string // the reference of the member's appeal
}

// MemberActs are those of a member who has a place in a queue, the oldest first.
type MemberActs struct {
	Member string
	Place  time.Time // since when the first adjustment waits, or by when the first freeze is to be reviewed
	Acts   []Act
}

// hashed completes a request with the hash of all that it asks for.
func (r ActRequest) hashed() ActRequest {
	canonical, _ := json.Marshal(struct { // strings and numbers always marshal
		Member, Actor, What, Of, Reason, Evidence string
		Account                                   bool
		Lots                                      []uint32
		Points, ReviewBy                          int64
	}{r.Member, r.Actor, r.What, r.Of, r.Reason, r.Evidence, r.Account, r.Lots, r.Points, r.ReviewBy.UnixMilli()})
	sum := sha256.Sum256(canonical)
	r.Hash = sum[:]
	return r
}

// act returns the stored answer of a request, or asks the member's shard; nil: not decided in time. The id comes from who
// asks and their key, so that nobody meets another one's.
func (a *API) act(ctx context.Context, key string, r ActRequest) (*Act, error) {
	r.Actor = caller(ctx).ID
	r.ID = topics.ActID(r.Actor, key)
	r = r.hashed()
	if stored, err := a.findAct(ctx, r); !errors.Is(err, ErrNotFound) {
		return stored, err
	}
	if r.What == whatFreeze && !r.ReviewBy.After(a.clock()) {
		return nil, invalid(codeInvalid, "body.review_by")
	}
	hint, cancel := a.redemptions.Await(ctx, r.Member, r.ID)
	defer cancel()
	if err := a.acts.RequestAct(ctx, r); err != nil {
		return nil, err
	}
	return awaitState(ctx, a.limits.RedemptionWait, hint, func(ctx context.Context) (*Act, error) { return a.findAct(ctx, r) })
}

// findAct reads how a request ended; refusals are problems, another content under its key a conflict.
func (a *API) findAct(ctx context.Context, r ActRequest) (*Act, error) {
	all, err := a.acts.Acts(ctx, r.Member)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(x Act) bool { return x.ID == r.ID })
	if i < 0 {
		return nil, ErrNotFound
	}
	x := all[i]
	switch {
	case subtle.ConstantTimeCompare(x.Hash, r.Hash) != 1:
		return nil, refuse(codeConflict)
	case x.Outcome != outcomeApplied && x.Outcome != outcomeProposed:
		return nil, refuse(codeOfOutcome(x.Outcome))
	case x.Of == "" || x.What == whatConfirm:
		return &x, nil
	}
	if of := slices.IndexFunc(all, func(y Act) bool { return y.ID == x.Of }); of >= 0 {
		return &all[of], nil // what it was about, as it is now
	}
	return &x, nil
}

// actsOf are a member's acts of some kinds that did not end in a refusal, newest first.
func (a *API) actsOf(ctx context.Context, member string, what ...string) ([]Act, error) {
	all, err := a.acts.Acts(ctx, member)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(x Act) bool {
		return !slices.Contains(what, x.What) || x.Outcome != outcomeApplied && x.Outcome != outcomeProposed
	})
	slices.Reverse(all)
	return all, nil
}
