package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"jifen/internal/kafka"
	"jifen/topics"
)

// Decoded is what fetching and decoding came to, and what it took after the warm-up.
type Decoded struct {
	Totals
	CPU  time.Duration
	Wall time.Duration
}

// Decode fetches and decodes all orders, as the credits stage does before it evaluates them, and adds them up.
func Decode(ctx context.Context, c kafka.Config, warm, all int64) (Decoded, error) {
	d := decoding{warm: warm, all: all, limits: topics.DefaultLimits()}
	ctx, d.enough = context.WithCancel(ctx)
	defer d.enough()
	f := kafka.Follower{
		Config: c, Topics: []string{topics.Orders}, Handle: d.handle,
		Positions: func(context.Context) (map[string]map[int32]int64, error) { return nil, nil },
	}
	err := f.Run(ctx)
	return d.Decoded, errors.Join(err, d.fault)
}

// decoding is a Decode under way.
type decoding struct {
	Decoded
	warm, all int64
	limits    topics.Limits
	event     topics.Event
	started   time.Time
	enough    func()
	fault     error
}

func (d *decoding) handle(_ context.Context, records []topics.Record) error {
	now := time.Now()
	for i := range records {
		if reject := d.event.Decode(&records[i], d.limits, now); reject != nil {
			d.fault = fmt.Errorf("order at %s/%d: %w", records[i].Topic, records[i].Offset, reject)
			d.enough()
			return d.fault
		}
		d.add(&d.event, len(records[i].Value))
	}
	if d.Events < d.warm {
		return nil
	}
	used, err := cpuOf(os.Getpid())
	switch {
	case err != nil:
		d.fault = err
		d.enough()
	case d.started.IsZero():
		d.started, d.CPU = now, -used
	case d.Events >= d.all:
		d.Wall, d.CPU = time.Since(d.started), d.CPU+used
		d.enough()
	}
	return nil
}

// add adds an order by the same plain arithmetic as the generator's.
func (t *Totals) add(e *topics.Event, size int) {
	var net int64
	for i := range e.Data.Lines {
		net += e.Data.Lines[i].Net
	}
	t.Events++
	t.Bytes += int64(size)
	t.Net += net
	t.Points += net / pencePerPoint
}
