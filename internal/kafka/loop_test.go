package kafka_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
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

// copier is a stage that copies its input and fails when it is told to.
type copier struct {
	to string

	mu        sync.Mutex
	decided   int // records of the last Process
	processed int // calls
	committed int // records
	aborts    int
	ready     bool // taken over
	early     int  // records that came before a takeover
	fail      func(call int) error
	apply     func(call int) error // what Committed answers
	spoil     func(call int, out *processors.Output)
}

func (s *copier) Process(_ context.Context, b processors.Batch) (processors.Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processed++
	if !s.ready {
		s.early += len(b.Records)
	}
	if s.fail != nil {
		if err := s.fail(s.processed); err != nil {
			return processors.Output{}, err
		}
	}
	var out processors.Output
	for _, r := range b.Records {
		out.Records = append(out.Records, topics.Record{Topic: s.to, Partition: r.Partition, Value: r.Value})
	}
	if s.spoil != nil {
		s.spoil(s.processed, &out)
	}
	s.decided = len(b.Records)
	return out, nil
}

func (s *copier) Committed(_ context.Context, written []topics.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range written {
		if i > 0 && r.Partition == written[i-1].Partition && r.Offset <= written[i-1].Offset {
			return fmt.Errorf("offset %d after %d", r.Offset, written[i-1].Offset)
		}
	}
	s.committed += s.decided
	if s.apply != nil {
		return s.apply(s.processed)
	}
	return nil
}

func (s *copier) Aborted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborts++
}

func (s *copier) takeover(context.Context, map[string][]int32) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = true
	return nil
}

func (s *copier) loss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = false
}

func (s *copier) count() (processed, committed, aborts, early int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.processed, s.committed, s.aborts, s.early
}

// copying is a topic with records, and another that a stage copies them to.
type copying struct {
	t        *testing.T
	config   kafka.Config
	from, to string
	sent     int
}

const partitions = 4

func newCopying(t *testing.T) *copying {
	t.Helper()
	c := &copying{t: t, config: config(testkit.Kfake(t).Addr())}
	c.from = topic(t, c.config, partitions)
	c.to = topicNamed(t, c.config, c.from+".copy", partitions)
	return c
}

// send writes n more records, in turn over the partitions.
func (c *copying) send(n int) {
	c.t.Helper()
	var records []topics.Record
	for range n {
		records = append(records, topics.Record{Topic: c.from, Partition: int32(c.sent % partitions), Value: []byte(fmt.Sprint(c.sent))})
		c.sent++
	}
	produce(c.t, c.config, records...)
}

// loop runs a stage as an instance until the returned function is called.
func (c *copying) loop(s *copier, instance string, with func(*kafka.Loop)) (stop func()) {
	c.t.Helper()
	l := &kafka.Loop{
		Name: "copy", Group: c.from, Topics: []string{c.from}, Stage: s, Takeover: s.takeover, Loss: s.loss,
		BatchMax: 100, Batch: 50, Work: 50 * time.Millisecond,
	}
	if with != nil {
		with(l)
	}
	return running(c.t, l, c.config, instance)
}

