package kafka_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/internal/rulefile"
	"jifen/internal/testkit"
	"jifen/rulebooks"
	"jifen/topics"
)

func TestTopicsArePlannedAppliedAndChecked(t *testing.T) {
	c := config(testkit.StartKfake(t).Addr())
	actions := func(steps []kafka.Step) map[string]int {
		out := map[string]int{}
		for _, s := range steps {
			out[s.Action]++
		}
		return out
	}
	if err := kafka.Check(t.Context(), c, 8); err == nil || !strings.Contains(err.Error(), "jifen topics apply") {
		t.Errorf("check of nothing: %v", err)
	}
	steps, err := kafka.Plan(t.Context(), c, 8)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "plan", actions(steps), map[string]int{"create": len(steps)})
	if steps, err = kafka.Plan(t.Context(), c, 8); err != nil || actions(steps)["create"] != len(steps) {
		t.Errorf("a plan made something: %v, %v", actions(steps), err)
	}
	if _, err = kafka.Apply(t.Context(), c, 8); err != nil {
		t.Fatal(err)
	}
	if err := kafka.Check(t.Context(), c, 8); err != nil {
		t.Errorf("check: %v", err)
	}
	if steps, err = kafka.Apply(t.Context(), c, 8); err != nil {
		t.Fatal(err)
	}
	equal(t, "applied again", actions(steps), map[string]int{"keep": len(steps)})
	letters := 0
	for _, s := range steps {
		switch s.Topic {
		case topics.Ledger, topics.Credits, topics.Requests:
			equal(t, s.Topic, s.Partitions, 8)
		case topics.RulebookV1, topics.Replays:
			equal(t, s.Topic, s.Partitions, 1)
		}
		if strings.HasPrefix(s.Topic, topics.DeadLetterPrefix) {
			letters++
		}
	}
	equal(t, "dead-letter topics", letters, 9)
}

// TestAnotherNumberOfShardsIsRefused: nothing is changed, and the error says which topic and how many.
func TestAnotherNumberOfShardsIsRefused(t *testing.T) {
	c := config(testkit.StartKfake(t).Addr())
	if _, err := kafka.Apply(t.Context(), c, 8); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"check": func() error { return kafka.Check(t.Context(), c, 16) },
		"apply": func() error { _, err := kafka.Apply(t.Context(), c, 16); return err },
	} {
		err := do()
		if err == nil || !strings.Contains(err.Error(), "has 8 partitions, this installation has 16 shards") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := kafka.Check(t.Context(), c, 8); err != nil {
		t.Errorf("the installation is no longer sound: %v", err)
	}
}

// TestRulebooksBecomeStaleWithoutKafkaAndRecover: nobody decides by a reading that is too old.
func TestRulebooksBecomeStaleWithoutKafkaAndRecover(t *testing.T) {
	k := testkit.StartKfake(t)
	c := config(k.Addr())
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r := &kafka.Rulebooks{Config: c, Parse: rulefile.Parse, AgeMax: 3 * time.Second}
	if _, err := r.Books(); !errors.Is(err, kafka.ErrStaleRulebook) {
		t.Errorf("before the first reading: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	await(t, "an empty topic is read", func() bool { b, err := r.Books(); return err == nil && len(b) == 0 })
	publish(t, c, rulebooks.Retail)
	await(t, "a version arrives", func() bool { b, err := r.Books(); return err == nil && len(b) == 1 })
	if err := k.Stop(); err != nil {
		t.Fatal(err)
	}
	await(t, "the reading is stale", func() bool { _, err := r.Books(); return errors.Is(err, kafka.ErrStaleRulebook) })
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "it is read again", func() bool { b, err := r.Books(); return err == nil && len(b) == 1 })
	publish(t, c, rulebooks.Retail) // the same version again, as a retry of publishing leaves it
	publish(t, c, rulebooks.Demo)
	await(t, "another version arrives", func() bool { b, err := r.Books(); return err == nil && len(b) == 2 })
	once, err := kafka.ReadRulebooks(t.Context(), &kafka.Rulebooks{Config: c, Parse: rulefile.Parse})
	if err != nil || len(once) != 2 {
		t.Errorf("read once: %d versions, %v", len(once), err)
	}
}

// publish writes a shipped rulebook, keyed by its version.
func publish(t *testing.T, c kafka.Config, name string) {
	t.Helper()
	document, err := rulebooks.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	book, err := rulefile.Parse(name, document)
	if err != nil {
		t.Fatal(err)
	}
	produce(t, c, topics.Record{Topic: topics.RulebookV1, Key: []byte(book.Version), Value: document})
}

func produce(t *testing.T, c kafka.Config, records ...topics.Record) {
	t.Helper()
	p, err := kafka.NewProducer(c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.Produce(ctx, records); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long until %s", what)
		}
	}
}

// TestVersionThatCannotBeReadIsLeftOut: a stranger's record on the topic stops nobody.
func TestVersionThatCannotBeReadIsLeftOut(t *testing.T) {
	c := config(testkit.StartKfake(t).Addr())
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	produce(t, c, topics.Record{Topic: topics.RulebookV1, Key: []byte("junk"), Value: []byte("junk")})
	publish(t, c, rulebooks.Demo)
	books, err := kafka.ReadRulebooks(t.Context(), &kafka.Rulebooks{Config: c, Parse: rulefile.Parse})
	if err != nil || len(books) != 1 {
		t.Errorf("%d versions, %v", len(books), err)
	}
}
