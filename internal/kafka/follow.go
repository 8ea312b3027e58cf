package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Follower reads committed records of topics from positions that its reader keeps itself.
type Follower struct {
	Config Config
	Topics []string
	// Positions says from which offset to read each partition; those not named are read from their start.
	Positions func(ctx context.Context) (map[string]map[int32]int64, error)
	// Handle takes one poll's records, in order per partition; the reader starts afresh from Positions after an error.
	// The list is the follower's again afterwards; what its records hold is the reader's to keep.
	Handle func(ctx context.Context, records []topics.Record) error
}

// Run reads until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := f.follow(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("follower starts afresh", "topics", f.Topics, "error", err)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

func (f *Follower) follow(ctx context.Context) error {
	positions, err := f.Positions(ctx)
	if err != nil {
		return err
	}
	admin, err := kgo.NewClient(f.Config.options()...)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	defer admin.Close()
	listed, err := kadm.NewClient(admin).ListStartOffsets(ctx, f.Topics...)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	start := map[string]map[int32]kgo.Offset{}
	listed.Each(func(o kadm.ListedOffset) {
		if start[o.Topic] == nil {
			start[o.Topic] = map[int32]kgo.Offset{}
		}
		start[o.Topic][o.Partition] = kgo.NewOffset().At(max(o.Offset, positions[o.Topic][o.Partition]))
	})
	client, err := kgo.NewClient(f.Config.options(
		kgo.ConsumePartitions(start), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		// Who follows is in no hurry: few large answers cost the broker less than many small ones.
		kgo.FetchMaxWait(500*time.Millisecond), kgo.FetchMinBytes(32<<10), kgo.FetchMaxPartitionBytes(256<<10),
	)...)
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	defer client.Close()
	return f.poll(ctx, client)
}

func (f *Follower) poll(ctx context.Context, client *kgo.Client) error {
	var room recordRoom
	for {
		wait, done := context.WithTimeout(ctx, 500*time.Millisecond)
		fetches := client.PollRecords(wait, 20000)
		done()
		if ctx.Err() != nil {
			return nil //nolint:nilerr // told to stop
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) {
				return fmt.Errorf("follow %s/%d: %w", e.Topic, e.Partition, e.Err)
			}
		}
		records := fromFetches(fetches, &room)
		// An empty poll is handed on too: a feed flushes by the clock.
		if err := f.Handle(ctx, records); err != nil {
			return err
		}
		clear(records)
	}
}
