package kafka

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// heldInterval is the pause between looks at Held.
const heldInterval = 100 * time.Millisecond

// gate holds a stage back from polling. Pausing the client's fetching instead would drop what it has buffered, to be
// fetched and unpacked again at every turn.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed while the stage may poll
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

// pass waits until the gate is open or ctx ends.
func (g *gate) pass(ctx context.Context) {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
	case <-ctx.Done():
	}
}

// set opens or shuts the gate.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	isShut := true
	select {
	case <-g.open:
		isShut = false
	default:
	}
	switch {
	case shut && !isShut:
		g.open = make(chan struct{})
	case !shut && isShut:
		close(g.open)
	}
}

// hold shuts and opens the gate, or that of the topics Later, as Held says, until ctx ends.
func (l *Loop) hold(ctx context.Context, g *gate) {
	tick := time.NewTicker(heldInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		held, err := l.Held(ctx)
		if err != nil {
			slog.Debug("backlog unknown", "stage", l.Name, "error", err)
			continue
		}
		if len(l.Later) > 0 {
			l.later.hold(held)
			continue
		}
		g.set(held)
	}
}

// urgent says whether somebody waits for what these records lead to.
func (l *Loop) urgent(f kgo.Fetches) bool {
	found := false
	if l.Urgent != "" {
		f.EachTopic(func(t kgo.FetchTopic) {
			if t.Topic == l.Urgent {
				t.EachRecord(func(*kgo.Record) { found = true })
			}
		})
	}
	return found
}

const (
	// urgentFor is how long after a record that somebody waits for the next one is reckoned with.
	urgentFor = time.Second
	// batchFloor is what a transaction may always have: below it what it costs by itself is most of its time, and
	// smaller ones would only make a backlog, and who waits behind it, slower.
	batchFloor = 1000
)

// sizer adapts the records of a transaction to how long the last ones took: to about Work while somebody waits for
// answers, to a few times that while nobody does, since whoever comes then waits for that one to end.
type sizer struct {
	calm, busy pace
	urgent     time.Time     // of the last batch with a record that somebody waits for
	last       time.Duration // of the last transaction
}

// pace is a size between least and most, such that a transaction takes about work.
type pace struct {
	least, most, now int
	work             time.Duration
}

// calmWork is how many times longer a transaction may take while nobody waits.
const calmWork = 4

func newSizer(l *Loop) *sizer {
	most := min(max(l.Batch, 1), l.BatchMax)
	least := min(batchFloor, most)
	if l.Work <= 0 {
		most, least = l.BatchMax, l.BatchMax
	}
	return &sizer{
		calm: pace{least: least, most: l.BatchMax, now: most, work: calmWork * l.Work},
		busy: pace{least: least, most: most, now: least, work: l.Work},
	}
}

// next is how many records the next transaction may have.
func (z *sizer) next(now time.Time) int {
	if z.waited(now) {
		return z.busy.now
	}
	return z.calm.now
}

// waited says whether somebody waits, or did a moment ago.
func (z *sizer) waited(now time.Time) bool { return now.Sub(z.urgent) <= urgentFor }

// took learns from a transaction of n records that took d.
func (z *sizer) took(n int, urgent bool, at time.Time, d time.Duration) {
	z.last = d
	if urgent {
		z.urgent = at.Add(d)
	}
	z.busy.learn(n, d)
	z.calm.learn(n, d)
}

// learn shrinks to what fits at once, and grows half the way: a process that has just started is slow, and soon faster.
func (p *pace) learn(n int, d time.Duration) {
	if p.work <= 0 || d <= p.work && n < p.now/2 {
		return // a small transaction that took little says nothing about a full one
	}
	fit := int(float64(n) * float64(p.work) / float64(max(d, 1)))
	p.now = min(max(min(fit, (p.now+fit)/2), p.least), p.most)
}
