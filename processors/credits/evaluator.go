package credits

import (
	"fmt"
	"slices"
	"time"

	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Evaluator turns records into credit events by the rules that were in force at each event's time, and counts what became
// of them. A stage has its own: it is used by one goroutine.
type Evaluator struct {
	Dependencies

	compiled map[*topics.Rulebook]*rules.Book
	credited map[string]int // of the batch, by type: what to tell the observer once it is committed
	rejected []rejected
	places   []place
}

// place is where an event is decoded and evaluated, with room for the usual one.
type place struct {
	event topics.Event
	desk  rules.Desk
}

// rejected is a record of a topic that became a dead letter.
type rejected struct {
	topic  string
	reason topics.Reason
}

// NewEvaluator makes one that has evaluated nothing yet.
func NewEvaluator(d Dependencies) *Evaluator {
	return &Evaluator{Dependencies: d, compiled: map[*topics.Rulebook]*rules.Book{}, credited: map[string]int{}}
}

// Evaluate is the credit event of a record, good until the next one of the same place (0, 1, …) and as long as the record's
// memory, or why there is none. Events from before the first rulebook earn nothing, but travel: they feed the dedupe.
func (v *Evaluator) Evaluate(at int, r *topics.Record, books topics.Books, now time.Time) (*pointspb.CreditEvent, *topics.Reject) {
	for at >= len(v.places) {
		v.places = append(v.places, place{})
	}
	credit, reject := v.evaluate(&v.places[at], r, books, now)
	if reject != nil {
		v.rejected = append(v.rejected, rejected{r.Topic, reject.Reason})
		return nil, reject
	}
	v.credited[credit.Cause.Type]++
	return credit, nil
}

func (v *Evaluator) evaluate(at *place, r *topics.Record, books topics.Books, now time.Time) (*pointspb.CreditEvent, *topics.Reject) {
	event := &at.event
	if reject := event.Decode(r, v.Limits, now); reject != nil {
		return nil, reject
	}
	if reject := v.Shares.Verify(event); reject != nil {
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
	book, err := v.book(definition)
	if err != nil {
		return nil, &topics.Reject{Reason: topics.ReasonRuleError, Message: err.Error()}
	}
	credit, err := book.EvaluateAt(&at.desk, event)
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
func (v *Evaluator) book(definition *topics.Rulebook) (*rules.Book, error) {
	if b := v.compiled[definition]; b != nil || definition == nil {
		return b, nil
	}
	b, err := rules.CompileWith(definition, v.Conditions)
	if err != nil {
		return nil, fmt.Errorf("rulebook: %w", err)
	}
	v.compiled[definition] = b
	return b, nil
}

// Committed counts what the records evaluated since led to.
func (v *Evaluator) Committed() {
	for eventType, n := range v.credited {
		v.Observer.Credited(eventType, n)
	}
	for _, r := range v.rejected {
		v.Observer.Rejected(r.topic, r.reason)
	}
	v.Aborted()
}

// Aborted counts nothing: they come again.
func (v *Evaluator) Aborted() {
	clear(v.credited)
	v.rejected = v.rejected[:0]
}
