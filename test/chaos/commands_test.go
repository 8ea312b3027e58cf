package chaos_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const (
	tooEarly = 1600 // orders from the future: three transactions of `jifen replay dlq` and some
	mended   = 2 * time.Hour
)

// TestKillsWhileCommandsRun kills `jifen replay dlq`, `jifen retro apply` and `jifen retro undo` with -9 in their transactions and
// after them, each again and again until it is let finish, and the owners at work with what they send. Each dead letter comes
// back once and is credited once, each order goes by the other version once, and all that is undone once.
func TestKillsWhileCommandsRun(t *testing.T) {
	s := ownStack(t, "testdata/commands.yaml")
	began := time.Now()
	shop := s.sendTooEarly(t)
	for _, p := range s.slots {
		p.stop(t)
	}
	s.env = append(s.env, "JIFEN_PROGRAM_CLOCK_OFFSET="+mended.String())
	for _, p := range s.slots {
		p.ensure(t)
	}
	s.whileOwnersDie(t, func() { s.replayKilled(t) })
	s.broughtBack(t)
	b := s.read(t)
	b.against(t, shop, &journal{})

	s.run(t, "rules", "publish", "testdata/commands-2.yaml")
	s.staff(t, "ann", httpapi.RoleOperator, "", map[string]any{
		"version": "2", "from": began.Add(-time.Hour), "to": time.Now().Add(mended - time.Minute), "why": "T-1",
	}, "proposed")
	s.staff(t, "bob", httpapi.RoleApprover, "/R1/approval", map[string]any{"why": "T-1"}, "approved")
	s.whileOwnersDie(t, func() { s.retroKilled(t, "apply") })
	for m, n := range shop.granted {
		shop.granted[m] = 2 * n
	}
	s.ran(t, shop, 1)
	s.staff(t, "ann", httpapi.RoleOperator, "/R1/undo", map[string]any{"why": "T-1"}, "undo_proposed")
	s.staff(t, "bob", httpapi.RoleApprover, "/R1/approval", map[string]any{"why": "T-1"}, "undo_approved")
	s.whileOwnersDie(t, func() { s.retroKilled(t, "undo") })
	for m, n := range shop.granted {
		shop.reversed[m] = n / 2
	}
	s.ran(t, shop, 2)
	report := s.audit(t)
	t.Logf("certificate %s: %d entries, %d states compared, %d differences", t.Name(), report.Entries, report.States, len(report.Differences))
}

// sendTooEarly sends orders that become dead letters: their time has not come.
func (s *stack) sendTooEarly(t *testing.T) *shop {
	t.Helper()
	for _, p := range s.slots {
		p.ensure(t)
	}
	shop := newShop(s, s.fresh("early"))
	b := batch{granted: map[string]int64{}, doubled: map[string]extra{}}
	for n := range tooEarly {
		e := shop.order(shop.member(n%100), n, int64(1000+n))
		e.Time = time.Now().Add(mended / 2)
		b.events = append(b.events, e)
		b.paid(e)
	}
	if err := shop.send(t.Context(), b.events); err != nil {
		t.Fatal(err)
	}
	shop.note(&b)
	s.drain(t)
	if n := len(s.read(t).members); n > 0 {
		t.Fatalf("%d members were credited too early", n)
	}
	return shop
}

// whileOwnersDie runs something while both owners are killed at their commits, as often as they come by one.
func (s *stack) whileOwnersDie(t *testing.T, run func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	kills := make([]int, len(s.owners))
	for i, owner := range s.owners {
		all.Go(func() { kills[i] = owner.dying(ctx, t) })
	}
	run()
	s.drain(t)
	stop()
	all.Wait()
	if kills[0]+kills[1] == 0 {
		t.Error("no owner was killed at work")
	}
}

// dying runs the slot's process until it has killed itself before or after a commit, and again, until ctx ends.
func (p *slot) dying(ctx context.Context, t *testing.T) (kills int) {
	p.stop(t)
	for n := 0; ctx.Err() == nil; n++ {
		point := [...]string{"before_commit", "after_commit", "after_produce", "after_apply"}[n%4]
		p.start(t, fmt.Sprintf("owner:%s:%d", point, 1+n))
		for ctx.Err() == nil {
			if p.died(t, 100*time.Millisecond) {
				kills++
				break
			}
		}
	}
	if p.running() != nil {
		p.stop(t)
	}
	p.start(t, "")
	return kills
}

