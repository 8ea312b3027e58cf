package kafka

import (
	"context"
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
	// Handover, if there is one, brings what a loop of this process commits.
	Handover *Handover
	// Took, if set, is told how many records were fetched, and how many of those that were handed over were new.
	Took func(fetched, handed int)
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
	start, next := map[string]map[int32]kgo.Offset{}, map[place]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		if start[o.Topic] == nil {
			start[o.Topic] = map[int32]kgo.Offset{}
		}
		at := max(o.Offset, positions[o.Topic][o.Partition])
		start[o.Topic][o.Partition], next[place{o.Topic, o.Partition}] = kgo.NewOffset().At(at), at
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
	return (&following{Follower: f, client: client, next: next, handed: map[place]time.Time{}}).run(ctx)
}
