package balances

import (
	"errors"
	"fmt"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// decide runs what comes before a shard's credits: requests, then what is due.
func (s *Stage) decide(h *shard, out *processors.Output) error {
	for _, r := range h.requests {
		d, err := ledger.Handle(h.world, r.Request, h.moment)
		if err != nil {
			out.Records = append(out.Records, deadLetter(r.record, topics.ReasonSchema, err))
			continue
		}
		h.ended(requestKind(r.Request), d.Outcome)
		if r.GetForward() != nil {
			s.unbooked(r.record, d.Outcome, out)
		}
		if q := r.GetDebit(); q != nil {
			h.redeemed = append(h.redeemed, q.Redemption)
		}
		if err := s.write(h, d, out); err != nil {
			return err
		}
		if ledger.WhatOf(r.Request) != "" || r.GetStep() != nil {
			h.redeemed = append(h.redeemed, r.Id)
		}
	}
	for _, name := range h.due {
		if err := s.due(h, name, out); err != nil {
			return err
		}
	}
	return nil
}

func requestKind(r *pointspb.Request) string {
	switch r.What.(type) {
	case *pointspb.Request_Reserve:
		return "reserve"
	case *pointspb.Request_Debit:
		return "debit"
	case *pointspb.Request_Settle:
		return "settle"
	case *pointspb.Request_Item:
		return "item"
	case *pointspb.Request_Codes:
		return "codes"
	case *pointspb.Request_Retro:
		return "retro"
	case *pointspb.Request_Merge:
		return "merge"
	case *pointspb.Request_Absorb:
		return "absorb"
	case *pointspb.Request_Forward:
		return "forward"
	case *pointspb.Request_Erase:
		return "erase"
	case *pointspb.Request_Step:
		return ledger.StepOf(r)
	case *pointspb.Request_Units:
		return "units"
	case *pointspb.Request_Got:
		return "got"
	case *pointspb.Request_Take:
		return "take"
	case *pointspb.Request_Award:
		return "award"
	case *pointspb.Request_Give:
		return "give"
	case *pointspb.Request_Refer:
		return "refer"
	case *pointspb.Request_Recall:
		return "recall"
	case *pointspb.Request_Sight:
		return "sight"
	case *pointspb.Request_Suspect:
		return "suspect"
	}
	if what := ledger.WhatOf(r); what != "" {
		return string(what)
	}
	return "unknown"
}

// due books what the due index names.
func (s *Stage) due(h *shard, name string, out *processors.Output) error {
	key, m := name[2:], h.moment
	switch name[:2] {
	case ledger.DueMember:
		if err := s.write(h, ledger.Advance(h.world, key, m), out); err != nil {
			return err
		}
		if a := h.world.Member(key); a.Whole && a.Sweep != 0 && a.Sweep <= m.Now {
			return s.write(h, ledger.Sweep(h.world, key, m), out)
		}
	case ledger.DueRedemption:
		if r := h.world.Redemptions[key]; r != nil && r.ForgetAt() != 0 && r.ForgetAt() <= m.Now { // a step of this batch may keep it
			return s.write(h, ledger.Forget(h.world, r.Member, key, m), out)
		}
	}
	return nil
}

// credit decides one credit event. Arithmetic that cannot be done is a dead letter: it would fail again and again. What
// the clock had made due before it is booked all the same.
func (s *Stage) credit(h *shard, c *input, out *processors.Output) error {
	d, err := ledger.CreditAt(&s.desk, h.world, &c.event, &h.moment)
	if err != nil {
		h.ended(c.event.Cause.Type, deadLettered)
		out.Records = append(out.Records, deadLetter(c.record, topics.ReasonRuleError, err))
	} else {
		h.ended(c.event.Cause.Type, d.Outcome)
		s.unbooked(c.record, d.Outcome, out)
	}
	if c.event.Referral != nil {
		h.referred(d)
	}
	return s.write(h, d, out)
}

// unbooked makes a dead letter of a source event that the ledger has nothing of, and people may have to look at.
func (s *Stage) unbooked(r *topics.Record, o ledger.Outcome, out *processors.Output) {
	switch o {
	case ledger.Erased:
		out.Records = append(out.Records, deadLetter(r, topics.ReasonErased, errErased))
	case ledger.Conflict:
		out.Records = append(out.Records, deadLetter(r, topics.ReasonConflict, errConflict))
	}
}

// referred counts what became of an order's referral.
func (h *shard) referred(d *ledger.Decision) {
	for _, e := range d.Entries {
		if e.Kind == pointspb.Kind_REFERRED && !e.Referral.TakenBack {
			h.ended("referral", ledger.Outcome(e.Referral.Outcome))
		}
	}
}

// errErased is an event of a member of whom nothing is kept any more, and who does not come back.
var errErased = errors.New("the member was erased: an id that was erased is not used again")

// errConflict is a refund of an id that another refund of its order has: which of both is right, people have to say.
var errConflict = errors.New("the order has a refund of this id with other lines or amounts")

// deadLettered is counted beside the ledger's outcomes.
const deadLettered ledger.Outcome = "dead_letter"

func deadLetter(r *topics.Record, reason topics.Reason, err error) topics.Record {
	return topics.DeadLetter(r, topics.GroupBalances, &topics.Reject{Reason: reason, Message: err.Error()})
}

// write seals a decision's entries and adds them, and its requests, to the transaction.
func (s *Stage) write(h *shard, d *ledger.Decision, out *processors.Output) error {
	acted := false
	for _, e := range d.Entries {
		if err := ledger.CheckEntry(e); err != nil {
			return err
		}
		acted = acted || e.Act != nil || e.Item.GetActor() != "" || e.Step.GetStaff()
		if e.Abuse != nil {
			h.abused(e)
		}
		value, err := ledger.Seal(&h.head, e, s.room.Take)
		if err != nil {
			return err
		}
		out.Records = append(out.Records, topics.Record{Topic: topics.Ledger, Partition: h.number, Key: s.room.Copy(e.Account), Value: value})
	}
	for _, r := range d.Requests {
		value := s.room.Take(r.SizeVT())
		if _, err := r.MarshalToSizedBufferVT(value); err != nil {
			return fmt.Errorf("encode request for %s: %w", r.Account, err)
		}
		out.Records = append(out.Records, topics.Record{
			Topic: topics.Requests, Partition: topics.Shard(r.Account, s.Shards), Key: s.room.Copy(r.Account), Value: value,
		})
	}
	if acted {
		return s.audited(h, d, out)
	}
	return nil
}

// abused counts what an abuse rule led to.
func (h *shard) abused(e *pointspb.Entry) {
	if e.Kind == pointspb.Kind_FROZEN {
		h.ended("abuse", ledger.Frozen)
		return
	}
	h.ended("abuse", ledger.Flagged)
}
