package kafka

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/processors"
)

// Loop runs one stage: poll, decide, produce, commit; outputs and input offsets are one transaction.
type Loop struct {
	Name   string // of the stage, for logs and failpoints
	Group  string
	Topics []string
	Writes []string // topics, besides the dead letters of Topics: there hanging transactions are looked for
	Stage  processors.Stage
	// Takeover is told which partitions are ours, once nobody else can commit for them and before the first poll.
	Takeover func(ctx context.Context, assigned map[string][]int32) error
	// From says from which offsets to read the partitions that were assigned, for a stage whose state knows better than the
	// group's offsets; nil: from those.
	From func(ctx context.Context, assigned map[string][]int32) (map[string]map[int32]int64, error)
	// Loss is told that all partitions went.
	Loss func()
	// Held says that the input is to wait, or what of it Later names; nil: never.
	Held func(ctx context.Context) (bool, error)
	// Later are topics that are read only once what a takeover found unread of the topic Before is committed: who had them
	// before sent ahead by that one what now comes behind it.
	Later  []string
	Before string
	// BatchMax bounds the records of one transaction while nobody waits for an answer. Records of the topic Urgent say
	// that somebody does: transactions then have at most Batch records and take about Work; otherwise a few times that.
	BatchMax int
	Batch    int
	Work     time.Duration
	Urgent   string
	// Plain writes without compression: what is read once, soon and nearby costs more to pack than to carry.
	Plain bool
	// FetchBytes bounds what a fetch takes of one partition, 0: the client's default; UrgentBytes while somebody waits,
	// because who waits comes with the next fetch, behind all that this one holds.
	FetchBytes, UrgentBytes int32
	// Handover, if there is one, is given what is committed.
	Handover *Handover

	finish time.Duration // what is left to a transaction under way at shutdown
	room   recordRoom    // of the batch under way
	later  later
}

// batchBytesMax is max.message.bytes of the topics that stages write to (topics.yaml): a dead letter of any size fits.
const batchBytesMax = 16 << 20

// fetchBytesMax is the client's default for one answer of a broker, over all partitions.
const fetchBytesMax = 50 << 20

// Run runs the stage until ctx ends. After a failure whose outcome is unknown it builds a new client, which takes over afresh.
func (l *Loop) Run(ctx context.Context, c Config) error {
	l.finish = 2 * c.TransactionTimeout
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 50*time.Millisecond, 3*time.Second
	for {
		started := time.Now()
		err := l.session(ctx, c)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop, whatever that interrupted
		}
		if time.Since(started) > time.Minute {
			wait.Reset()
		}
		slog.Warn("stage starts afresh", "stage", l.Name, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait.NextBackOff()):
		}
	}
}

func (l *Loop) options(c Config) []kgo.Opt {
	opts := c.options(
		kgo.ConsumerGroup(l.Group), kgo.ConsumeTopics(l.Topics...), kgo.Balancers(kgo.RangeBalancer()),
		kgo.TransactionalID(l.slot(c.Instance)), kgo.TransactionTimeout(c.TransactionTimeout),
		kgo.InstanceID(l.slot(c.Instance)), kgo.SessionTimeout(c.SessionTimeout), kgo.HeartbeatInterval(c.SessionTimeout/6),
		kgo.RebalanceTimeout(30*time.Second), kgo.ProducerBatchMaxBytes(batchBytesMax),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxWait(200*time.Millisecond),
		kgo.OnPartitionsAssigned(func(ctx context.Context, client *kgo.Client, _ map[string][]int32) {
			l.later.begin(client, l.Later)
			l.fence(ctx, client)
		}),
		kgo.AdjustFetchOffsetsFn(func(ctx context.Context, o map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
			return l.takeover(ctx, c, o)
		}), kgo.OnPartitionsRevoked(l.loss), kgo.OnPartitionsLost(l.loss),
	)
	codec := kgo.SnappyCompression()
	if l.Plain {
		codec = kgo.NoCompression()
	}
	opts = append(opts, kgo.ProducerBatchCompression(codec))
	if l.FetchBytes > 0 {
		opts = append(opts, kgo.FetchMaxBytes(fetchBytesMax), kgo.FetchMaxPartitionBytes(l.FetchBytes))
	}
	return opts
}

func (l *Loop) takeover(ctx context.Context, c Config, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	if l.Takeover == nil && l.From == nil && len(l.Later) == 0 && l.Handover == nil {
		return offsets, nil
	}
	assigned := map[string][]int32{}
	for topic, partitions := range offsets {
		for p := range partitions {
			assigned[topic] = append(assigned[topic], p)
		}
	}
	if l.Takeover != nil {
		if err := l.Takeover(ctx, assigned); err != nil {
			slog.Error("takeover failed", "stage", l.Name, "error", err)
			return nil, err
		}
	}
	if l.From != nil {
		from, err := l.From(ctx, assigned)
		if err != nil {
			slog.Error("positions unknown", "stage", l.Name, "error", err)
			return nil, err
		}
		for topic, partitions := range from {
			for p, at := range partitions {
				offsets[topic][p] = kgo.NewOffset().At(at)
			}
		}
	}
	if len(l.Later) > 0 {
		left, err := unread(ctx, c, l.Before, offsets[l.Before])
		if err != nil {
			slog.Error("backlog unknown", "stage", l.Name, "error", err)
			return nil, err
		}
		l.later.wait(left)
	}
	l.Handover.begin(offsets)
	return offsets, nil
}

