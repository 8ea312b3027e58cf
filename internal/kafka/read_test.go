package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

const patience = 30 * time.Second

func config(addr string) kafka.Config {
	return kafka.Config{
		Brokers: []string{addr}, ClientID: "test", Instance: "0", SessionTimeout: 6 * time.Second, TransactionTimeout: 6 * time.Second,
	}
}

// topic makes a topic of this test on the shared Kafka.
func topic(t *testing.T, c kafka.Config, partitions int32) string {
	t.Helper()
	return topicNamed(t, c, strings.ReplaceAll(t.Name(), "/", "."), partitions)
}

func topicNamed(t *testing.T, c kafka.Config, name string, partitions int32) string {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 1, nil, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// writer is a transactional producer beside the loop.
type writer struct {
	t      *testing.T
	client *kgo.Client
	topic  string
}

func newWriter(t *testing.T, c kafka.Config, topic string) *writer {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...), kgo.TransactionalID(t.Name()), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &writer{t, client, topic}
}

// begin opens a transaction and writes values to a partition.
func (w *writer) begin(partition int32, values ...string) {
	w.t.Helper()
	if err := w.client.BeginTransaction(); err != nil {
		w.t.Fatal(err)
	}
	for _, v := range values {
		if err := w.client.ProduceSync(w.t.Context(), &kgo.Record{Topic: w.topic, Partition: partition, Value: []byte(v)}).FirstErr(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *writer) end(how kgo.TransactionEndTry) {
	w.t.Helper()
	if err := w.client.EndTransaction(w.t.Context(), how); err != nil {
		w.t.Fatal(err)
	}
}

func (w *writer) write(how kgo.TransactionEndTry, partition int32, values ...string) {
	w.t.Helper()
	w.begin(partition, values...)
	w.end(how)
}

func replay(t *testing.T, c kafka.Config, topic string, from map[int32]int64) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []string
	r := kafka.Replayer{Config: c}
	if err := r.Replay(ctx, topic, from, func(p int32, _ int64, v []byte) error {
		got = append(got, fmt.Sprint(p, " ", string(v)))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(got, func(x, y string) int { return int(x[0]) - int(y[0]) })
	return got
}

// TestReplayReadsToTheEndAcrossMarkersAndAbortedTails: every committed record, in order, and no aborted one.
func TestReplayReadsToTheEndAcrossMarkersAndAbortedTails(t *testing.T) {
	c := config(testkit.Kfake(t).Addr())
	name := topic(t, c, 3)
	w := newWriter(t, c, name)
	equal(t, "an empty topic", replay(t, c, name, map[int32]int64{0: 0, 1: 0, 2: 0}), []string(nil))
	w.write(kgo.TryCommit, 0, "a", "b")
	w.write(kgo.TryAbort, 0, "x")
	w.write(kgo.TryCommit, 0, "c")
	w.write(kgo.TryAbort, 0, "y", "z") // the tail of partition 0 is aborted
	w.write(kgo.TryAbort, 1, "x")      // partition 1 holds nothing else
	w.write(kgo.TryCommit, 2, "d")
	all := map[int32]int64{0: 0, 1: 0, 2: 0}
	equal(t, "all", replay(t, c, name, all), []string{"0 a", "0 b", "0 c", "2 d"})
	equal(t, "from 1", replay(t, c, name, map[int32]int64{0: 1, 2: 0}), []string{"0 b", "0 c", "2 d"})
	equal(t, "from a marker", replay(t, c, name, map[int32]int64{0: 2}), []string{"0 c"})
	equal(t, "from behind the last record", replay(t, c, name, map[int32]int64{0: 6}), []string(nil))
	equal(t, "from the end", replay(t, c, name, map[int32]int64{0: 100, 1: 100}), []string(nil))
	want := errors.New("stop")
	r := kafka.Replayer{Config: c}
	if _, err := r.Key(t.Context(), name, 0, 2); err == nil || !strings.Contains(err.Error(), "no record at offset 2") {
		t.Errorf("the key of a marker: %v", err)
	}
	if err := r.Replay(t.Context(), name, all, func(int32, int64, []byte) error { return want }); !errors.Is(err, want) {
		t.Errorf("the reader's error came back as %v", err)
	}
	if err := r.Replay(t.Context(), "no.such.topic", all, nil); err == nil || !strings.Contains(err.Error(), "no.such.topic") {
		t.Errorf("a topic that does not exist: %v", err)
	}
}

// TestReplayWaitsForAnOpenTransaction: what a dead owner may still have committed is not missed.
func TestReplayWaitsForAnOpenTransaction(t *testing.T) {
	c := config(testkit.Kfake(t).Addr())
	name := topic(t, c, 1)
	w := newWriter(t, c, name)
	w.write(kgo.TryCommit, 0, "a")
	w.begin(0, "b")
	done := make(chan []string, 1)
	go func() { done <- replay(t, c, name, map[int32]int64{0: 0}) }()
	select {
	case got := <-done:
		t.Fatalf("it returned %v before the transaction ended", got)
	case <-time.After(500 * time.Millisecond):
	}
	w.end(kgo.TryCommit)
	equal(t, "after it", <-done, []string{"0 a", "0 b"})
}

// TestReadBoundsAndSkips: `jifen topics cat` sees committed records only, up to the present end.
func TestReadBoundsAndSkips(t *testing.T) {
	c := config(testkit.Kfake(t).Addr())
	name := topic(t, c, 2)
	w := newWriter(t, c, name)
	w.write(kgo.TryCommit, 0, "a", "b")
	w.write(kgo.TryAbort, 0, "x")
	w.write(kgo.TryAbort, 1, "x")
	read := func(from int64, most int) []string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		var got []string
		if err := kafka.Read(ctx, c, name, from, most, func(r *topics.Record, at time.Time) error {
			if time.Since(at) > time.Hour {
				t.Errorf("written at %v", at)
			}
			got = append(got, string(r.Value))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	equal(t, "all", read(0, 0), []string{"a", "b"})
	equal(t, "one", read(0, 1), []string{"a"})
	equal(t, "from 1", read(1, 0), []string{"b"})
	equal(t, "from the end", read(50, 0), []string(nil))
}

// TestFollowerResumesFromGivenPositions: where its reader says, again after an error, and from a partition's start otherwise.
func TestFollowerResumesFromGivenPositions(t *testing.T) {
	c := config(testkit.Kfake(t).Addr())
	name := topic(t, c, 2)
	w := newWriter(t, c, name)
	w.write(kgo.TryCommit, 0, "a", "b", "c")
	w.write(kgo.TryAbort, 0, "x")
	w.write(kgo.TryCommit, 1, "d")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, failed, kept := []string{}, 0, int64(1)
	f := kafka.Follower{
		Config: c, Topics: []string{name},
		Positions: func(context.Context) (map[string]map[int32]int64, error) {
			return map[string]map[int32]int64{name: {0: kept}}, nil
		},
		Handle: func(_ context.Context, records []topics.Record) error {
			if len(records) > 0 && failed == 0 {
				failed++
				return errors.New("the reader could not keep them")
			}
			for _, r := range records {
				got = append(got, fmt.Sprint(r.Partition, " ", string(r.Value)))
				if r.Partition == 0 {
					kept = r.Offset + 1
				}
			}
			if len(got) == 3 {
				cancel()
			}
			return nil
		},
	}
	if err := f.Run(ctx); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	equal(t, "read", got, []string{"0 b", "0 c", "1 d"})
	equal(t, "kept", kept, int64(3))
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}
