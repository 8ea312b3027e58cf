package ledger

import (
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Step is what somebody did about a redemption, or asked for, and how that ended. It answers its request for as long as the
// redemption is kept (I5); what a redemption is, is what its steps made of it.
type Step struct {
	_          struct{} `cbor:",toarray"`
	ID         string
	Hash       []byte // of what the client asked for
	Step       string
	Of         string // the step that asked for the return, or reported the problem
	Kind       string // of a return
	Quantity   int64  // units
	Reason     string
	Accept     bool
	Restock    bool
	Resolution string
	Carrier    string
	Number     string
	Code       int64 // which code, counted from 1; 0 = all
	Actor      string
	Staff      bool
	Outcome    Outcome
	Points     int64 // given back
	Until      int64 // when the redemption is closed from then on, Unix ms
	At         int64
	Codes      []int64 // numbers in the item's pool
}

// The steps: the words of requests and of entries.
const (
	StepCancel  = "cancel"
	StepShip    = "ship"
	StepDeliver = "deliver"
	StepFulfil  = "fulfil"
	StepReturn  = "request_return"
	StepInspect = "inspect"
	StepReport  = "report_problem"
	StepResolve = "resolve_problem"
	StepUnit    = "unit" // the item's shard answered a request for further units
)

// The states of a redemption: created, then fulfilled, or shipped and delivered, then closed; or it was cancelled, or all of
// it was returned. They only move forward (I12).
const (
	StateCreated   = "created"
	StateShipped   = "shipped"
	StateDelivered = "delivered"
	StateFulfilled = "fulfilled"
	StateClosed    = "closed"
	StateCancelled = "cancelled"
	StateReturned  = "returned"
)

// The kinds of returns, what a problem is resolved by, and what becomes of both.
const (
	ReturnPoints   = "return"
	ReturnExchange = "exchange"

	ResolveReplace = "replace"
	ResolveRefund  = "refund"
	ResolveReject  = "reject"

	ClaimRequested = "requested" // of returns
	ClaimAccepted  = "accepted"
	ClaimExchanged = "exchanged"
	ClaimOpen      = "open" // of problems
	ClaimReplaced  = "replaced"
	ClaimRefunded  = "refunded"
	ClaimRejected  = "rejected"
)

// foldStep keeps a step; of those that were refused the newest are kept. Units that are all back count no more in the limit
// of their item.
func (w *World) foldStep(m *Member, e *pointspb.Entry) {
	old := w.Redemptions[e.Redemption.Id]
	if old == nil {
		return
	}
	r := *old
	r.Steps = append(slices.Clone(old.Steps), stepOf(e.Step, e.RecordedAt))
	refused := func(x Step) bool { return x.Outcome != Applied && x.Step != StepUnit }
	if n := countSteps(r.Steps, refused); n > refusedStored {
		i := slices.IndexFunc(r.Steps, refused)
		r.Steps = slices.Delete(r.Steps, i, i+1)
	}
	w.SetRedemption(e.Redemption.Id, &r)
	m.noteRedemption(e)
	m.placeRedemption(e.Redemption.Id, &r)
	m.uncount(e.Redemption)
}

func countSteps(all []Step, is func(Step) bool) (n int) {
	for _, x := range all {
		if is(x) {
			n++
		}
	}
	return n
}

// placeRedemption notes at the redemption's place among the orders from when on it is closed: the place is forgotten with it.
func (m *Member) placeRedemption(id string, r *Redemption) {
	m.ChangeOrder(topics.RedemptionKey(m.ID, id)).Completed = r.closes()
}

// stepOf is a step as an entry has it, and a merge carries it.
func stepOf(f *pointspb.StepFacts, at int64) Step {
	return Step{
		ID: f.Id, Hash: f.Hash, Step: f.Step, Of: f.Of, Kind: f.Kind, Quantity: f.Quantity, Reason: f.Reason, Accept: f.Accept,
		Restock: f.Restock, Resolution: f.Resolution, Carrier: f.Carrier, Number: f.Number, Code: f.Code, Actor: f.Actor,
		Staff: f.Staff, Outcome: Outcome(f.Outcome), Points: f.Points, Until: f.Until, At: at, Codes: f.Codes,
	}
}

func carriedSteps(all []Step) (steps []*pointspb.StepFacts) {
	for i := range all {
		x := &all[i]
		steps = append(steps, &pointspb.StepFacts{
			Id: x.ID, Hash: x.Hash, Step: x.Step, Of: x.Of, Kind: x.Kind, Quantity: x.Quantity, Reason: x.Reason, Accept: x.Accept,
			Restock: x.Restock, Resolution: x.Resolution, Carrier: x.Carrier, Number: x.Number, Code: x.Code, Actor: x.Actor,
			Staff: x.Staff, Outcome: string(x.Outcome), Points: x.Points, Until: x.Until, At: x.At, Codes: x.Codes,
		})
	}
	return steps
}

func takenSteps(all []*pointspb.StepFacts) (steps []Step) {
	for _, f := range all {
		steps = append(steps, stepOf(f, f.At))
	}
	return steps
}