func (l *Loop) loss(context.Context, *kgo.Client, map[string][]int32) {
	if l.Loss != nil {
		l.Loss()
	}
	l.Handover.lose()
}

func (l *Loop) session(ctx context.Context, c Config) error {
	linked, lose := context.WithCancelCause(context.WithoutCancel(ctx))
	defer lose(nil)
	s, err := kgo.NewGroupTransactSession(append(l.options(c), kgo.WithHooks(link{lose}))...)
	if err != nil {
		return fmt.Errorf("%s: kafka client: %w", l.Name, err)
	}
	defer func() {
		s.Close()
		l.loss(context.WithoutCancel(ctx), s.Client(), nil)
	}()
	if err := l.mend(ctx, s.Client(), l.slot(c.Instance)); err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	// A predecessor in our slot may have left a transaction open: taking its id over ends it, before the takeover waits for it.
	if _, _, err := s.Client().ProducerID(ctx); err != nil {
		return fmt.Errorf("%s: transactional id: %w", l.Name, err)
	}
	watch, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(linked, stop)()
	gate := newGate()
	if l.Held != nil {
		go l.hold(watch, gate)
	}
	size := newSizer(l)
	for {
		gate.pass(watch)
		fetches, err := l.gather(watch, s, size)
		if ctx.Err() != nil {
			return nil // told to stop, whatever that interrupted
		}
		if err := cmp.Or(context.Cause(linked), err); err != nil {
			return err
		}
		failpoint(l.Name, "after_poll")
		started, urgent := time.Now(), l.urgent(fetches)
		// A shutdown lets the transaction under way finish: its successor then has nothing to wait for.
		n, err := l.transact(linked, s, fetches)
		if err != nil {
			return err
		}
		size.took(n, urgent, started, time.Since(started))
	}
}

// transact handles what was gathered. A nil error means committed or cleanly aborted; any other outcome needs a new client.
func (l *Loop) transact(ctx context.Context, s *kgo.GroupTransactSession, f kgo.Fetches) (int, error) {
	room := l.room
	l.room = recordRoom{} // unless the batch commits
	batch := processors.Batch{Records: fromFetches(f, &room)}
	if len(batch.Records) == 0 {
		return 0, nil
	}
	term := l.Handover.since()
	if err := s.Begin(); err != nil {
		return 0, fmt.Errorf("begin transaction: %w", err)
	}
	ctx, done := context.WithTimeout(ctx, l.finish)
	defer done()
	out, err := l.Stage.Process(ctx, batch)
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return 0, l.abort(ctx, s, err)
	}
	written, first := l.produce(ctx, s, out, &room)
	failpoint(l.Name, "after_produce")
	if err := s.Client().Flush(ctx); err != nil {
		l.Stage.Aborted()
		return 0, fmt.Errorf("flush: %w", err)
	}
	failpoint(l.Name, "before_commit")
	committed, err := s.End(ctx, kgo.TransactionEndTry(first.Err() == nil))
	if err != nil {
		l.Stage.Aborted()
		return 0, fmt.Errorf("end transaction: %w", err)
	}
	if !committed {
		l.Stage.Aborted()
		slog.Info("transaction aborted, batch is read again", "stage", l.Name, "records", len(batch.Records), "error", first.Err())
		return 0, nil
	}
	failpoint(l.Name, "after_commit")
	l.later.passed(l.Before, batch.Records)
	for i, r := range written {
		out.Records[i].Partition, out.Records[i].Offset = r.Partition, r.Offset
	}
	l.Handover.committed(term, batch.Records, out)
	if err := l.Stage.Committed(ctx, out.Records); err != nil {
		return 0, fmt.Errorf("after commit: %w", err)
	}
	failpoint(l.Name, "after_apply")
	clear(room.records[:len(batch.Records)])
	l.room = room
	return len(batch.Records), nil
}

// produce sends the outputs; the first error decides whether the transaction may commit.
func (l *Loop) produce(ctx context.Context, s *kgo.GroupTransactSession, out processors.Output, room *recordRoom) ([]*kgo.Record, *firstErr) {
	written := toKafka(out.Records, room)
	first := &firstErr{client: s.Client()}
	first.left.Add(len(written))
	promise := first.promise // one for all: the client's own helper makes one for each
	for _, r := range written {
		s.Produce(ctx, r, promise)
	}
	return written, first
}

// abort gives a batch back: it is polled again after a moment, in which its cause may pass.
func (l *Loop) abort(ctx context.Context, s *kgo.GroupTransactSession, cause error) error {
	l.Stage.Aborted()
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the process or the session ends; its successor ends the transaction
	}
	slog.Warn("batch aborted", "stage", l.Name, "error", cause)
	if _, err := s.End(ctx, kgo.TryAbort); err != nil {
		return fmt.Errorf("abort transaction after %w: %w", cause, err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(200 * time.Millisecond):
	}
	return nil
}
