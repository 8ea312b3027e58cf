package chaos_test

import (
	"context"
	"testing"
	"time"
)

// outage is how long a server is away.
func outage() time.Duration {
	if fullRun() {
		return time.Minute
	}
	return 10 * time.Second
}

// TestStoppedFor stops each server for a while as orders and redemptions stream. Nothing of Jifen is restarted: when the
// server is back everything drains, and nothing was lost. Kafka goes in the midst of transactions, some of which it may
// leave hanging (docs/decisions/0013).
func TestStoppedFor(t *testing.T) { stopped(t, func(*testing.T, *stack) {}) }

// TestStoppedUnderOwnersThatFeed: the same where an owner hands over to the feed of its process (decision 0049).
func TestStoppedUnderOwnersThatFeed(t *testing.T) {
	stopped(t, func(t *testing.T, s *stack) { t.Cleanup(s.feeding(t)) })
}

func stopped(t *testing.T, arrange func(*testing.T, *stack)) {
	t.Helper()
	s := start(t)
	for _, x := range []struct {
		name string
		part interface {
			Stop() error
			Restart(ctx context.Context) error
		}
	}{{"redis", s.redis}, {"clickhouse", s.engine}, {"kafka", s.kafka}} {
		t.Run(x.name, func(t *testing.T) {
			s := start(t)
			arrange(t, s)
			pids := s.pids()
			l := s.stream(t, x.name)
			time.Sleep(2 * time.Second)
			if err := x.part.Stop(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(outage())
			if err := x.part.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			l.finish(t, nil, x.name+" stopped for "+outage().String())
			for name, pid := range s.pids() {
				if pids[name] != pid {
					t.Errorf("%s was restarted", name)
				}
			}
		})
	}
}

// pids are those of the processes that run.
func (s *stack) pids() map[string]int {
	all := map[string]int{}
	for _, p := range s.slots {
		all[p.name] = 0
		if r := p.running(); r != nil {
			all[p.name] = r.PID()
		}
	}
	return all
}
