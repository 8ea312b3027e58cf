package balances

import (
	"context"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Evaluator makes credit events of what shops publish (processors/credits).
type Evaluator interface {
	// Evaluate is the credit event of a record, good until the next one of the same place and as long as the record's memory,
	// or why there is none.
	Evaluate(place int, r *topics.Record, books topics.Books, now time.Time) (*pointspb.CreditEvent, *topics.Reject)
	// Committed and Aborted say what became of the records that were evaluated since the last of them.
	Committed()
	Aborted()
}

// hint brings the shard of a shop's record into the batch, and notes the member, both as the record's key says: shops may
// key as they like, so it is nothing but what is worth to be read early.
func (s *Stage) hint(r *topics.Record) {
	if len(r.Key) == 0 || len(r.Key) > topics.IDCharsMax {
		return
	}
	s.account = append(append(s.account[:0], topics.MemberPrefix...), r.Key...)
	n := topics.Shard(topics.TextOf(s.account), s.Shards)
	if s.heads.of(n) == nil {
		return // somebody else's
	}
	h := s.enter(n)
	h.members = append(h.members, topics.TextOf(r.Key))
}

// evaluate makes credit events of a part of the shops' records, by shard. Those of members of other owners travel there; what
// cannot be evaluated becomes a dead letter.
func (s *Stage) evaluate(ctx context.Context, part []*topics.Record, books topics.Books, out *processors.Output) ([]*shard, error) {
	s.part++
	var shards []*shard
	now := s.Clock()
	for i, r := range part {
		credit, reject := s.Evaluator.Evaluate(i, r, books, now)
		if reject != nil {
			out.Records = append(out.Records, topics.DeadLetter(r, topics.GroupCredits, reject))
			continue
		}
		n := topics.Shard(credit.Account, s.Shards)
		if s.heads.of(n) == nil {
			record, err := s.room.Credit(credit, s.Shards)
			if err != nil {
				return nil, err
			}
			out.Records = append(out.Records, record)
			continue
		}
		credit.Account = topics.TextOf(s.room.Copy(credit.Account)) // good for the batch, as the record's texts are
		event, err := ledger.NewEvent(credit)
		if err != nil {
			out.Records = append(out.Records, undecoded(r, err))
			continue
		}
		h, err := s.late(ctx, n, books, out)
		if err != nil {
			return nil, err
		}
		shards = h.turn(s.part, shards)
		h.under(credit.Version)
		h.credits = append(h.credits, input{event, r})
	}
	return shards, nil
}

// late is a shard of the batch, which comes into it only now if no key told of it.
func (s *Stage) late(ctx context.Context, n int32, books topics.Books, out *processors.Output) (*shard, error) {
	if h := s.shard(n); h.batch == s.batch {
		return h, nil
	}
	h := s.enter(n)
	return h, s.begin(ctx, []*shard{h}, books, out)
}
