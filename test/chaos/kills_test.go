package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// rounds is how often each kind of process is killed at each failpoint.
func rounds(t *testing.T) int {
	t.Helper()
	given := os.Getenv("JIFEN_CHAOS_ROUNDS")
	if given == "" {
		return 4
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		t.Fatalf("JIFEN_CHAOS_ROUNDS=%s: want a number above 0", given)
	}
	return n
}

// TestKillsAtEveryFailpoint kills owners and credits with -9 at each of their failpoints while orders and redemptions
// stream. A slot's process comes back under its own instance with the next failpoint, once per slot only after the session
// time-out, when its partitions have gone to the other; the other slot of the stage runs meanwhile.
func TestKillsAtEveryFailpoint(t *testing.T) {
	s := start(t)
	l := s.stream(t, "kills")
	r := rand.New(rand.NewPCG(l.seed, 3))
	n := rounds(t)
	var all sync.WaitGroup
	kills := map[string]int{}
	for _, stage := range [...]struct {
		name  string
		slots [2]*slot
	}{{"owner", s.owners}, {"credits", s.credits}} {
		plan := failpoints(r, stage.name, n)
		kills[stage.name] = len(plan)
		half := len(plan) / 2
		all.Go(func() {
			stage.slots[0].suffer(t, plan[:half])
			stage.slots[1].suffer(t, plan[half:])
		})
	}
	all.Wait()
	l.finish(t, kills, "kill -9 at failpoints").prompt(t)
}

// TestKillsOfOwnersThatEvaluate kills owners that read the shops' topics themselves, with nobody else to. They take these over
// from credits as orders and redemptions stream, and give them back in the end. One is dead at a time, or nobody could answer.
func TestKillsOfOwnersThatEvaluate(t *testing.T) {
	s := start(t)
	l := s.stream(t, "evaluating")
	apart := s.evaluating(t)
	plan := failpoints(rand.New(rand.NewPCG(l.seed, 5)), "owner", rounds(t))
	half := len(plan) / 2
	s.owners[0].suffer(t, plan[:half])
	s.owners[1].suffer(t, plan[half:])
	time.Sleep(2 * time.Second)
	apart()
	time.Sleep(2 * time.Second)
	l.finish(t, map[string]int{"owner": len(plan)}, "kill -9 of evaluating owners at failpoints").prompt(t)
}

// TestKillsOfOwnersThatFeed kills two at a time, of which one feeds ClickHouse, too, by what it hands over of its own and what it
// fetches of the other's (decision 0049).
func TestKillsOfOwnersThatFeed(t *testing.T) {
	s := start(t)
	l := s.stream(t, "feeding")
	apart := s.feeding(t)
	plan := failpoints(rand.New(rand.NewPCG(l.seed, 6)), "owner", rounds(t))
	half := len(plan) / 2
	var all sync.WaitGroup
	all.Go(func() { s.owners[0].suffer(t, plan[:half]) })
	all.Go(func() { s.owners[1].suffer(t, plan[half:]) })
	all.Wait()
	apart()
	time.Sleep(2 * time.Second)
	l.finish(t, map[string]int{"owner": len(plan)}, "kill -9 of owners that feed at failpoints")
}

// evaluating has the owners do the work of credits, until the returned function is called.
func (s *stack) evaluating(t *testing.T) (apart func()) {
	t.Helper()
	for i, owner := range s.owners {
		s.credits[i].stop(t)
		owner.become(t, "credits,balances")
	}
	return func() {
		for i, owner := range s.owners {
			owner.become(t, "balances")
			s.credits[i].start(t, "")
		}
	}
}

// feeding has one of them do that of the feed, too.
func (s *stack) feeding(t *testing.T) (apart func()) {
	t.Helper()
	s.feed.stop(t)
	evaluated := s.evaluating(t)
	s.owners[0].become(t, "credits,balances,analytics")
	return func() {
		evaluated()
		s.feed.start(t, "")
	}
}

// become has the slot's process run other stages.
func (p *slot) become(t *testing.T, stages string) {
	t.Helper()
	p.stop(t)
	p.args = []string{"run", "--stages", stages}
	p.start(t, "")
}

// failpoints are n kills at each failpoint of a stage, in some order; the first at each comes with the first transaction
// after a takeover.
func failpoints(r *rand.Rand, stage string, n int) []string {
	var plan []string
	for _, p := range [...]string{"after_poll", "after_produce", "before_commit", "after_commit", "after_apply"} {
		for i := range n {
			passage := 1
			if i > 0 {
				passage += 4 + r.IntN(40)
			}
			plan = append(plan, fmt.Sprintf("%s:%s:%d", stage, p, passage))
		}
	}
	r.Shuffle(len(plan), func(i, j int) { plan[i], plan[j] = plan[j], plan[i] })
	return plan
}

// suffer runs the slot's process with one failpoint after another, each until it has killed itself there.
func (p *slot) suffer(t *testing.T, plan []string) {
	p.stop(t)
	for i, failpoint := range plan {
		p.start(t, failpoint)
		if !p.died(t, 60*time.Second) {
			t.Errorf("%s did not come by %s", p.name, failpoint)
			p.kill()
		}
		if i == len(plan)/2 {
			time.Sleep(sessionTimeout + time.Second)
		}
	}
	p.start(t, "")
}

// TestOwnerGoneForGood kills an owner that does not come back: the other takes its shards over in time.
func TestOwnerGoneForGood(t *testing.T) {
	s := start(t)
	l := s.stream(t, "gone")
	time.Sleep(2 * time.Second)
	s.owners[0].kill()
	time.Sleep(pauseMost + 2*time.Second)
	l.finish(t, nil, "kill -9 of an owner for good").prompt(t)
}