// dies runs a subcommand that has to kill itself at its failpoint.
func (s *stack) dies(t *testing.T, failpoint string, args ...string) {
	t.Helper()
	line, err := s.tryAt(failpoint, args...)
	if !errors.Is(err, errKilled) {
		t.Fatalf("jifen %v did not come by %s: %v", args, failpoint, err)
	}
	t.Logf("%s", line)
}

// replayKilled brings all dead letters back, by runs of which the last only comes to its end.
func (s *stack) replayKilled(t *testing.T) {
	t.Helper()
	for _, point := range []string{"after_produce:1", "after_commit:1", "after_produce:2", "after_commit:1"} {
		s.dies(t, "replays:"+point, "replay", "dlq", "--all")
	}
	for i, want := range []int{tooEarly - 1500, 0} {
		var r struct{ Replayed int }
		if err := json.Unmarshal(s.run(t, "replay", "dlq", "--all", "-o", "json"), &r); err != nil || r.Replayed != want {
			t.Errorf("run %d replayed %d, want %d: %v", i+1, r.Replayed, want, err)
		}
	}
}

// broughtBack checks that each dead letter stands once in the topic that it came from, and once more as what came first.
func (s *stack) broughtBack(t *testing.T) {
	t.Helper()
	first, places := 0, map[string]int{}
	err := kafka.Read(t.Context(), s.config, topics.Orders, 0, 0, func(r *topics.Record, _ time.Time) error {
		for _, h := range r.Headers {
			if h.Key == topics.HeaderReplay {
				places[string(h.Value)]++
				return nil
			}
		}
		first++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if first != tooEarly || len(places) != tooEarly {
		t.Errorf("%d records came first, and %d were brought back; want %d of each", first, len(places), tooEarly)
	}
	for place, n := range places {
		if n > 1 {
			t.Errorf("%s was brought back %d times", place, n)
		}
	}
}

// retroKilled applies or undoes a run, by commands of which the last but one notes that all was sent, and the last repeats it.
func (s *stack) retroKilled(t *testing.T, what string) {
	t.Helper()
	for _, point := range []string{"producer:after_produce:1", "producer:after_produce:3", "runs:after_produce:1", "runs:after_commit:1"} {
		s.dies(t, point, "retro", what, "R1")
	}
	s.run(t, "retro", what, "R1")
}

// staff does something about a retro run over HTTP; a version that was published just now may not be known there yet.
func (s *stack) staff(t *testing.T, who string, role httpapi.Role, path string, body map[string]any, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		status, got := s.ask(t, who, role, path, body)
		if got["state"] == want {
			return
		}
		if status != http.StatusUnprocessableEntity || time.Now().After(end) {
			t.Fatalf("%s as %s: %d %v, want %s", path, who, status, got, want)
		}
	}
}

func (s *stack) ask(t *testing.T, who string, role httpapi.Role, path string, body map[string]any) (status int, got map[string]any) {
	t.Helper()
	token, err := s.issuer.Token(who, time.Hour+mended, role)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/retro-runs"+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, got
}

// ran checks that the run came to each order once, and where it was undone, that once, too.
func (s *stack) ran(t *testing.T, shop *shop, times int) {
	t.Helper()
	b := s.read(t)
	b.against(t, shop, &journal{})
	orders := map[string][]bool{}
	for _, entries := range b.members {
		for _, e := range entries {
			if e.Kind == pointspb.Kind_RETRO {
				orders[e.OrderKey] = append(orders[e.OrderKey], e.Retro.Undo)
			}
		}
	}
	if len(orders) != tooEarly {
		t.Errorf("the run came to %d orders, want %d", len(orders), tooEarly)
	}
	for key, undo := range orders {
		if fmt.Sprint(undo) != fmt.Sprint([]bool{false, true}[:times]) {
			t.Errorf("order %q was come to %d times: undone %v", key, len(undo), undo)
		}
	}
}
