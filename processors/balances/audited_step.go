package balances

import (
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// auditedStep adds what staff did about a redemption to points.audit.v1; a member's own steps are in the ledger alone.
func auditedStep(h *shard, member string, e *pointspb.Entry, out *processors.Output) error {
	f, id := e.Step, e.Redemption.GetId()
	a := topics.AuditedStep{
		By: f.Actor, What: f.Step, Outcome: f.Outcome, At: time.UnixMilli(e.RecordedAt).UTC(), Member: member, Act: f.Id, Of: id, Claim: f.Of,
		Reason: f.Reason, Resolution: f.Resolution, Points: f.Points, Entry: placeOf(h.number, e),
	}
	a.Before.State, a.After.State = f.State, f.State
	if x := h.world.Redemptions[id]; x != nil && f.Outcome == string(ledger.Applied) {
		a.Before.State = x.StateBefore(f.Id, e.EffectiveAt)
	}
	return told(a.By, a, e, out)
}
