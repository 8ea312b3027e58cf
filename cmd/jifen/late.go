package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/internal/rulefile"
	"jifen/processors/credits"
	"jifen/topics"
)

// lateRun is the run whose history an admitted event becomes, before its day.
const lateRun = "late-"

// lateWaiting is the state of a late event that nobody has looked at.
const lateWaiting = "waiting"

// lateQueue is the queue of events that came too late: the dead letters of shops' topics with that reason, and the marks
// of what people decided.
type lateQueue struct{ *ports }

// LateEvents lists those of a state, the oldest first.
func (q *lateQueue) LateEvents(ctx context.Context, state string, limit int) ([]httpapi.LateEvent, error) {
	marks, err := kafka.ReadReplays(ctx, q.kafka)
	if err != nil {
		return nil, unavailable(err)
	}
	sources, err := lateTopics()
	if err != nil {
		return nil, err
	}
	var all []httpapi.LateEvent
	for _, topic := range sources {
		err := kafka.Read(ctx, q.kafka, topic, 0, 0, func(r *topics.Record, at time.Time) error {
			l, err := topics.OpenLetter(r)
			if err != nil || l.Reason != topics.ReasonTooOld {
				return nil //nolint:nilerr // a record of somebody else is no dead letter
			}
			if e := q.event(&l, at, marks); state == "" || e.State == state {
				all = append(all, e)
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
	}
	slices.SortStableFunc(all, func(x, y httpapi.LateEvent) int {
		return cmp.Or(x.RefusedAt.Compare(y.RefusedAt), cmp.Compare(x.ID, y.ID))
	})
	return all[:min(len(all), limit)], nil
}

// lateTopics are the dead-letter topics of what shops send.
func lateTopics() ([]string, error) {
	declared, err := kafka.Declare(1)
	var all []string
	for _, d := range declared {
		if strings.HasPrefix(d.Name, topics.DeadLetterPrefix+"shop.") {
			all = append(all, d.Name)
		}
	}
	return all, err
}

func unavailable(err error) error { return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err) }

// event describes a late event, as far as it can be read.
func (q *lateQueue) event(l *topics.Letter, at time.Time, marks kafka.Marks) httpapi.LateEvent {
	m := marks[l.Place]
	e := httpapi.LateEvent{
		ID: letterID(l.Place), RefusedAt: at,
		State: cmp.Or(marks.State(l.Place), lateWaiting), ProposedBy: m.ProposedBy, DecidedBy: m.DecidedBy, Why: m.Why,
	}
	limits := q.limits()
	limits.LateAfter = math.MaxInt64
	if event, reject := topics.Decode(&l.Original, limits, q.clock()); reject == nil {
		e.Type, e.Source, e.Event, e.Member, e.OccurredAt = event.Type, event.Source, event.ID, event.Data.Member, event.Time
	}
	return e
}

// Propose says that an event should be let in.
func (q *lateQueue) Propose(ctx context.Context, id, actor, why string) (httpapi.LateEvent, error) {
	return q.mark(ctx, id, func(l *topics.Letter, m kafka.Mark, state string) (kafka.Mark, []topics.Record, error) {
		switch {
		case state == kafka.LetterProposed && m.ProposedBy == actor:
			return m, nil, nil // said again
		case state != "":
			return m, nil, httpapi.ErrDecided
		}
		if _, err := q.admitted(l, lateRun); err != nil { // what cannot be let in is not worth another person's time
			return m, nil, err
		}
		return kafka.Mark{State: kafka.LetterProposed, ProposedBy: actor, Why: why}, nil, nil
	})
}

// Decide lets a proposed event in, or leaves it out.
func (q *lateQueue) Decide(ctx context.Context, id, actor string, admit bool, why string) (httpapi.LateEvent, error) {
	want := kafka.LetterDeclined
	if admit {
		want = kafka.LetterAdmitted
	}
	return q.mark(ctx, id, func(l *topics.Letter, m kafka.Mark, state string) (kafka.Mark, []topics.Record, error) {
		switch {
		case state == want && m.DecidedBy == actor:
			return m, nil, nil // said again
		case state == "":
			return m, nil, httpapi.ErrUnproposed
		case state != kafka.LetterProposed:
			return m, nil, httpapi.ErrDecided
		case m.ProposedBy == actor:
			return m, nil, httpapi.ErrSamePerson
		}
		decided := kafka.Mark{State: want, ProposedBy: m.ProposedBy, DecidedBy: actor, Why: m.Why + "; " + why}
		if !admit {
			return decided, nil, nil
		}
		decided.To, decided.Run = topics.Credits, lateRun+q.clock().UTC().Format(time.DateOnly)
		credit, err := q.admitted(l, decided.Run)
		return decided, []topics.Record{credit}, err
	})
}

// admitted is the credit event of a late event.
func (q *lateQueue) admitted(l *topics.Letter, run string) (topics.Record, error) {
	if l.Cut {
		return topics.Record{}, &httpapi.RefusedEventError{Reason: string(topics.ReasonOversize), Message: "the dead letter does not hold all of it"}
	}
	books, err := q.books.Books()
	if err != nil {
		return topics.Record{}, unavailable(err)
	}
	r, reject := credits.Admitted(&l.Original, credits.Dependencies{
		Books: func() (topics.Books, error) { return books, nil }, Clock: q.clock, Limits: q.limits(), Shares: q.shares(), Shards: q.config.Shards, Conditions: rulefile.Condition,
	}, run)
	if reject != nil {
		return r, &httpapi.RefusedEventError{Reason: string(reject.Reason), Message: reject.Message}
	}
	return r, nil
}

// mark decides on a late event by its mark, which nobody else can change meanwhile.
func (q *lateQueue) mark(ctx context.Context, id string, decide func(*topics.Letter, kafka.Mark, string) (kafka.Mark, []topics.Record, error)) (httpapi.LateEvent, error) {
	q.marking.Lock()
	defer q.marking.Unlock()
	letter, at, err := q.letter(ctx, id)
	if err != nil {
		return httpapi.LateEvent{}, err
	}
	replays, err := kafka.OpenReplays(ctx, q.kafka)
	if err != nil {
		return httpapi.LateEvent{}, unavailable(err)
	}
	defer replays.Close()
	known := replays.Marks()[letter.Place]
	mark, then, err := decide(letter, known, replays.Marks().State(letter.Place))
	if err == nil && mark != known {
		mark.At = time.Now().UTC()
		if err = replays.Decide(ctx, letter.Place, mark, then...); err != nil {
			err = unavailable(err)
		}
	}
	if err != nil {
		return httpapi.LateEvent{}, err
	}
	return q.event(letter, at, replays.Marks()), nil
}

// letter finds the dead letter of a late event.
func (q *lateQueue) letter(ctx context.Context, id string) (*topics.Letter, time.Time, error) {
	sources, err := lateTopics()
	if err != nil {
		return nil, time.Time{}, err
	}
	place := letterPlace(id)
	topic, _, _ := strings.Cut(place, "/")
	if !slices.Contains(sources, topic) {
		return nil, time.Time{}, httpapi.ErrNotFound
	}
	letter, at, err := kafka.ReadLetter(ctx, q.kafka, place)
	switch {
	case err != nil:
		return nil, at, unavailable(err)
	case letter == nil, letter.Reason != topics.ReasonTooOld:
		return nil, at, httpapi.ErrNotFound
	}
	return letter, at, nil
}
