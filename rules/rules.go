// Package rules decides what an activity earns, before the state of its member is known: pure functions of a rulebook and
// an event. Tier, first order, exclusive groups, hold-outs and the maximum multiplier travel in the candidates to the
// member's shard, where package ledger decides them.
package rules

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Book is one rulebook version, compiled: rules indexed by event type, in the order of the book. It never changes, so
// goroutines share it. The nil Book is "no version in force": events travel with their facts and without candidates.
type Book struct {
	source *topics.Rulebook
	byType map[string][]*rule
	refers bool // a rule is for sharers, or for who shares with themselves
}

// Books are compiled versions in the order in which they take effect.
type Books []*Book

// rule is a compiled rule: what it tests as closures, what it says as values to copy.
type rule struct {
	topics.Rule
	mode   string
	event  func(*topics.Event) bool  // nil: every event of the type
	line   func(*topics.Line) bool   // nil: every line
	by     func(*topics.Data) string // nil: its limit counts all events together
	when   Condition                 // nil: none
	groups [][]*campaign
	tiers  []string // that its campaigns name
	// budgeted: one of the campaigns has a budget.
	budgeted bool
}

// Condition says whether a rule's `when` holds for an event; an error means that it cannot be told.
type Condition func(*topics.Event) (bool, error)

// Conditions compiles the `when` of a rule on events of a type.
type Conditions func(on, when string) (Condition, error)

// campaign is a compiled campaign; ratio and names are shared by all candidates that only this campaign multiplies.
type campaign struct {
	topics.Campaign
	event func(*topics.Event) bool
	ratio *pointspb.Ratio
	names []string
}

// Compile makes a version ready to evaluate. It fails on what the arithmetic could not carry out exactly; everything
// that a person may get wrong is refused earlier, with its position, by internal/rulefile.
func Compile(book *topics.Rulebook) (*Book, error) { return CompileWith(book, nil) }

// CompileWith is Compile for books whose rules have conditions.
func CompileWith(book *topics.Rulebook, conditions Conditions) (*Book, error) {
	campaigns, err := compileCampaigns(book)
	if err != nil {
		return nil, fmt.Errorf("compile rulebook %s: %w", book.Version, err)
	}
	b := &Book{source: book, byType: make(map[string][]*rule), refers: book.Watches(topics.AbuseSelfReferral)}
	for i := range book.Rules {
		r := &rule{Rule: book.Rules[i], mode: string(book.Rules[i].Mode)}
		if _, err := topics.Award(r.Mode, r.Points, r.Per, 0, 0, topics.One()); err != nil {
			return nil, fmt.Errorf("compile rulebook %s: rule %s: %w", book.Version, r.ID, err)
		}
		if r.When != "" {
			if r.when, err = conditions.compile(r.On, r.When); err != nil {
				return nil, fmt.Errorf("compile rulebook %s: rule %s: %w", book.Version, r.ID, err)
			}
		}
		r.event, r.line = eventTest(r.On, r.Match), lineTest(r.Match)
		r.groups = groupsOf(r.ID, campaigns)
		r.tiers = tiersOf(r.groups)
		r.budgeted = hasBudget(r.groups)
		if r.by, err = limitKey(r.Limit.By); err != nil {
			return nil, fmt.Errorf("compile rulebook %s: rule %s: %w", book.Version, r.ID, err)
		}
		if err := checkProduct(book, r); err != nil {
			return nil, fmt.Errorf("compile rulebook %s: rule %s: %w", book.Version, r.ID, err)
		}
		b.byType[r.On] = append(b.byType[r.On], r)
		b.refers = b.refers || r.Referrer
	}
	return b, nil
}

var errNoConditions = errors.New("it has a condition, and nobody here compiles conditions")

func (c Conditions) compile(on, when string) (Condition, error) {
	if c == nil {
		return nil, errNoConditions
	}
	return c(on, when)
}

// CompileAll compiles every version.
func CompileAll(versions topics.Books) (Books, error) {
	books := make(Books, 0, len(versions))
	for _, v := range versions {
		b, err := Compile(v)
		if err != nil {
			return nil, err
		}
		books = append(books, b)
	}
	return books, nil
}

// At returns the version in force at t, or nil before the first (V1, V2: the event's own time decides, not its arrival).
func (b Books) At(t time.Time) *Book {
	i := sort.Search(len(b), func(i int) bool { return b[i].source.From.After(t) })
	if i == 0 {
		return nil
	}
	return b[i-1]
}

// Evaluate evaluates an event under the version that was in force when it happened.
func (b Books) Evaluate(e *topics.Event) *pointspb.CreditEvent { return b.At(e.Time).Evaluate(e) }

// Source is the version that was compiled; nil of the nil Book.
func (b *Book) Source() *topics.Rulebook {
	if b == nil {
		return nil
	}
	return b.source
}
