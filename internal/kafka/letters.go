package kafka

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// ReadLetter reads the dead letter of a place, with the time at which it was given up; nil: there is none, or no longer.
func ReadLetter(ctx context.Context, c Config, place string) (*topics.Letter, time.Time, error) {
	topic, partition, offset, ok := parsePlace(place)
	if !ok {
		return nil, time.Time{}, nil
	}
	all, err := (&Replayer{c}).ends(ctx, topic)
	if err != nil {
		return nil, time.Time{}, err
	}
	if end, ok := all[partition]; !ok || offset >= end {
		return nil, time.Time{}, nil
	}
	client, err := kgo.NewClient(c.options(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(offset)}}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read %s: %w", place, err)
	}
	defer client.Close()
	fetches := client.PollRecords(ctx, 1) // what was deleted makes it begin later
	if err := fetches.Err(); err != nil {
		return nil, time.Time{}, fmt.Errorf("read %s: %w", place, err)
	}
	records := fetches.Records()
	if len(records) == 0 || records[0].Offset != offset || records[0].Attrs.IsControl() {
		return nil, time.Time{}, nil
	}
	r := fromKafka(records[0])
	l, err := topics.OpenLetter(&r)
	if err != nil {
		return nil, time.Time{}, nil // a record of somebody else is no dead letter
	}
	return &l, records[0].Timestamp, nil
}

// parsePlace reads topic/partition/offset of a dead letter.
func parsePlace(place string) (topic string, partition int32, offset int64, ok bool) {
	parts := strings.Split(place, "/")
	if len(parts) != 3 || !strings.HasPrefix(parts[0], topics.DeadLetterPrefix) {
		return "", 0, 0, false
	}
	p, err := strconv.ParseInt(parts[1], 10, 32)
	if err != nil || p < 0 {
		return "", 0, 0, false
	}
	offset, err = strconv.ParseInt(parts[2], 10, 64)
	return parts[0], int32(p), offset, err == nil && offset >= 0
}
