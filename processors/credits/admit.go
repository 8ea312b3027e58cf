package credits

import (
	"fmt"
	"math"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Admitted is the credit event of a record that came too late, and that people let in all the same (semantics §9): as
// history of a run, whatever its age and its source. Everything else is asked of it that the stage asks of any record.
func Admitted(r *topics.Record, d Dependencies, run string) (topics.Record, *topics.Reject) {
	s := New(d)
	s.Limits.LateAfter = math.MaxInt64
	books, err := s.Books()
	if err != nil {
		return topics.Record{}, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	credit, reject := s.evaluate(r, books, s.Clock())
	if reject != nil {
		return topics.Record{}, reject
	}
	credit.Cause.Backfill = run
	value, err := credit.MarshalVT()
	if err != nil {
		return topics.Record{}, &topics.Reject{Reason: topics.ReasonRuleError, Message: fmt.Sprintf("encode: %v", err)}
	}
	return creditRecord(credit, s.Shards, []byte(credit.Account), value), nil
}

func creditRecord(credit *pointspb.CreditEvent, shards int, key, value []byte) topics.Record {
	return topics.Record{Topic: topics.Credits, Partition: topics.Shard(credit.Account, shards), Key: key, Value: value}
}
