package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// followOne hands out the records of a topic of one partition from its start, and says each time that it is at the end,
// until ctx ends.
func followOne(ctx context.Context, c Config, topic string, atEnd func(), add func(*kgo.Record)) error {
	client, err := kgo.NewClient(c.options(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}), kgo.KeepControlRecords(),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.FetchMaxWait(500*time.Millisecond),
	)...)
	if err != nil {
		return fmt.Errorf("reader of %s: %w", topic, err)
	}
	defer client.Close()
	admin, position := kadm.NewClient(client), int64(0)
	for {
		end, err := ends(ctx, admin, topic)
		if err != nil {
			return err
		}
		if position >= end[0] {
			atEnd()
		}
		poll, done := context.WithTimeout(ctx, 2*time.Second)
		fetches := client.PollFetches(poll)
		done()
		if ctx.Err() != nil {
			return nil
		}
		if err := fetches.Err0(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("reader of %s: %w", topic, err)
		}
		fetches.EachRecord(func(rec *kgo.Record) {
			if !rec.Attrs.IsControl() { // the mark of a transaction may be what the topic ends with
				add(rec)
			}
			position = rec.Offset + 1
		})
	}
}
