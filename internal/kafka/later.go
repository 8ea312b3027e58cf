package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// later keeps topics of a loop back. It pauses them at the client, which drops what it has of them: that is for takeovers
// and for other owners that are behind, and not for every turn.
type later struct {
	mu     sync.Mutex
	client *kgo.Client
	topics []string
	asking bool            // what is left is not known yet
	left   map[int32]int64 // by partition of the topic Before: the offset behind what is to be read first
	held   bool
	paused bool
}

// begin holds the topics of a client back, to which partitions were assigned.
func (t *later) begin(client *kgo.Client, topics []string) {
	if len(topics) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != client {
		t.client, t.topics, t.held, t.paused = client, topics, false, false
	}
	t.asking = true
	t.set()
}

// wait holds them back until what is left has been committed.
func (t *later) wait(left map[int32]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asking, t.left = false, left
	t.set()
}

// hold holds them back, or no longer.
func (t *later) hold(held bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = held
	t.set()
}

// passed says which records are committed.
func (t *later) passed(topic string, records []topics.Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.left) == 0 {
		return
	}
	for i := range records {
		if r := &records[i]; r.Topic == topic && t.left[r.Partition] <= r.Offset+1 {
			delete(t.left, r.Partition)
		}
	}
	t.set()
}

// set pauses or resumes them, as they are to be now.
func (t *later) set() {
	pause := t.held || t.asking || len(t.left) > 0
	if t.client == nil || pause == t.paused {
		return
	}
	if t.paused = pause; pause {
		t.client.PauseFetchTopics(t.topics...)
		return
	}
	t.client.ResumeFetchTopics(t.topics...)
}

// unread is the offset behind the last record of each partition that is read on from an offset, where there is one. It
// returns only when nothing of them is undecided, as Replay does.
func unread(ctx context.Context, c Config, topic string, from map[int32]kgo.Offset) (map[int32]int64, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, fmt.Errorf("backlog of %s: %w", topic, err)
	}
	admin := kadm.NewClient(client)
	defer admin.Close()
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("start of %s: %w", topic, err)
	}
	at := map[int32]int64{}
	for p, o := range from {
		at[p] = max(o.EpochOffset().Offset, starts[topic][p].Offset)
	}
	left := map[int32]int64{}
	err = (&Replayer{c}).Replay(ctx, topic, at, func(p int32, offset int64, _ []byte) error {
		left[p] = offset + 1
		return nil
	})
	return left, err
}

// Further is where to read partitions on that another group read before: how far it got, where that is further than the
// group itself. Its open transactions are waited for.
func Further(ctx context.Context, c Config, group, other string, assigned map[string][]int32) (map[string]map[int32]int64, error) {
	client, err := kgo.NewClient(c.options()...)
	if err != nil {
		return nil, fmt.Errorf("offsets of %s: %w", other, err)
	}
	defer client.Close()
	l := Lag{admin: kadm.NewClient(client), config: c}
	own, err := l.committedBy(kadm.RequireStable(ctx), group)
	if err != nil {
		return nil, err
	}
	others, err := l.committedBy(kadm.RequireStable(ctx), other)
	if err != nil {
		return nil, err
	}
	further := map[string]map[int32]int64{}
	for topic, partitions := range assigned {
		further[topic] = map[int32]int64{}
		for _, p := range partitions {
			o, ok := others.Lookup(topic, p)
			if mine, known := own.Lookup(topic, p); ok && (!known || mine.At < o.At) {
				further[topic][p] = o.At
			}
		}
	}
	return further, nil
}
