package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Delivery hands the records of a topic to somebody outside, each partition in its order, and commits the offset of each
// once it is there: what a crash left uncommitted is delivered again.
type Delivery struct {
	Config Config
	Group  string
	Topic  string
	// Deliver returns when the record is delivered (nil, nil), given up (a Reject: it becomes a dead letter), or not to be
	// delivered now (an error: the reader starts afresh).
	Deliver func(ctx context.Context, r *topics.Record) (*topics.Reject, error)
}

// deliveredAtOnce bounds what one poll takes: so much is read again at most after a loss of the group.
const deliveredAtOnce = 256

// Run delivers until ctx ends.
func (d *Delivery) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := d.session(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("delivery starts afresh", "topic", d.Topic, "error", err)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

func (d *Delivery) session(ctx context.Context) error {
	client, err := kgo.NewClient(d.Config.options(
		kgo.ConsumerGroup(d.Group), kgo.ConsumeTopics(d.Topic), kgo.DisableAutoCommit(),
		kgo.InstanceID(d.Group+"-"+d.Config.Instance), kgo.SessionTimeout(d.Config.SessionTimeout), kgo.HeartbeatInterval(d.Config.SessionTimeout/6),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.ProducerBatchMaxBytes(batchBytesMax),
	)...)
	if err != nil {
		return fmt.Errorf("deliver %s: %w", d.Topic, err)
	}
	defer client.Close()
	for {
		fetches := client.PollRecords(ctx, deliveredAtOnce)
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("deliver %s: %w", d.Topic, err)
		}
		if err := d.deliver(ctx, client, fetches); err != nil {
			return err
		}
	}
}

// deliver works on the partitions side by side: a member's events stay in their order.
func (d *Delivery) deliver(ctx context.Context, client *kgo.Client, fetches kgo.Fetches) error {
	var work sync.WaitGroup
	var mu sync.Mutex
	var failed error
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		work.Go(func() {
			for _, r := range p.Records {
				if err := d.one(ctx, client, r); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed = errors.Join(failed, err)
					return
				}
			}
		})
	})
	work.Wait()
	return failed
}

func (d *Delivery) one(ctx context.Context, client *kgo.Client, r *kgo.Record) error {
	record := fromKafka(r)
	reject, err := d.Deliver(ctx, &record)
	if err != nil {
		return err
	}
	if reject != nil {
		letter := toKafka([]topics.Record{topics.DeadLetter(&record, d.Group, reject)}, &recordRoom{})
		if err := client.ProduceSync(ctx, letter...).FirstErr(); err != nil {
			return fmt.Errorf("dead letter of %s: %w", d.Topic, err)
		}
	}
	if err := client.CommitRecords(ctx, r); err != nil {
		return fmt.Errorf("commit %s/%d: %w", r.Topic, r.Partition, err)
	}
	return nil
}
