package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/singleflight"
)

const (
	tailInterval = 250 * time.Millisecond
	// tailGrace is how long a fold of a topic may take to hold a record: a moment behind is how it always is.
	tailGrace = time.Second
	// tailAgain is how long it is believed that a fold lacks records, before it is looked at again.
	tailAgain = 200 * time.Millisecond
	// lookTime bounds a look at the topic, for which several may wait.
	lookTime = 2 * time.Second
)

// Tail knows how far a topic is committed, so that a reader of a fold of it can tell whether the fold has lost something.
type Tail struct {
	config Config
	topic  string

	mu      sync.Mutex
	samples []tailSample       // the first is the latest that is older than the grace, if there is one
	bare    map[int32][2]int64 // offsets [from, to) that hold no record, only markers and what was aborted
	lacks   map[int32]tailLack
	looks   singleflight.Group // by partition and offset
}

type tailSample struct {
	at   time.Time
	ends map[int32]int64
}

type tailLack struct {
	at     time.Time
	offset int64
}

// NewTail makes a tail that knows nothing until it runs.
func NewTail(c Config, topic string) *Tail {
	return &Tail{config: c, topic: topic, bare: map[int32][2]int64{}, lacks: map[int32]tailLack{}}
}

// Run asks the brokers again and again, until ctx ends. While they are away the last answer counts.
func (t *Tail) Run(ctx context.Context) error {
	client, err := kgo.NewClient(t.config.options()...)
	if err != nil {
		return fmt.Errorf("end of %s: %w", t.topic, err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for ctx.Err() == nil {
		listed, err := admin.ListCommittedOffsets(ctx, t.topic)
		if err == nil {
			err = listed.Error()
		}
		if err == nil {
			t.add(listed)
		} else if ctx.Err() == nil {
			slog.Debug("tail", "topic", t.topic, "error", err)
		}
		sleep(ctx, tailInterval)
	}
	return nil
}

func (t *Tail) add(listed kadm.ListedOffsets) {
	s := tailSample{time.Now(), map[int32]int64{}}
	listed.Each(func(o kadm.ListedOffset) { s.ends[o.Partition] = o.Offset })
	t.mu.Lock()
	defer t.mu.Unlock()
	t.samples = append(t.samples, s)
	for len(t.samples) > 1 && time.Since(t.samples[1].at) >= tailGrace {
		t.samples = t.samples[1:]
	}
}

// Reached says whether a fold that holds a partition up to offset (-1: nothing) has all that was committed a second ago.
// It is false as long as the brokers have not been heard. Those who ask at once are answered by one look: a fold falls
// behind when everything is slow, and a client for each of them would make it slower.
func (t *Tail) Reached(ctx context.Context, partition int32, offset int64) (bool, error) {
	end, known := t.known(partition, offset)
	if known {
		return end, nil
	}
	looked := t.looks.DoChan(fmt.Sprint(partition, "@", offset), func() (any, error) {
		ctx, done := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
		defer done()
		return t.look(ctx, partition, offset)
	})
	select {
	case x := <-looked:
		reached, _ := x.Val.(bool)
		return reached, x.Err
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// look reads whether there is a record between what a fold holds and the end.
func (t *Tail) look(ctx context.Context, partition int32, offset int64) (bool, error) {
	to := t.end(partition)
	r := Replayer{t.config}
	err := r.replayTo(ctx, t.topic, map[int32]int64{partition: offset + 1}, map[int32]int64{partition: to},
		func(int32, int64, []byte) error { return errRecord })
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case errors.Is(err, errRecord):
		t.lacks[partition] = tailLack{time.Now(), offset}
		return false, nil
	case err != nil:
		return false, err
	}
	t.bare[partition] = [2]int64{offset + 1, to}
	return true, nil
}

// known is an answer for which nothing has to be read.
func (t *Tail) known(partition int32, offset int64) (reached, known bool) {
	end := t.end(partition)
	t.mu.Lock()
	defer t.mu.Unlock()
	bare, lack := t.bare[partition], t.lacks[partition]
	switch {
	case end < 0:
		return false, true
	case offset+2 >= end: // the record at offset, and the marker of its transaction
		return true, true
	case bare[0] <= offset+1 && end <= bare[1]:
		return true, true
	case lack.offset == offset && time.Since(lack.at) < tailAgain:
		return false, true
	}
	return false, false
}

// end is where the partition ended a second ago, -1 if that is not known.
func (t *Tail) end(partition int32) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.samples) == 0 {
		return -1
	}
	end, ok := t.samples[0].ends[partition]
	if !ok {
		return -1
	}
	return end
}
