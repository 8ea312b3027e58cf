package credits

import (
	"math"

	"jifen/processors"
	"jifen/topics"
)

// Admitted is the credit event of a record that came too late, and that people let in all the same (semantics §9): as
// history of a run, whatever its age and its source. Everything else is asked of it that the stage asks of any record.
func Admitted(r *topics.Record, d Dependencies, run string) (topics.Record, *topics.Reject) {
	v := NewEvaluator(d)
	v.Limits.LateAfter = math.MaxInt64
	books, err := v.Books()
	if err != nil {
		return topics.Record{}, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	credit, reject := v.Evaluate(0, r, books, v.Clock())
	if reject != nil {
		return topics.Record{}, reject
	}
	credit.Cause.Backfill = run
	record, err := new(processors.Room).Credit(credit, d.Shards)
	if err != nil {
		return topics.Record{}, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	return record, nil
}
