package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// Replayer reads topics to their present end.
type Replayer struct{ Config Config }

// Replay reads the committed records of a topic, from the given offset of each partition to its present end, in order
// per partition. The end is the high watermark: it returns only when nothing before it is undecided, so no open
// transaction hides anything (architecture: "Takeover").
func (r *Replayer) Replay(ctx context.Context, topic string, from map[int32]int64, each func(partition int32, offset int64, value []byte) error) error {
	ends, err := r.ends(ctx, topic)
	if err != nil {
		return err
	}
	return r.replayTo(ctx, topic, from, ends, each)
}

// replayTo reads on to given ends, each of which must be reached by a record or a marker that is decided or will be.
func (r *Replayer) replayTo(ctx context.Context, topic string, from, ends map[int32]int64, each func(partition int32, offset int64, value []byte) error) error {
	start, left := map[int32]kgo.Offset{}, map[int32]int64{}
	for p, at := range from {
		if end := ends[p]; at < end {
			start[p], left[p] = kgo.NewOffset().At(at), end
		}
	}
	if len(left) == 0 {
		return nil
	}
	// Control records are kept because an end may be one: only they say that an aborted tail was passed.
	client, err := kgo.NewClient(r.Config.options(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: start}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(100e6),
	)...)
	if err != nil {
		return fmt.Errorf("replay %s: %w", topic, err)
	}
	defer client.Close()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return fmt.Errorf("replay %s: %w", topic, err)
		}
		if errs := fetches.Errors(); len(errs) > 0 {
			return fmt.Errorf("replay %s/%d: %w", topic, errs[0].Partition, errs[0].Err)
		}
		if err := pass(client, fetches, left, each); err != nil {
			return err
		}
	}
	return nil
}

// Key is the key of one record of a topic.
func (r *Replayer) Key(ctx context.Context, topic string, partition int32, offset int64) (string, error) {
	client, err := kgo.NewClient(r.Config.options(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(offset)}}), kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return "", fmt.Errorf("read %s/%d: %w", topic, partition, err)
	}
	defer client.Close()
	for {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return "", fmt.Errorf("read %s/%d: %w", topic, partition, err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			if rec.Offset != offset || rec.Attrs.IsControl() {
				return "", fmt.Errorf("%s/%d has no record at offset %d", topic, partition, offset)
			}
			return string(rec.Key), nil
		}
	}
}

// pass hands out one poll's records and strikes the partitions whose end was reached.
func pass(client *kgo.Client, f kgo.Fetches, left map[int32]int64, each func(int32, int64, []byte) error) error {
	var err error
	f.EachPartition(func(p kgo.FetchTopicPartition) {
		end, reading := left[p.Partition]
		for _, r := range p.Records {
			if err != nil || !reading || r.Offset >= end {
				break
			}
			if !r.Attrs.IsControl() {
				err = each(p.Partition, r.Offset, r.Value)
			}
		}
		if n := len(p.Records); reading && n > 0 && p.Records[n-1].Offset+1 >= end {
			delete(left, p.Partition)
			client.PauseFetchPartitions(map[string][]int32{p.Topic: {p.Partition}})
		}
	})
	return err
}

// ends lists the high watermarks, whatever is still open before them.
func (r *Replayer) ends(ctx context.Context, topic string) (map[int32]int64, error) {
	client, err := kgo.NewClient(r.Config.options()...)
	if err != nil {
		return nil, fmt.Errorf("end of %s: %w", topic, err)
	}
	defer client.Close()
	return ends(ctx, kadm.NewClient(client), topic)
}

func ends(ctx context.Context, admin *kadm.Client, topic string) (map[int32]int64, error) {
	listed, err := admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("end of %s: %w", topic, err)
	}
	if err := listed.Error(); err != nil {
		return nil, fmt.Errorf("end of %s: %w", topic, err)
	}
	out := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) { out[o.Partition] = o.Offset })
	if len(out) == 0 {
		return nil, fmt.Errorf("topic %s does not exist: `jifen topics apply` makes it", topic)
	}
	return out, nil
}

// Read hands out the committed records of a topic up to its present end, with their timestamps; most bounds them, 0 not.
func Read(ctx context.Context, c Config, topic string, from int64, most int, each func(*topics.Record, time.Time) error) error {
	r := Replayer{c}
	ends, err := r.ends(ctx, topic)
	if err != nil {
		return err
	}
	starts, client, err := r.open(ctx, topic, from, ends)
	if err != nil || len(starts) == 0 {
		return err
	}
	defer client.Close()
	for n := 0; len(starts) > 0; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read %s: %w", topic, err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			if rec.Offset+1 >= ends[rec.Partition] {
				delete(starts, rec.Partition)
			}
			if rec.Attrs.IsControl() || rec.Offset >= ends[rec.Partition] {
				continue
			}
			out := fromKafka(rec)
			if err := each(&out, rec.Timestamp); err != nil {
				return err
			}
			if n++; n == most {
				return nil
			}
		}
	}
	return nil
}

// open makes a reader of the partitions that have records between from and their end.
func (r *Replayer) open(ctx context.Context, topic string, from int64, ends map[int32]int64) (map[int32]kgo.Offset, *kgo.Client, error) {
	admin, err := newAdmin(r.Config)
	if err != nil {
		return nil, nil, err
	}
	defer admin.Close()
	listed, err := admin.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, nil, fmt.Errorf("start of %s: %w", topic, err)
	}
	starts := map[int32]kgo.Offset{}
	listed.Each(func(o kadm.ListedOffset) {
		if at := max(from, o.Offset); at < ends[o.Partition] {
			starts[o.Partition] = kgo.NewOffset().At(at)
		}
	})
	if len(starts) == 0 {
		return nil, nil, nil
	}
	client, err := kgo.NewClient(r.Config.options(
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
	)...)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", topic, err)
	}
	return starts, client, nil
}
