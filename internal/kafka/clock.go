package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Skew is how far the brokers' clock is ahead of ours (negative: behind). It writes a record to a partition of the
// requests topic, whose timestamps are the brokers' (topics.yaml), and reads it back. What the way takes is not skew.
func Skew(ctx context.Context, c Config, record topics.Record) (time.Duration, error) {
	producer, err := kgo.NewClient(c.options()...)
	if err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	defer producer.Close()
	if err := producer.Ping(ctx); err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	before := time.Now()
	sent, err := producer.ProduceSync(ctx, toKafka([]topics.Record{record}, &recordRoom{})...).First()
	if err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	after := time.Now()
	at := map[string]map[int32]kgo.Offset{sent.Topic: {sent.Partition: kgo.NewOffset().At(sent.Offset)}}
	reader, err := kgo.NewClient(c.options(kgo.ConsumePartitions(at))...)
	if err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	defer reader.Close()
	fetches := reader.PollRecords(ctx, 1)
	if err := fetches.Err(); err != nil {
		return 0, fmt.Errorf("clock: %w", err)
	}
	records := fetches.Records()
	if len(records) == 0 {
		return 0, fmt.Errorf("clock: offset %d of %s/%d was not there", sent.Offset, sent.Topic, sent.Partition)
	}
	switch stamp := records[0].Timestamp; {
	case stamp.Before(before.Truncate(time.Millisecond)):
		return stamp.Sub(before), nil
	case stamp.After(after):
		return stamp.Sub(after), nil
	}
	return 0, nil
}
