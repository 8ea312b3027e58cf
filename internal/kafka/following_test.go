package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/topics"
)

// listener keeps what a follower handles, by topic and partition, and where to read on.
type listener struct {
	t *testing.T

	mu    sync.Mutex
	next  map[string]map[int32]int64
	lines map[string][]string
	calls int
	fail  func(call int) error
	given int // records that were handed over
}

func (l *listener) positions(context.Context) (map[string]map[int32]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := map[string]map[int32]int64{}
	for topic, partitions := range l.next {
		at[topic] = map[int32]int64{}
		for p, next := range partitions {
			at[topic][p] = next
		}
	}
	return at, nil
}

func (l *listener) handle(_ context.Context, records []topics.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.fail != nil && len(records) > 0 {
		if err := l.fail(l.calls); err != nil {
			return err
		}
	}
	for _, r := range records {
		if r.Offset < l.next[r.Topic][r.Partition] {
			l.t.Errorf("%s/%d: %d comes a second time", r.Topic, r.Partition, r.Offset)
		}
		if l.next[r.Topic] == nil {
			l.next[r.Topic] = map[int32]int64{}
		}
		l.next[r.Topic][r.Partition] = r.Offset + 1
		p := fmt.Sprint(r.Topic, "/", r.Partition)
		l.lines[p] = append(l.lines[p], string(r.Value))
	}
	return nil
}

func (l *listener) took(_, handed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.given += handed
}

func (l *listener) heard() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, lines := range l.lines {
		n += len(lines)
	}
	return n
}

// listen follows a copying's topics, beside the loop that hands over.
func (c *copying) listen(over *kafka.Handover, fail func(int) error) *listener {
	c.t.Helper()
	l := &listener{t: c.t, next: map[string]map[int32]int64{}, lines: map[string][]string{}, fail: fail}
	f := kafka.Follower{Config: c.config, Topics: []string{c.from, c.to}, Positions: l.positions, Handle: l.handle, Handover: over, Took: l.took}
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
	})
	return l
}

// hears waits until a listener has everything, and fails unless it has each record once, in order per partition.
func (c *copying) hears(l *listener) {
	c.t.Helper()
	await(c.t, "the follower has everything", func() bool { return l.heard() >= 2*c.sent })
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, topic := range []string{c.from, c.to} {
		n := 0
		for p := range partitions {
			for i, line := range l.lines[fmt.Sprint(topic, "/", p)] {
				if want := fmt.Sprint(p + i*partitions); line != want {
					c.t.Fatalf("%s/%d holds %s where %s belongs", topic, p, line, want)
				}
				n++
			}
		}
		equal(c.t, "records of "+topic, n, c.sent)
	}
}

// TestFollowerHasWhatItsLoopCommits, and what others commit, each once: batches abort, stages fail behind their commits,
// instances come and go, and the reader fails, too.
func TestFollowerHasWhatItsLoopCommits(t *testing.T) {
	c := newCopying(t)
	c.send(50)
	over := kafka.NewHandover([]string{c.from}, []string{c.to})
	l := c.listen(over, func(call int) error {
		if call%9 == 0 {
			return errNotNow
		}
		return nil
	})
	one := &copier{to: c.to}
	one.fail = func(call int) error {
		if call%5 == 2 {
			return errNotNow
		}
		return nil
	}
	one.apply = func(call int) error {
		if call == 7 {
			return errors.New("not applied")
		}
		return nil
	}
	stopOne := c.loop(one, "0", func(l *kafka.Loop) { l.Handover = over })
	two := &copier{to: c.to}
	for n := range 60 {
		c.send(20)
		time.Sleep(10 * time.Millisecond)
		if n == 30 {
			defer c.loop(two, "1", nil)()
		}
	}
	await(t, "another one has work", func() bool {
		c.send(4)
		_, committed, _, _ := two.count()
		return committed > 0
	})
	c.drained()
	stopOne()
	c.send(100)
	c.copied()
	c.hears(l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.given == 0 {
		t.Error("nothing was handed over")
	}
}
