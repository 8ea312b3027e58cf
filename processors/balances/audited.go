package balances

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// audited adds what a decision did by hand to points.audit.v1, in the transaction of its entries: neither is ever there
// without the other. Before and after are of the entry itself; the decision's others are the clock's, or repay debt.
func (s *Stage) audited(h *shard, d *ledger.Decision, out *processors.Output) error {
	for i, e := range d.Entries {
		if e.Item.GetActor() != "" {
			if err := auditedItem(h.number, e, out); err != nil {
				return err
			}
			continue
		}
		member, ok := topics.MemberOf(e.Account)
		if e.Step.GetStaff() && ok {
			if err := auditedStep(h, member, e, out); err != nil {
				return err
			}
			continue
		}
		if e.Act == nil || e.Act.Id == "" || !ok {
			continue // the clock's reminder of a review is nobody's act
		}
		after := h.world.Member(member).Booked()
		for _, later := range d.Entries[i+1:] {
			after = without(after, later)
		}
		record := audit(h.number, member, e)
		record.Before, record.After = topics.AuditedBalance(without(after, e)), topics.AuditedBalance(after)
		if err := told(record.By, record, e, out); err != nil {
			return err
		}
	}
	return nil
}

// told adds a record of what somebody did.
func told(by string, record any, e *pointspb.Entry, out *processors.Output) error {
	value, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("audit record of %s, seq %d: %w", e.Account, e.Seq, err)
	}
	out.Records = append(out.Records, topics.Record{Topic: topics.Audit, Partition: -1, Key: []byte(by), Value: value})
	return nil
}

func placeOf(shard int32, e *pointspb.Entry) topics.AuditedEntry {
	return topics.AuditedEntry{Shard: shard, Seq: e.Seq, Kind: strings.ToLower(e.Kind.String())}
}

func audit(shard int32, member string, e *pointspb.Entry) topics.Audited {
	f := e.Act
	a := topics.Audited{
		By: f.Actor, What: strings.TrimPrefix(e.Cause.Type, "jifen."), Outcome: f.Outcome, At: time.UnixMilli(e.RecordedAt).UTC(),
		Member: member, Act: f.Id, Of: f.Of, Reason: f.Reason, Evidence: f.Evidence, Scope: f.Scope, Lots: f.Lots, Points: f.Points,
		Entry: placeOf(shard, e),
	}
	if f.Approver != "" {
		a.By, a.Proposer = f.Approver, f.Actor
	}
	if f.ReviewBy != 0 {
		at := time.UnixMilli(f.ReviewBy).UTC()
		a.ReviewBy = &at
	}
	return a
}

// without is a balance before an entry.
func without(b ledger.Balance, e *pointspb.Entry) ledger.Balance {
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_AVAILABLE:
			b.Available -= p.Points
		case pointspb.Account_PENDING:
			b.Pending -= p.Points
		case pointspb.Account_FROZEN_POINTS:
			b.Frozen -= p.Points
		case pointspb.Account_DEBT:
			b.Debt += p.Points
		}
	}
	return b
}
