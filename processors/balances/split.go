package balances

import (
	"errors"
	"fmt"
	"slices"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// split sorts a batch by shard and kind: requests, which are decoded, and credits, of which the keys say whom they are
// about. What cannot be decoded becomes a dead letter.
func (s *Stage) split(b processors.Batch, out *processors.Output) {
	s.batch++
	for i := range b.Records {
		r := &b.Records[i]
		switch r.Topic {
		case topics.Requests:
			if err := s.enter(r.Partition).request(r, s.Shards); err != nil {
				out.Records = append(out.Records, undecoded(r, err))
			}
		case topics.Credits:
			s.enter(r.Partition).expect(topics.TextOf(r.Key), s.Shards)
			s.records = append(s.records, r)
		default:
			s.hint(r)
			s.shop = append(s.shop, r)
		}
	}
	slices.SortFunc(s.entered, func(x, y *shard) int { return int(x.number - y.number) })
}

// enter is a shard's part of the batch.
func (s *Stage) enter(number int32) *shard {
	h := s.shard(number)
	if h.batch != s.batch {
		h.clear()
		h.batch = s.batch
		s.entered = append(s.entered, h)
	}
	return h
}

// expect notes the member whom a credit is about, as its key says. One of another shard is left out: they would be kept as
// this shard knows them, which is not at all.
func (h *shard) expect(account string, shards int) {
	if id, ok := topics.MemberOf(account); ok && topics.Shard(account, shards) == h.number {
		h.members = append(h.members, id)
	}
}

// decode decodes a part of the credits, by shard. What cannot be decoded becomes a dead letter.
func (s *Stage) decode(part []*topics.Record, out *processors.Output) []*shard {
	s.part++
	var shards []*shard
	for i, r := range part {
		h := s.shard(r.Partition)
		shards = h.turn(s.part, shards)
		if err := h.credit(r, &s.events[i], s.Shards); err != nil {
			out.Records = append(out.Records, undecoded(r, err))
		}
	}
	return shards
}

// undecoded makes a dead letter of a record that cannot be decoded, or that says nobody's name.
func undecoded(r *topics.Record, err error) topics.Record {
	reason := topics.ReasonDecode
	if errors.Is(err, ledger.ErrNoMember) {
		reason = topics.ReasonRuleError
	}
	return deadLetter(r, reason, err)
}

// turn makes a shard one of those that a part has credits of, once.
func (h *shard) turn(part int, shards []*shard) []*shard {
	if h.part == part {
		return shards
	}
	clear(h.credits)
	h.part, h.credits = part, h.credits[:0]
	return append(shards, h)
}

// shard is the place of a shard's part of a batch, the same from batch to batch.
func (s *Stage) shard(number int32) *shard {
	for int(number) >= len(s.shards) {
		s.shards = append(s.shards, &shard{number: int32(len(s.shards))}) //nolint:gosec // a partition
	}
	return s.shards[number]
}

// clear empties it for a batch.
func (h *shard) clear() {
	clear(h.credits)
	clear(h.versions) // they lie in records' memory
	clear(h.members)  // they, too
	*h = shard{number: h.number, members: h.members[:0], credits: h.credits[:0], versions: h.versions[:0]}
}

func (h *shard) request(r *topics.Record, shards int) error {
	q := &pointspb.Request{}
	if err := q.UnmarshalVT(r.Value); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if q.GetWake() != nil {
		return nil // that the shard is in the batch is enough
	}
	if err := ours(q.Account, r, shards); err != nil {
		return err
	}
	if a := ledger.AwardOf(q); a != nil {
		h.under(a.Version)
	}
	h.under(q.GetRefer().GetVersion())
	if v := q.GetRetro().GetCredit().GetVersion(); v != "" && !slices.Contains(h.versions, v) {
		h.versions = append(h.versions, v)
	}
	h.requests = append(h.requests, command{q, r})
	return nil
}

// under notes a version that must have been read here, too.
func (h *shard) under(version string) {
	if version != "" && !slices.Contains(h.versions, version) {
		h.versions = append(h.versions, version)
	}
}

// credit decodes a record into e, which is used again and again; its texts lie in the record's memory.
func (h *shard) credit(r *topics.Record, e *pointspb.CreditEvent, shards int) error {
	e.ResetVT()
	if err := e.UnmarshalVTUnsafe(r.Value); err != nil {
		return fmt.Errorf("credit event: %w", err)
	}
	if e.Cause == nil {
		return errors.New("credit event without a cause")
	}
	if err := ours(e.Account, r, shards); err != nil {
		return err
	}
	event, err := ledger.NewEvent(e)
	if err != nil {
		return err
	}
	h.under(e.Version)
	h.credits = append(h.credits, input{event, r})
	return nil
}

// ours refuses an account of another shard: two owners would write it.
func ours(account string, r *topics.Record, shards int) error {
	if n := topics.Shard(account, shards); n != r.Partition {
		return fmt.Errorf("account %q belongs to shard %d, not %d", account, n, r.Partition)
	}
	return nil
}
