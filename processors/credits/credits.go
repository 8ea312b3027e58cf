// Package credits turns shopper activity into point-credit events.
//
//	in:     shop.orders.v1 shop.shares.v1 shop.reviews.v1 shop.members.v1 shop.activities.v1
//	out:    points.credits.v1, dlq.*
//	state:  the rulebook
//	repeat: safe, offsets and outputs are one transaction
package credits

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jifen/processors"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
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

// Stage evaluates the rules that were in force at each event's time.
type Stage struct {
	Dependencies

	compiled map[*topics.Rulebook]*rules.Book
	credited map[string]int // of the batch, by type: what to tell the observer once it is committed
	rejected []rejected
	// Of the batch under way; the loop has no use for it after Committed.
	out   []topics.Record
	room  processors.Room
	event topics.Event
	desk  rules.Desk
}

// rejected is a record of a topic that became a dead letter.
type rejected struct {
	topic  string
	reason topics.Reason
}

// New makes a stage.
func New(d Dependencies) *Stage {
	return &Stage{Dependencies: d, compiled: map[*topics.Rulebook]*rules.Book{}, credited: map[string]int{}}
}

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
		credit, reject := s.evaluate(r, books, now)
		if reject != nil {
			s.out = append(s.out, topics.DeadLetter(r, topics.GroupCredits, reject))
			s.rejected = append(s.rejected, rejected{r.Topic, reject.Reason})
			continue
		}
		value := s.room.Take(credit.SizeVT())
		if _, err := credit.MarshalToSizedBufferVT(value); err != nil {
			return processors.Output{}, fmt.Errorf("encode credit of %s %s: %w", credit.Cause.Source, credit.Cause.Id, err)
		}
		s.out = append(s.out, creditRecord(credit, s.Shards, s.room.Copy(credit.Account), value))
		s.credited[credit.Cause.Type]++
	}
	return processors.Output{Records: s.out}, nil
}

// evaluate decides one record; the credit event is good until the next. Events from before the first rulebook earn nothing, but travel: they feed the dedupe.
func (s *Stage) evaluate(r *topics.Record, books topics.Books, now time.Time) (*pointspb.CreditEvent, *topics.Reject) {
	event := &s.event
	if reject := event.Decode(r, s.Limits, now); reject != nil {
		return nil, reject
	}
	if reject := s.Shares.Verify(event); reject != nil {
		return nil, reject
	}
	definition := books.At(event.Time)
	if definition != nil && event.Data.Currency != "" && event.Data.Currency != definition.Currency {
		return nil, &topics.Reject{
			Reason: topics.ReasonRange, Message: fmt.Sprintf("currency %s, the program's is %s", event.Data.Currency, definition.Currency),
		}
	}
	if reject := unknownTier(definition, event); reject != nil {
		return nil, reject
	}
	book, err := s.book(definition)
	if err != nil {
		return nil, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	credit, err := book.EvaluateAt(&s.desk, event)
	if err != nil {
		return nil, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	return credit, nil
}

// unknownTier refuses a tier of the membership system that the rulebook, where that system rules, does not have.
func unknownTier(book *topics.Rulebook, e *topics.Event) *topics.Reject {
	if e.Type != topics.TypeTierChanged || book == nil || !book.Tiers.Membership {
		return nil
	}
	if slices.ContainsFunc(book.Tiers.Levels, func(l topics.Level) bool { return l.ID == e.Data.Tier }) {
		return nil
	}
	return &topics.Reject{Reason: topics.ReasonRange, Message: fmt.Sprintf("tier %q is none of rulebook %s", e.Data.Tier, book.Version)}
}

// book compiles a version once; before the first version there is none, and the nil book earns nothing.
func (s *Stage) book(definition *topics.Rulebook) (*rules.Book, error) {
	if b := s.compiled[definition]; b != nil || definition == nil {
		return b, nil
	}
	b, err := rules.CompileWith(definition, s.Conditions)
	if err != nil {
		return nil, fmt.Errorf("rulebook: %w", err)
	}
	s.compiled[definition] = b
	return b, nil
}

// Committed counts what the batch led to.
func (s *Stage) Committed(context.Context, []topics.Record) error {
	for eventType, n := range s.credited {
		s.Observer.Credited(eventType, n)
	}
	for _, r := range s.rejected {
		s.Observer.Rejected(r.topic, r.reason)
	}
	s.uncount()
	clear(s.out)
	s.out = s.out[:0]
	s.room.Free()
	return nil
}

// Aborted counts nothing: the batch comes again. The client may still hold what it was given.
func (s *Stage) Aborted() {
	s.uncount()
	s.out = nil
	s.room.Drop()
}

func (s *Stage) uncount() {
	clear(s.credited)
	s.rejected = s.rejected[:0]
}
