package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"jifen/cmd/jifen/rulediff"
	"jifen/cmd/jifen/simulate"
	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/internal/rulefile"
	"jifen/rulebooks"
	"jifen/topics"
)

// sentBook names, in faults, a rulebook that was sent and has no file.
const sentBook = "rulebook"

// ruleDesk is the rulebook topic, and what a rulebook means that is not there yet.
type ruleDesk struct {
	*ports
	publishing sync.Mutex // what one checks nobody else changes meanwhile, in this process
}

// console are the ports of the console's own routes; what they begin ends with ctx.
func (p *ports) console(ctx context.Context) (httpapi.Console, error) {
	schema, err := rulebooks.FS.ReadFile("rulebook.schema.json")
	rules := &ruleDesk{ports: p}
	return httpapi.Console{
		Rulebooks: rules, RuleDesk: rules, RuleSchema: schema, DeadLetters: &deadLetters{p}, Operations: &operations{ports: p, life: ctx},
		Reports: p,
	}, err
}

// published are the versions and their documents as the topic has them now; of two of one version the first counts.
func (d *ruleDesk) published(ctx context.Context) (topics.Books, map[string]string, error) {
	texts := map[string]string{}
	var books topics.Books
	err := kafka.Read(ctx, d.kafka, topics.RulebookV1, 0, 0, func(r *topics.Record, _ time.Time) error {
		book, err := rulefile.Parse(string(r.Key), r.Value)
		if err != nil || texts[book.Version] != "" {
			return nil //nolint:nilerr // not published by us; the stages leave it out, too, and log it
		}
		texts[book.Version] = string(r.Value)
		books = append(books, book)
		return nil
	})
	if err != nil {
		return nil, nil, unavailable(err)
	}
	return topics.NewBooks(books...), texts, nil
}

// Versions implements httpapi.Rulebooks.
func (d *ruleDesk) Versions(ctx context.Context) ([]httpapi.RuleVersion, error) {
	books, _, err := d.published(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]httpapi.RuleVersion, 0, len(books))
	for _, b := range books {
		all = append(all, ruleVersion(b, books, d.clock()))
	}
	return all, nil
}

// ruleVersion describes a version beside the others.
func ruleVersion(b *topics.Rulebook, books topics.Books, now time.Time) httpapi.RuleVersion {
	v := httpapi.RuleVersion{Name: b.Name, Version: b.Version, From: b.From.UTC(), State: "past"}
	switch {
	case b.From.After(now):
		v.State = "coming"
	case books.At(now) == b:
		v.State = "in_force"
	}
	return v
}

// Text implements httpapi.Rulebooks.
func (d *ruleDesk) Text(ctx context.Context, version string) (string, error) {
	_, texts, err := d.published(ctx)
	if err != nil {
		return "", err
	}
	if text, ok := texts[version]; ok {
		return text, nil
	}
	return "", httpapi.ErrNotFound
}

// Publish implements httpapi.Rulebooks.
func (d *ruleDesk) Publish(ctx context.Context, yaml string) (httpapi.RuleVersion, bool, error) {
	book, err := parseSent(yaml)
	if err != nil {
		return httpapi.RuleVersion{}, false, err
	}
	d.publishing.Lock()
	defer d.publishing.Unlock()
	books, _, err := d.published(ctx)
	if err != nil {
		return httpapi.RuleVersion{}, false, err
	}
	now := d.clock()
	if err := rulefile.CheckPublish(rulefile.Document{File: sentBook, Text: []byte(yaml), Book: book}, books, now); err != nil {
		return httpapi.RuleVersion{}, false, ruleFaults(err)
	}
	if known := books.Version(book.Version); known != nil {
		return ruleVersion(known, books, now), false, nil
	}
	if err := (publisher{d.app, d.producer}).Publish(ctx, book.Version, []byte(yaml)); err != nil {
		return httpapi.RuleVersion{}, false, unavailable(err)
	}
	return ruleVersion(book, topics.NewBooks(append(books, book)...), now), true, nil
}

// Lint implements httpapi.RuleDesk.
func (d *ruleDesk) Lint(yaml string) (httpapi.RuleVersion, error) {
	book, err := parseSent(yaml)
	if err != nil {
		return httpapi.RuleVersion{}, err
	}
	return ruleVersion(book, topics.NewBooks(book), d.clock()), nil
}

