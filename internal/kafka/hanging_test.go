package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"jifen/internal/devstack"
	"jifen/internal/testkit"
	"jifen/processors"
	"jifen/topics"
)

// hung is a broker with transactions that it has forgotten to end. Each has a record in two partitions, the first of
// which lacks the marker.
type hung struct {
	t     *testing.T
	k     *devstack.Kafka
	c     Config
	l     *Loop
	plain *kgo.Client
}

const (
	committedID = "own"  // and its offsets lack the marker too
	abortedID   = "gone" // of a member that is gone
	lostID      = "lost" // was taken over before anybody looked
	offset      = 17     // that was committed
)

// places are the partitions of a transaction.
var places = map[string][2]int32{committedID: {0, 1}, abortedID: {2, 3}, lostID: {4, 5}}

func newHung(t *testing.T) *hung {
	t.Helper()
	was := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // what the clients say while their broker is away
	t.Cleanup(func() { slog.SetDefault(was) })
	k := testkit.StartKafka(t)
	h := &hung{t: t, k: k, c: Config{
		Brokers: []string{k.Addr()}, ClientID: "test", Instance: committedID, SessionTimeout: 6 * time.Second, TransactionTimeout: time.Minute,
	}}
	h.l = &Loop{Name: "test", Group: "test", Topics: []string{"in"}, Writes: []string{"out"}, Stage: idle{}, BatchMax: 1}
	h.connect()
	for name, partitions := range map[string]int32{"in": 1, "out": 6} {
		if _, err := kadm.NewClient(h.plain).CreateTopic(t.Context(), partitions, 1, nil, name); err != nil {
			t.Fatal(err)
		}
	}
	open := map[string]*kgo.Client{}
	for id := range places {
		open[id] = h.begin(id)
	}
	h.offsets(open[committedID])
	h.forget(open)
	return h
}

// connect makes a client that knows nothing of a broker before.
func (h *hung) connect() {
	h.t.Helper()
	client, err := kgo.NewClient(h.c.options()...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(client.Close)
	h.plain = client
}

// begin opens a transaction.
func (h *hung) begin(id string) *kgo.Client {
	h.t.Helper()
	client, err := kgo.NewClient(h.c.options(kgo.TransactionalID(h.l.slot(id)), kgo.TransactionTimeout(5*time.Minute))...)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(client.Close)
	if err := client.BeginTransaction(); err != nil {
		h.t.Fatal(err)
	}
	for _, p := range places[id] {
		if err := client.ProduceSync(h.t.Context(), &kgo.Record{Topic: "out", Partition: p, Value: []byte(id)}).FirstErr(); err != nil {
			h.t.Fatal(err)
		}
	}
	return client
}

// offsets commits an offset of the group within the transaction of a client.
func (h *hung) offsets(client *kgo.Client) {
	h.t.Helper()
	req := kmsg.NewPtrTxnOffsetCommitRequest()
	req.TransactionalID, req.Group = h.l.slot(committedID), h.l.Group
	req.ProducerID, req.ProducerEpoch, _ = client.ProducerID(h.t.Context())
	topic, partition := kmsg.NewTxnOffsetCommitRequestTopic(), kmsg.NewTxnOffsetCommitRequestTopicPartition()
	partition.Offset = offset
	topic.Topic, topic.Partitions = "in", append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	h.retry(func() error { // the topic of the offsets is being made
		res, err := req.RequestWith(h.t.Context(), h.plain)
		if err != nil {
			return err
		}
		return kerr.ErrorForCode(res.Topics[0].Partitions[0].ErrorCode)
	})
}

// forget ends the transactions and takes the markers away again, by giving partitions the files that they had before.
func (h *hung) forget(open map[string]*kgo.Client) {
	h.t.Helper()
	data, kept := filepath.Join(h.k.Brokers()[0].Dir(), "data"), h.t.TempDir()
	names := []string{fmt.Sprintf("%s-%d", offsetsTopic, offsetsPartition(h.l.Group, 8))}
	for _, p := range places {
		names = append(names, fmt.Sprintf("out-%d", p[0]))
	}
	h.restart(func(name string) error {
		return os.CopyFS(filepath.Join(kept, name), os.DirFS(filepath.Join(data, name)))
	}, names)
	for id, client := range open {
		req := kmsg.NewPtrEndTxnRequest()
		req.TransactionalID, req.Commit = h.l.slot(id), id != abortedID
		req.ProducerID, req.ProducerEpoch, _ = client.ProducerID(h.t.Context())
		h.retry(func() error {
			res, err := req.RequestWith(h.t.Context(), h.plain)
			if err != nil {
				return err
			}
			return kerr.ErrorForCode(res.ErrorCode)
		})
		h.describe(id) // waits until it has ended
	}
	h.restart(func(name string) error {
		to := filepath.Join(data, name)
		return errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(filepath.Join(kept, name))))
	}, names)
}

