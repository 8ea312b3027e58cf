package chaos_test

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
)

// vectorK2 sends the same history to an installation where nothing happens, and to one where an owner and credits die at
// each failpoint meanwhile: every member's entries are the same, in the same order.
func vectorK2(t *testing.T) {
	s := start(t)
	shop := newShop(s, s.fresh("k2"))
	events := shop.history(time.Now().Add(-time.Hour).Truncate(time.Second))
	calm := s.undisturbed(t)
	there := newShop(calm, shop.name)
	if err := there.send(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	calm.drain(t)
	want := readLedger(t, calm.config)

	r := rand.New(rand.NewPCG(testkit.Seed(t), 4))
	var all sync.WaitGroup
	over := make(chan struct{})
	all.Go(func() { s.owners[0].suffer(t, failpoints(r, "owner", 1)) })
	credits := failpoints(r, "credits", 1)
	all.Go(func() { s.credits[0].suffer(t, credits) })
	go func() {
		all.Wait()
		close(over)
	}()
	fodder := newShop(s, shop.name+"-fodder")
	for n := 0; ; n++ {
		if len(events) > 0 {
			some := min(5, len(events))
			if err := shop.send(t.Context(), events[:some]); err != nil {
				t.Fatal(err)
			}
			events = events[some:]
		} else if err := fodder.send(t.Context(), fodder.some(n)); err != nil { // whoever is yet to die needs work
			t.Fatal(err)
		}
		select {
		case <-over:
			if len(events) == 0 {
				s.drain(t)
				compareMembers(t, shop.name+"-m", want, s.read(t))
				s.audit(t)
				return
			}
		case <-time.After(30 * time.Millisecond):
		}
	}
}

func compareMembers(t *testing.T, prefix string, want, got *book) {
	t.Helper()
	members := 0
	for m, entries := range want.members {
		if !strings.HasPrefix(m, prefix) {
			continue
		}
		members++
		var x, y []string
		for _, e := range entries {
			x = append(x, entryOf(e))
		}
		for _, e := range got.members[m] {
			y = append(y, entryOf(e))
		}
		if d := cmp.Diff(x, y); d != "" {
			t.Errorf("%s (-undisturbed +killed):\n%s", m, d)
		}
	}
	if members != 40 {
		t.Errorf("%d members compared, want 40", members)
	}
}

// undisturbed is an installation of its own, on an embedded Kafka: one process runs credits and balances.
func (s *stack) undisturbed(t *testing.T) *stack {
	t.Helper()
	k, redis := testkit.StartKfake(t), testkit.StartRedis(t)
	calm := &stack{binary: s.binary, dir: filepath.Clean(t.TempDir())}
	calm.env = append(append(calm.env, s.env...), "JIFEN_KAFKA_BROKERS="+k.Addr(), "JIFEN_REDIS_ADDRS="+redis.Addr())
	calm.config = kafka.Config{Brokers: []string{k.Addr()}, ClientID: "calm", SessionTimeout: sessionTimeout, TransactionTimeout: sessionTimeout}
	calm.run(t, "topics", "apply")
	calm.run(t, "rules", "publish", rulebook)
	var err error
	if calm.producer, err = kafka.NewProducer(calm.config); err != nil {
		t.Fatal(err)
	}
	p := calm.slot("all", "run", "--stages", "credits,balances")
	p.start(t, "")
	t.Cleanup(func() {
		calm.producer.Close()
		p.stop(t)
	})
	return calm
}