// Try implements httpapi.RuleDesk.
func (d *ruleDesk) Try(ctx context.Context, yaml string, events []byte, language string) (httpapi.RuleTrial, error) {
	book, err := parseSent(yaml)
	if err != nil {
		return httpapi.RuleTrial{}, err
	}
	inputs, err := simulate.ReadEvents("event", events)
	if err != nil {
		return httpapi.RuleTrial{}, &httpapi.RefusedEventError{Reason: string(topics.ReasonDecode), Message: err.Error()}
	}
	words := simulate.English
	if language != "en" {
		words = simulate.Chinese
	}
	report, err := simulate.Run(ctx, simulate.Config{
		Books: topics.NewBooks(book), Now: d.clock(), Follow: true, Limits: d.limits(), Shares: d.shares(), Shards: d.config.Shards, Language: words,
	}, inputs)
	if err != nil {
		return httpapi.RuleTrial{}, err
	}
	trial := httpapi.RuleTrial{Version: book.Version, Steps: []httpapi.TrialStep{}}
	for _, s := range report.Steps {
		trial.Steps = append(trial.Steps, trialStep(s))
	}
	return trial, nil
}

func trialStep(s *simulate.Step) httpapi.TrialStep {
	out := httpapi.TrialStep{
		Member: s.Member, At: s.At.UTC(), Outcome: s.Outcome, Entries: []httpapi.TrialEntry{}, Before: trialBalance(s.Before), After: trialBalance(s.After),
	}
	if s.Event != nil {
		out.Event, out.Type = s.Event.ID, s.Event.Type
	}
	if l := s.DeadLetter; l != nil {
		out.DeadLetter = &httpapi.TrialLetter{Topic: l.Topic, Reason: l.Reason, Message: l.Message}
	}
	for _, e := range s.Entries {
		out.Entries = append(out.Entries, httpapi.TrialEntry{Account: e.Account, Kind: e.Kind, Rule: e.Rule, Points: e.Points, Why: e.Why})
	}
	return out
}

func trialBalance(b *simulate.Balance) *httpapi.TrialBalance {
	if b == nil {
		return nil
	}
	return &httpapi.TrialBalance{Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt, Tier: b.Tier}
}

// Compare implements httpapi.RuleDesk.
func (d *ruleDesk) Compare(ctx context.Context, yaml, against string) (httpapi.RuleComparison, error) {
	book, err := parseSent(yaml)
	if err != nil {
		return httpapi.RuleComparison{}, err
	}
	books, _, err := d.published(ctx)
	if err != nil {
		return httpapi.RuleComparison{}, err
	}
	old := books.At(d.clock())
	if against != "" {
		if old = books.Version(against); old == nil {
			return httpapi.RuleComparison{}, httpapi.ErrNotFound
		}
	}
	out := httpapi.RuleComparison{Changes: []httpapi.RuleChange{}}
	if old == nil { // there is none yet: everything is new
		old = &topics.Rulebook{Zone: book.Zone, Currency: book.Currency}
	} else {
		out.Against = old.Version
	}
	for _, c := range rulediff.Diff(old, book) {
		change := httpapi.RuleChange{Change: c.Change, Thing: c.Thing, ID: c.ID, Fields: []httpapi.RuleFields{}}
		for _, f := range c.Fields {
			change.Fields = append(change.Fields, httpapi.RuleFields{Field: f.Name, Old: f.Old, New: f.New})
		}
		out.Changes = append(out.Changes, change)
	}
	return out, nil
}

func parseSent(yaml string) (*topics.Rulebook, error) {
	book, err := rulefile.Parse(sentBook, []byte(yaml))
	if err != nil {
		return nil, ruleFaults(err)
	}
	return book, nil
}

// ruleFaults are the faults in an error of rulefile's; another error stays as it is.
func ruleFaults(err error) error {
	var faults rulefile.Faults
	var refused *rulefile.Refusal
	if errors.As(err, &refused) {
		faults = rulefile.Faults{refused.Fault}
	} else if !errors.As(err, &faults) {
		return fmt.Errorf("rulebook: %w", err)
	}
	var out httpapi.RuleFaults
	for _, f := range faults {
		out = append(out, httpapi.RuleFault{Line: f.Line, Column: f.Column, Message: f.Message, Expected: f.Expected})
	}
	return out
}
