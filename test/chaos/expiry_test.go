package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"jifen/internal/testkit"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Of lots that fall due in one instant.
const (
	expiring     = 100_000
	lotsOfEach   = 2
	pointsOfEach = 3
	later        = 72 * time.Hour // well past the day on which all of them expire
)

// TestKillsWhileLotsExpire: 100,000 lots are past their expiry when the owners come back, and owners are killed at each
// failpoint while they book that: each lot expires once, and nothing else happens.
func TestKillsWhileLotsExpire(t *testing.T) {
	s := ownStack(t, "testdata/expiring.yaml")
	s.earnLots(t)
	for _, p := range s.owners {
		p.stop(t)
	}
	s.env = append(s.env, "JIFEN_PROGRAM_CLOCK_OFFSET="+later.String())
	seed := testkit.Seed(t)
	r := rand.New(rand.NewPCG(seed, 5))
	var all sync.WaitGroup
	kills := 0
	for _, owner := range s.owners {
		plan := failpoints(r, "owner", 1)
		kills += len(plan)
		all.Go(func() { owner.suffer(t, plan) })
	}
	all.Wait()
	early := s.read(t).expired(t)
	s.awaitExpired(t)
	s.drain(t)
	report := s.audit(t)
	t.Logf("certificate %s: seed %d, %d kills, %d of %d lots booked by the last of them, %d entries, %d states compared, %d differences",
		t.Name(), seed, kills, early, expiring, report.Entries, report.States, len(report.Differences))
	if early == expiring {
		t.Error("everything had expired before the last kill: it hit nobody at work")
	}
}

// earnLots gives each member their lots.
func (s *stack) earnLots(t *testing.T) {
	t.Helper()
	for _, p := range s.slots {
		p.ensure(t)
	}
	shop := newShop(s, s.fresh("expiry"))
	at := time.Now()
	for from := 0; from < expiring; from += 5000 {
		var events []*topics.Event
		for n := from; n < from+5000; n++ {
			events = append(events, &topics.Event{
				Source: source, ID: fmt.Sprintf("%s-e%d", shop.name, n), Type: topics.TypeActivity, Time: at,
				Data: topics.Data{Member: shop.member(n / lotsOfEach), Activity: "night", Quantity: 1},
			})
		}
		if err := shop.send(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	s.drain(t)
	if b := s.read(t); b.entries != expiring {
		t.Fatalf("%d entries, want one for each of %d lots", b.entries, expiring)
	}
}

// expired counts the lots that were booked as expired: each once, with all that it held.
func (b *book) expired(t *testing.T) int {
	t.Helper()
	n := 0
	for member, entries := range b.members {
		booked := map[uint32]int64{}
		for _, e := range entries {
			switch e.Kind {
			case pointspb.Kind_GRANTED:
			case pointspb.Kind_EXPIRED:
				n++
				if booked[e.Postings[0].Lot] += e.Postings[1].Points; booked[e.Postings[0].Lot] != pointsOfEach {
					t.Errorf("%s lost %d points of lot %d", member, booked[e.Postings[0].Lot], e.Postings[0].Lot)
				}
			default:
				t.Errorf("%s has an entry %s", member, e.Kind)
			}
		}
	}
	return n
}

func (s *stack) awaitExpired(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		n := s.read(t).expired(t)
		if n == expiring || t.Failed() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d lots have expired", n, expiring)
		}
		time.Sleep(time.Second)
	}
}
