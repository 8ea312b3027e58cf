// Package credits turns shopper activity into point-credit events, as a stage, or for the owner in the same process.
//
//	in:     shop.orders.v1 shop.shares.v1 shop.reviews.v1 shop.members.v1 shop.activities.v1
//	out:    points.credits.v1, dlq.*
//	state:  the rulebook
//	repeat: safe, offsets and outputs are one transaction
package credits

import (
	"context"
	"slices"
	"time"

	"jifen/processors"
	"jifen/rules"
	"jifen/topics"
)

// Observer is told what became of the events, for metrics.
type Observer interface {
	Credited(eventType string, n int)
	Rejected(topic string, reason topics.Reason)
}

// Dependencies are what the stage needs of the world.
type Dependencies struct {
	Books    func() (topics.Books, error) // an error where their reading is too old to decide by
	Clock    func() time.Time             // the program's clock
	Limits   topics.Limits
	Shares   topics.ShareKeys // that verify share tokens; none: they are not looked at, and nothing is a referral
	Shards   int
	Observer Observer
	// Conditions compiles what rules have as `when`; nil: a book with such rules is an error.
	Conditions rules.Conditions
}

// Stage sends what it evaluates to the owners.
type Stage struct {
	*Evaluator

	// Of the batch under way; the loop has no use for it after Committed.
	out  []topics.Record
	room processors.Room
}

// New makes a stage.
func New(d Dependencies) *Stage { return &Stage{Evaluator: NewEvaluator(d)} }

var _ processors.Stage = (*Stage)(nil)

// Process turns each record into a credit event for its member's shard, or into a dead letter with the reason.
func (s *Stage) Process(_ context.Context, b processors.Batch) (processors.Output, error) {
	if len(s.out) > 0 {
		s.Aborted()
	}
	books, err := s.Books()
	if err != nil {
		return processors.Output{}, err
	}
	now := s.Clock()
	s.out = slices.Grow(s.out, len(b.Records))
	for i := range b.Records {
		r := &b.Records[i]
		credit, reject := s.Evaluate(0, r, books, now)
		if reject != nil {
			s.out = append(s.out, topics.DeadLetter(r, topics.GroupCredits, reject))
			continue
		}
		record, err := s.room.Credit(credit, s.Shards)
		if err != nil {
			return processors.Output{}, err
		}
		s.out = append(s.out, record)
	}
	return processors.Output{Records: s.out}, nil
}

// Committed counts what the batch led to.
func (s *Stage) Committed(context.Context, []topics.Record) error {
	s.Evaluator.Committed()
	clear(s.out)
	s.out = s.out[:0]
	s.room.Free()
	return nil
}

// Aborted counts nothing: the batch comes again. The client may still hold what it was given.
func (s *Stage) Aborted() {
	s.Evaluator.Aborted()
	s.out = nil
	s.room.Drop()
}
