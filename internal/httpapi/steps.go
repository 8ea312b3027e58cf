package httpapi

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"slices"

	"jifen/topics"
)

// What members can do about a redemption, as it stands under can.
const (
	canCancel   = "cancel"
	canReturn   = "return"
	canExchange = "exchange"
	canReport   = "report"
)

// The steps that are asked for, in the ledger's words.
const (
	stepCancel  = "cancel"
	stepShip    = "ship"
	stepDeliver = "deliver"
	stepFulfil  = "fulfil"
	stepReturn  = "request_return"
	stepInspect = "inspect"
	stepReport  = "report_problem"
	stepResolve = "resolve_problem"
)

// Steps asks for what becomes of redemptions.
type Steps interface {
	// RequestStep returns when the request is durable (acks=all); with ErrUnavailable it may or may not be.
	RequestStep(ctx context.Context, r StepRequest) error
	// RedemptionsOf are all redemptions of a member that are kept, newest first.
	RedemptionsOf(ctx context.Context, member string) ([]Redemption, error)
	// Waiting lists at most so many redemptions that wait in a queue after a place, and counts those in every queue.
	Waiting(ctx context.Context, queue string, after QueuePlace, most int) ([]Waiting, map[string]int64, error)
}

// StepRequest asks the member's shard for a step. Reason is a word.
type StepRequest struct {
	ID, Redemption, Member, Actor, Step string
	Of                                  string // the return or problem that it is about
	Kind, Reason, Resolution            string
	Carrier, Number                     string
	Quantity, Code                      int64
	Accept, Restock, Staff              bool
	Hash                                []byte // SHA-256 of what was asked for
}

// StepAnswer is how a step was decided.
type StepAnswer struct {
	ID, Outcome string
	Hash        []byte
}

// hashed completes a request with the hash of all that it asks for.
func (r StepRequest) hashed() StepRequest {
	r.Hash = nil
	canonical, _ := json.Marshal(r) // strings and numbers always marshal
	sum := sha256.Sum256(canonical)
	r.Hash = sum[:]
	return r
}

// counter are those who see and serve members' redemptions.
func counter() []Role { return append(staff(), RoleMerchant) }

// owner is whose redemption is meant: of staff whom they name, of members their own.
func owner(ctx context.Context, named string) (member string, asStaff bool, err error) {
	who := caller(ctx)
	asStaff = who.hasAny(counter()...)
	switch {
	case !asStaff && named != "" && named != who.ID:
		return "", false, ErrNotFound
	case !asStaff, named == "" && who.hasAny(RoleMember):
		return who.ID, false, nil
	case named == "":
		return "", false, invalid(codeInvalid, "query.member")
	case !validID(named):
		return "", false, ErrNotFound
	}
	return named, true, nil
}

// step returns the stored answer of a request, or asks the member's shard. The id comes from who asks and their key.
func (a *API) step(ctx context.Context, key string, r StepRequest) (*stepOutput, error) {
	r.Actor = caller(ctx).ID
	r.ID = topics.ActID(r.Actor, key)
	r = r.hashed()
	found, err := a.redemptions.Find(ctx, r.Member, r.Redemption)
	if err != nil {
		return nil, err
	}
	if found.Member != r.Member || found.Outcome != outcomeApplied || found.Life == nil {
		return nil, ErrNotFound
	}
	if stored, err := answered(&found, &r); stored || err != nil {
		return a.stepped(ctx, &found, err)
	}
	if err := prechecked(&found, &r); err != nil {
		return nil, err
	}
	hint, cancel := a.redemptions.Await(ctx, r.Member, r.ID)
	defer cancel()
	if err := a.steps.RequestStep(ctx, r); err != nil {
		return nil, err
	}
	decided, err := awaitState(ctx, a.limits.RedemptionWait, hint, func(ctx context.Context) (*Redemption, error) {
		x, err := a.redemptions.Find(ctx, r.Member, r.Redemption)
		if err != nil {
			return nil, err
		}
		if stored, err := answered(&x, &r); !stored || err != nil {
			return nil, cmp.Or(err, ErrNotFound)
		}
		return &x, nil
	})
	if err == nil && decided == nil {
		out, err := a.stepped(ctx, &found, nil)
		if err == nil {
			out.Status, out.RetryAfter = http.StatusAccepted, retryAfterSeconds
		}
		return out, err
	}
	return a.stepped(ctx, decided, err)
}

func (a *API) stepped(ctx context.Context, r *Redemption, err error) (*stepOutput, error) {
	if err != nil {
		return nil, err
	}
	return &stepOutput{Status: http.StatusOK, Location: location(r.ID), Body: a.named(ctx, *r)}, nil
}

// answered says that a request was decided; with an error, if it was refused, or is another one.
func answered(x *Redemption, r *StepRequest) (bool, error) {
	i := slices.IndexFunc(x.Life.Answers, func(s StepAnswer) bool { return s.ID == r.ID })
	switch {
	case i < 0:
		return false, nil
	case subtle.ConstantTimeCompare(x.Life.Answers[i].Hash, r.Hash) != 1:
		return true, refuse(codeConflict)
	case x.Life.Answers[i].Outcome != outcomeApplied:
		return true, refuse(codeOfOutcome(x.Life.Answers[i].Outcome))
	}
	return true, nil
}

// prechecked refuses at once what the redemption's state shows as hopeless, so that nobody fills the ledger with refusals.
func prechecked(x *Redemption, r *StepRequest) error {
	what := map[string]string{stepCancel: canCancel, stepReport: canReport, stepReturn: r.Kind}[r.Step]
	if code := x.Life.Obstacles[what]; what != "" && code != "" {
		return refuse(code)
	}
	missing := func(n int, id func(int) string) bool {
		for i := range n {
			if id(i) == r.Of {
				return false
			}
		}
		return true
	}
	switch {
	case r.Step == stepReturn && r.Quantity > x.Quantity-x.Life.Back:
		return refuse(codeTooMuch)
	case r.Step == stepInspect && missing(len(x.Life.Returns), func(i int) string { return x.Life.Returns[i].ID }),
		r.Step == stepResolve && missing(len(x.Life.Problems), func(i int) string { return x.Life.Problems[i].ID }):
		return ErrNotFound
	}
	return nil
}
