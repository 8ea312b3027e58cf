package kafka_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/processors"
	"jifen/topics"
)

// reader is a stage that notes what it committed, in order.
type reader struct {
	mu        sync.Mutex
	batch     []string
	committed []string
	fail      func() error
}

func (s *reader) Process(_ context.Context, b processors.Batch) (processors.Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return processors.Output{}, err
		}
	}
	s.batch = s.batch[:0]
	for _, r := range b.Records {
		s.batch = append(s.batch, string(r.Value))
	}
	return processors.Output{}, nil
}

func (s *reader) Committed(context.Context, []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.committed = append(s.committed, s.batch...)
	return nil
}

func (s *reader) Aborted() {}

func (s *reader) read() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.committed)
}

// reading is a loop over a topic that is read before another.
type reading struct {
	t             *testing.T
	config        kafka.Config
	before, later string
	stage         reader
}

func newReading(t *testing.T) *reading {
	t.Helper()
	r := &reading{t: t, config: config(testkit.Kfake(t).Addr())}
	r.before = topic(t, r.config, 2)
	r.later = topicNamed(t, r.config, r.before+".later", 2)
	return r
}

func (r *reading) send(topic string, n int) {
	r.t.Helper()
	var records []topics.Record
	for i := range n {
		records = append(records, topics.Record{Topic: topic, Partition: int32(i % 2), Value: []byte(topic[len(r.before):])})
	}
	produce(r.t, r.config, records...)
}

func (r *reading) run(with func(*kafka.Loop)) (stop func()) {
	r.t.Helper()
	l := &kafka.Loop{
		Name: "reader", Group: r.before, Topics: []string{r.before, r.later}, Stage: &r.stage, BatchMax: 10, Batch: 10,
		Later: []string{r.later}, Before: r.before,
	}
	if with != nil {
		with(l)
	}
	return running(r.t, l, r.config, "0")
}

func (r *reading) await(n int) []string {
	r.t.Helper()
	await(r.t, fmt.Sprint(n, " records"), func() bool { return len(r.stage.read()) >= n })
	return r.stage.read()
}

// TestWhatWasSentAheadIsReadFirst: a takeover reads what was left of one topic before any of another, also when batches abort
// meanwhile, and then both as they come.
func TestWhatWasSentAheadIsReadFirst(t *testing.T) {
	r := newReading(t)
	r.send(r.later, 30)
	r.send(r.before, 50)
	calls := 0
	r.stage.fail = func() error {
		if calls++; calls%2 == 1 {
			return errNotNow
		}
		return nil
	}
	stop := r.run(nil)
	got := r.await(80)
	equal(t, "what is read first", slices.Index(got, ".later"), 50)
	equal(t, "records", len(got), 80)
	r.stage.fail = nil
	r.send(r.later, 4)
	r.await(84)
	r.send(r.before, 4)
	r.await(88)
	stop()
	r.send(r.before, 6)
	r.send(r.later, 6)
	r.run(nil)
	got = r.await(100)
	equal(t, "what is read first by the next", slices.Index(got[88:], ".later"), 6)
}

// TestWhatIsHeldIsOnlyWhatWaits: while the input is held, what it does not wait for is read on.
func TestWhatIsHeldIsOnlyWhatWaits(t *testing.T) {
	r := newReading(t)
	var mu sync.Mutex
	held := true
	r.run(func(l *kafka.Loop) {
		l.Held = func(context.Context) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			return held, nil
		}
	})
	r.send(r.before, 2)
	r.await(2)
	time.Sleep(3 * 100 * time.Millisecond) // looks at Held
	r.send(r.later, 10)
	r.send(r.before, 10)
	r.await(12)
	time.Sleep(300 * time.Millisecond)
	equal(t, "read while the later ones are held", r.stage.read(), slices.Repeat([]string{""}, 12))
	mu.Lock()
	held = false
	mu.Unlock()
	equal(t, "read in the end", len(r.await(22)), 22)
}

// TestGroupsThatTakeTurnsReadOn: a group goes on where another got to, and each at its own place where that is further.
func TestGroupsThatTakeTurnsReadOn(t *testing.T) {
	r := newReading(t)
	r.send(r.later, 40) // 20 in each partition
	client, err := kgo.NewClient(kgo.SeedBrokers(r.config.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	admin := kadm.NewClient(client)
	t.Cleanup(admin.Close)
	commit := func(group string, at ...int64) {
		t.Helper()
		var o kadm.Offsets
		for p, offset := range at {
			if offset >= 0 {
				o.AddOffset(r.later, int32(p), offset, -1)
			}
		}
		if _, err := admin.CommitOffsets(t.Context(), group, o); err != nil {
			t.Fatal(err)
		}
	}
	commit(r.before, -1, 15)
	commit(r.before+".other", 12, 9)
	got, err := kafka.Further(t.Context(), r.config, r.before, r.before+".other", map[string][]int32{r.later: {0, 1}, r.before: {0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "further", got, map[string]map[int32]int64{r.later: {0: 12}, r.before: {}})
	if _, err := kafka.Further(t.Context(), r.config, r.before, "nobody", map[string][]int32{r.later: {0}}); err != nil {
		t.Error(err)
	}
	for _, groups := range [][]string{{r.before, r.before + ".other"}, {r.before + ".other", r.before}} {
		lag, err := kafka.NewLag(r.config, groups...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(lag.Close)
		n, err := lag.Records(t.Context(), r.later)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "left of both", n, int64(8+5))
	}
	r.run(func(l *kafka.Loop) {
		l.From = func(ctx context.Context, assigned map[string][]int32) (map[string]map[int32]int64, error) {
			return kafka.Further(ctx, r.config, r.before, r.before+".other", assigned)
		}
	})
	r.await(8 + 5)
	time.Sleep(300 * time.Millisecond)
	equal(t, "records read", len(r.stage.read()), 8+5)
}
