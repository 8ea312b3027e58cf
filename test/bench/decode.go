package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jifen/internal/kafka"
	"jifen/topics"
)

// errEnough ends the reading of orders.
var errEnough = errors.New("all orders were read")

// Decode fetches and decodes that many orders, as the credits stage does before it evaluates them, and adds them up.
func Decode(ctx context.Context, c kafka.Config, events int64) (Totals, error) {
	var t Totals
	limits := topics.DefaultLimits()
	ctx, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	var fault error
	f := kafka.Follower{
		Config: c, Topics: []string{topics.Orders},
		Positions: func(context.Context) (map[string]map[int32]int64, error) { return nil, nil },
		Handle: func(_ context.Context, records []topics.Record) error {
			for i := range records {
				e, reject := topics.Decode(&records[i], limits, time.Now())
				if reject != nil {
					fault = fmt.Errorf("order at %s/%d: %w", records[i].Topic, records[i].Offset, reject)
					enough(fault)
					return fault
				}
				t.add(e, len(records[i].Value))
			}
			if t.Events >= events {
				enough(errEnough)
			}
			return nil
		},
	}
	return t, errors.Join(f.Run(ctx), fault)
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
