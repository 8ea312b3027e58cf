package chaos_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"
)

// redemption is a line of the journal.
type redemption struct {
	member, key    string
	item           string
	asked, decided time.Time
	tries          int
	answer         answer
	err            error
}

func (r *redemption) wait() time.Duration { return r.decided.Sub(r.asked) }

// journal keeps what the redemptions of a stream were answered.
type journal struct {
	mu      sync.Mutex
	decided []*redemption
	open    map[*redemption]bool
}

// redemptions asks for items 20 times a second, whatever becomes of those asked before, until ctx ends; then it waits
// for the answers that are out. Everybody has plenty of points, so that every refusal is a fault.
func (c *client) redemptions(ctx context.Context, seed uint64, members, items []string) *journal {
	j := &journal{open: map[*redemption]bool{}}
	r := rand.New(rand.NewPCG(seed, 2))
	var all sync.WaitGroup
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		x := &redemption{
			member: members[r.IntN(len(members))], key: fmt.Sprintf("%d-%d", seed, n), item: items[r.IntN(len(items))], asked: time.Now(),
		}
		j.begin(x)
		all.Go(func() {
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), outage()+time.Minute)
			defer stop()
			x.answer, x.tries, x.err = c.insist(last, unit(x.member, x.key, x.item))
			j.end(x)
		})
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	all.Wait()
	return j
}

func (j *journal) begin(x *redemption) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open[x] = true
}

func (j *journal) end(x *redemption) {
	j.mu.Lock()
	defer j.mu.Unlock()
	x.decided = time.Now()
	delete(j.open, x)
	j.decided = append(j.decided, x)
}

// pauses are the longest time without any decision and the longest that one redemption waited for its own.
func (j *journal) pauses() (silence, wait time.Duration) {
	for i, x := range j.decided {
		wait = max(wait, x.wait())
		if i > 0 {
			silence = max(silence, x.decided.Sub(j.decided[i-1].decided))
		}
	}
	return silence, wait
}

// check says which redemptions were not answered with success, by their answers.
func (j *journal) check(t *testing.T) (repeated int) {
	t.Helper()
	faults := map[string]int{}
	for _, x := range j.decided {
		switch {
		case x.err != nil:
			faults[x.err.Error()]++
		case x.answer.Status != http.StatusCreated:
			faults[fmt.Sprintf("%d %s", x.answer.Status, x.answer.Code)]++
		}
		if x.tries > 1 {
			repeated++
		}
	}
	for _, f := range slices.Sorted(maps.Keys(faults)) {
		t.Errorf("%d redemptions were answered %s, and each should have succeeded", faults[f], f)
	}
	return repeated
}