// running runs a loop as an instance until the returned function is called.
func running(t *testing.T, l *kafka.Loop, c kafka.Config, instance string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	c.Instance = instance
	go func() { done <- l.Run(ctx, c) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("instance %s: %v", instance, err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

// drained waits until the group has read everything.
func (c *copying) drained() {
	c.t.Helper()
	lag, err := kafka.NewLag(c.config, c.from)
	if err != nil {
		c.t.Fatal(err)
	}
	defer lag.Close()
	await(c.t, "the group has read everything", func() bool {
		done, err := lag.Drained(c.t.Context(), c.from)
		return err == nil && done
	})
}

// copied fails unless the copy has every record once, in order per partition.
func (c *copying) copied() {
	c.t.Helper()
	c.drained()
	next := map[int32]int{}
	got := 0
	err := kafka.Read(c.t.Context(), c.config, c.to, 0, 0, func(r *topics.Record, _ time.Time) error {
		want := fmt.Sprint(int(r.Partition) + next[r.Partition]*partitions)
		if string(r.Value) != want {
			return fmt.Errorf("partition %d holds %s where %s belongs", r.Partition, r.Value, want)
		}
		next[r.Partition]++
		got++
		return nil
	})
	if err != nil {
		c.t.Error(err)
	}
	equal(c.t, "records copied", got, c.sent)
}

var errNotNow = errors.New("not now")

// TestAbortedBatchComesAgain: nothing is lost and nothing doubled, however often the stage fails.
func TestAbortedBatchComesAgain(t *testing.T) {
	c := newCopying(t)
	s := &copier{to: c.to, fail: func(call int) error {
		if call%3 != 0 {
			return errNotNow
		}
		return nil
	}}
	c.send(250)
	c.loop(s, "0", nil)
	c.copied()
	_, committed, aborts, early := s.count()
	equal(t, "committed", committed, 250)
	equal(t, "decided before a takeover", early, 0)
	if aborts < 2 {
		t.Errorf("%d aborts", aborts)
	}
}

// TestFailureAfterTheCommitStartsAfresh: what is committed is not decided again.
func TestFailureAfterTheCommitStartsAfresh(t *testing.T) {
	c := newCopying(t)
	failed := 0
	s := &copier{to: c.to, apply: func(int) error {
		if failed++; failed <= 2 {
			return errNotNow
		}
		return nil
	}}
	c.send(120)
	c.loop(s, "0", nil)
	c.copied()
	c.send(120)
	c.copied()
	_, committed, _, early := s.count()
	equal(t, "committed", committed, 240)
	equal(t, "decided before a takeover", early, 0)
}

// TestOutputThatCannotBeWrittenAbortsTheBatch: input offsets stay where they are.
func TestOutputThatCannotBeWrittenAbortsTheBatch(t *testing.T) {
	c := newCopying(t)
	s := &copier{to: c.to, spoil: func(call int, out *processors.Output) {
		if call == 1 {
			out.Records[0].Value = bytes.Repeat([]byte("x"), 64<<20) // no broker takes this
		}
	}}
	c.send(40)
	c.loop(s, "0", nil)
	c.copied()
	_, committed, aborts, _ := s.count()
	equal(t, "committed", committed, 40)
	if aborts == 0 {
		t.Error("the batch was not aborted")
	}
}

// TestLargestDeadLetterIsWritten: a record of the topics' largest size can be set aside with its headers.
func TestLargestDeadLetterIsWritten(t *testing.T) {
	c := config(testkit.StartKfake(t).Addr())
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	big := topics.Record{Topic: topics.Orders, Partition: 0, Key: []byte("m"), Value: bytes.Repeat([]byte("7"), 1<<20-200)}
	produce(t, c, big)
	s := &copier{to: topics.DeadLetterPrefix + topics.Orders, spoil: func(_ int, out *processors.Output) {
		for i := range out.Records {
			out.Records[i] = topics.DeadLetter(&topics.Record{Topic: topics.Orders, Key: []byte("m"), Value: out.Records[i].Value},
				topics.GroupCredits, &topics.Reject{Reason: topics.ReasonOversize, Message: strings.Repeat("why ", 100)})
		}
	}}
	l := &kafka.Loop{Name: "copy", Group: "letters", Topics: []string{topics.Orders}, Stage: s, BatchMax: 10, Batch: 10, Work: time.Second}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx, c) }()
	await(t, "the letter is written", func() bool {
		n := 0
		err := kafka.Read(t.Context(), c, topics.DeadLetterPrefix+topics.Orders, 0, 0, func(r *topics.Record, _ time.Time) error {
			n += len(r.Value)
			return nil
		})
		return err == nil && n == len(big.Value)
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestInstancesThatComeAndGoShareTheWork: partitions move, and every record is copied once.
func TestInstancesThatComeAndGoShareTheWork(t *testing.T) {
	c := newCopying(t)
	one, two := &copier{to: c.to}, &copier{to: c.to}
	stopOne := c.loop(one, "0", nil)
	c.send(100)
	c.drained()
	stopTwo := c.loop(two, "1", nil)
	for range 20 {
		c.send(20)
		time.Sleep(20 * time.Millisecond) // the group finds its balance while records come
	}
	await(t, "the second has work", func() bool {
		c.send(4)
		_, committed, _, _ := two.count()
		return committed > 0
	})
	stopOne()
	c.send(100)
	c.copied()
	stopTwo()
	_, a, _, earlyOne := one.count()
	_, b, _, earlyTwo := two.count()
	equal(t, "committed", a+b, c.sent)
	equal(t, "decided before a takeover", earlyOne+earlyTwo, 0)
}

// TestFailedTakeoverDecidesNothing until it succeeds.
func TestFailedTakeoverDecidesNothing(t *testing.T) {
	c := newCopying(t)
	s := &copier{to: c.to}
	var mu sync.Mutex
	tries := 0
	c.send(40)
	c.loop(s, "0", func(l *kafka.Loop) {
		l.Takeover = func(ctx context.Context, assigned map[string][]int32) error {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries <= 2 {
				return errNotNow
			}
			return s.takeover(ctx, assigned)
		}
	})
	c.copied()
	_, committed, _, early := s.count()
	equal(t, "committed", committed, 40)
	equal(t, "decided before a takeover", early, 0)
}

// TestHeldInputWaits: the backlog stays where it is until it may come.
func TestHeldInputWaits(t *testing.T) {
	c := newCopying(t)
	s := &copier{to: c.to}
	var mu sync.Mutex
	held := true
	c.loop(s, "0", func(l *kafka.Loop) {
		l.Held = func(context.Context) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			return held, nil
		}
	})
	await(t, "it runs", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.ready })
	time.Sleep(300 * time.Millisecond) // it looks ten times a second
	c.send(200)
	time.Sleep(500 * time.Millisecond)
	if _, committed, _, _ := s.count(); committed > 100 { // a poll that was under way may end
		t.Errorf("%d records were decided while they were held", committed)
	}
	mu.Lock()
	held = false
	mu.Unlock()
	c.copied()
}

// TestLagTellsWhatIsLeft: markers of transactions are no work; trimmed records are gone for good.
func TestLagTellsWhatIsLeft(t *testing.T) {
	c := newCopying(t)
	lag, err := kafka.NewLag(c.config, c.from)
	if err != nil {
		t.Fatal(err)
	}
	defer lag.Close()
	drained := func() bool {
		done, err := lag.Drained(t.Context(), c.from)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	equal(t, "an empty topic is drained", drained(), true)
	c.send(40)
	equal(t, "before the stage", drained(), false)
	n, err := lag.Records(t.Context(), c.from)
	if err != nil || n != 40 {
		t.Errorf("lag %d, %v", n, err)
	}
	stop := c.loop(&copier{to: c.to}, "0", nil)
	c.copied()
	stop()
	copyLag, err := kafka.NewLag(c.config, "nobody")
	if err != nil {
		t.Fatal(err)
	}
	defer copyLag.Close()
	if done, err := copyLag.Drained(t.Context(), c.to); err != nil || done {
		t.Errorf("a group that read nothing is drained: %v, %v", done, err)
	}
	if err := lag.Trim(t.Context(), c.from); err != nil {
		t.Fatal(err)
	}
	left := 0
	if err := kafka.Read(t.Context(), c.config, c.from, 0, 0, func(*topics.Record, time.Time) error { left++; return nil }); err != nil {
		t.Fatal(err)
	}
	equal(t, "left after the trim", left, 0)
	equal(t, "still drained", drained(), true)
	c.send(4)
	equal(t, "with new records", drained(), false)
}

// TestLostConnectionEndsTheSession restarts the broker under a stage that has nothing to do: its next transaction must not
// be one of the same session, which does not know how the last one ended.
func TestLostConnectionEndsTheSession(t *testing.T) {
	k := testkit.StartKfake(t)
	c := &copying{t: t, config: config(k.Addr())}
	c.from = topic(t, c.config, partitions)
	c.to = topicNamed(t, c.config, c.from+".copy", partitions)
	s := &copier{to: c.to}
	c.loop(s, "0", nil)
	c.send(10)
	c.drained()
	before := c.epoch("0")
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	await(t, "the transactional id is taken over", func() bool { return c.epoch("0") > before })
	c.send(10)
	c.copied()
}

// epoch is that of the transactional id of an instance, -1 while the broker is away.
func (c *copying) epoch(instance string) int16 {
	c.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.config.Brokers...))
	if err != nil {
		c.t.Fatal(err)
	}
	defer client.Close()
	id := c.from + "." + instance
	described, err := kadm.NewClient(client).DescribeTransactions(c.t.Context(), id)
	if err != nil || described[id].Err != nil {
		return -1
	}
	return described[id].ProducerEpoch
}