// restart stops the broker, does something to folders of partitions, and starts it again.
func (h *hung) restart(between func(name string) error, names []string) {
	h.t.Helper()
	if err := h.k.Stop(); err != nil {
		h.t.Fatal(err)
	}
	for _, n := range names {
		if err := between(n); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := h.k.Restart(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.connect()
}

func (h *hung) retry(f func() error) {
	h.t.Helper()
	ctx, done := context.WithTimeout(h.t.Context(), time.Minute)
	defer done()
	for err := f(); err != nil; err = f() {
		if sleep(ctx, 50*time.Millisecond); ctx.Err() != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *hung) describe(id string) (found kadm.DescribedTransaction) {
	h.t.Helper()
	h.retry(func() error {
		known, err := settled(h.t.Context(), kadm.NewClient(h.plain), []string{h.l.slot(id)})
		if err == nil {
			found = known[0]
		}
		return err
	})
	return found
}

// open are the places where an id has a transaction open.
func (h *hung) open(id string) (found []kadm.DescribedProducer) {
	h.t.Helper()
	h.retry(func() error {
		open, err := h.l.open(h.t.Context(), kadm.NewClient(h.plain))
		found = open[h.describe(id).ProducerID]
		return err
	})
	slices.SortFunc(found, func(x, y kadm.DescribedProducer) int { return int(x.Partition - y.Partition) })
	return found
}

// read are the values that readers of committed records see in each partition; it ends when no transaction is open.
func (h *hung) read() map[int32]string {
	h.t.Helper()
	ctx, done := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer done()
	seen := map[int32]string{}
	r := Replayer{h.c}
	if err := r.Replay(ctx, "out", map[int32]int64{0: 0, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}, func(p int32, _ int64, value []byte) error {
		seen[p] += string(value)
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return seen
}

// idle is a stage that nothing happens to.
type idle struct{}

func (idle) Process(context.Context, processors.Batch) (processors.Output, error) {
	return processors.Output{}, nil
}
func (idle) Committed(context.Context, []topics.Record) error { return nil }
func (idle) Aborted()                                         {}

// TestHangingTransactionsEndAsTheyWereDecided finds transactions that a broker has not ended: a stage that starts ends
// its own, before it takes its id over, and those of members that are gone, each as its coordinator recorded. It waits
// for one whose outcome is lost, and leaves that alone as it does one that is under way.
func TestHangingTransactionsEndAsTheyWereDecided(t *testing.T) {
	h := newHung(t)
	for id, n := range map[string]int{committedID: 2, abortedID: 1, lostID: 1} {
		if got := h.open(id); len(got) != n {
			t.Fatalf("%s hangs in %v, want %d partitions", id, got, n)
		}
	}
	outcome, was := h.describe(lostID), h.open(lostID)
	if err := endTransaction(t.Context(), h.plain, h.l.slot(lostID)); err != nil {
		t.Fatal(err)
	}
	if err := h.l.mend(t.Context(), h.plain, h.l.slot(lostID)); !errors.Is(err, errOutcomeUnknown) {
		t.Errorf("an outcome that nobody knows: %v", err)
	}

	taken := make(chan struct{}, 1)
	h.l.Takeover = func(context.Context, map[string][]int32) error { // once the group's offsets are stable
		select {
		case taken <- struct{}{}:
		default:
		}
		return nil
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ran := make(chan error, 1)
	go func() { ran <- h.l.Run(ctx, h.c) }()
	select {
	case <-taken:
	case <-ctx.Done():
		t.Error("the stage does not take over")
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	for _, id := range []string{committedID, abortedID} {
		if left := h.open(id); len(left) > 0 {
			t.Errorf("%s still hangs in %v", id, left)
		}
	}
	if got := h.open(lostID); !slices.Equal(got, was) {
		t.Errorf("a transaction of unknown outcome was touched: %v, was %v", got, was)
	}
	if err := end(t.Context(), h.plain, outcome, was); err != nil { // as its operator would, who knows it
		t.Fatal(err)
	}
	got, want := fmt.Sprint(h.read()), fmt.Sprint(map[int32]string{0: committedID, 1: committedID, 4: lostID, 5: lostID})
	if got != want {
		t.Errorf("committed are %s, want %s", got, want)
	}
	committed, err := kadm.NewClient(h.plain).FetchOffsets(t.Context(), h.l.Group)
	if o, _ := committed.Lookup("in", 0); err != nil || o.At != offset {
		t.Errorf("the group's offset is %v, %v; want %d", o.At, err, offset)
	}
	h.underWay()
}

// underWay checks that a transaction is left alone while it is under way, though the one before it was committed.
func (h *hung) underWay() {
	h.t.Helper()
	client := h.begin(abortedID)
	if err := client.EndTransaction(h.t.Context(), kgo.TryCommit); err != nil {
		h.t.Fatal(err)
	}
	if err := client.BeginTransaction(); err != nil {
		h.t.Fatal(err)
	}
	if err := client.ProduceSync(h.t.Context(), &kgo.Record{Topic: "out", Partition: 2, Value: []byte("x")}).FirstErr(); err != nil {
		h.t.Fatal(err)
	}
	if err := h.l.mend(h.t.Context(), h.plain, h.l.slot(abortedID)); err != nil {
		h.t.Fatal(err)
	}
	if len(h.open(abortedID)) != 1 {
		h.t.Error("a transaction that is under way was ended")
	}
}
