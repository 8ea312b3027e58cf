package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"

	"jifen/internal/kafka"
	"jifen/topics"
)

// Decoded is what fetching and decoding came to, and what it took after the warm-up.
type Decoded struct {
	Totals
	CPU  time.Duration
	Wall time.Duration
}

// DecodeOptions are what a Decode reads.
type DecodeOptions struct {
	Warm, All int64 // orders: to read before it measures, and in all
	Library   bool  // decode by the JSON library alone: a yardstick, which nothing that we do makes faster
}

// Decode fetches and decodes all orders, as the credits stage does before it evaluates them, and adds them up.
func Decode(ctx context.Context, c kafka.Config, o DecodeOptions) (Decoded, error) {
	d := decoding{DecodeOptions: o, limits: topics.DefaultLimits()}
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
	DecodeOptions
	limits  topics.Limits
	event   topics.Event
	started time.Time
	enough  func()
	fault   error
}

// plainOrder is the data of an order as the JSON library reads it, without any of our checks.
type plainOrder struct {
	Order    string `json:"order"`
	Member   string `json:"member"`
	Store    string `json:"store"`
	Channel  string `json:"channel"`
	Currency string `json:"currency"`
	Lines    []struct {
		Line     string   `json:"line"`
		SKU      string   `json:"sku"`
		Category string   `json:"category"`
		Tags     []string `json:"tags"`
		Quantity int64    `json:"quantity"`
		Net      int64    `json:"net"`
	} `json:"lines"`
	Freight int64 `json:"freight"`
	Tax     int64 `json:"tax"`
	Paid    int64 `json:"paid_with_points"`
}

// decode decodes one order and returns what was paid for it.
func (d *decoding) decode(r *topics.Record, now time.Time) (net int64, err error) {
	if d.Library {
		var o plainOrder
		if err := json.Unmarshal(r.Value, &o); err != nil {
			return 0, err
		}
		for i := range o.Lines {
			net += o.Lines[i].Net
		}
		return net, nil
	}
	if reject := d.event.Decode(r, d.limits, now); reject != nil {
		return 0, reject
	}
	for i := range d.event.Data.Lines {
		net += d.event.Data.Lines[i].Net
	}
	return net, nil
}

func (d *decoding) handle(_ context.Context, records []topics.Record) error {
	now := time.Now()
	for i := range records {
		net, err := d.decode(&records[i], now)
		if err != nil {
			d.fault = fmt.Errorf("order at %s/%d: %w", records[i].Topic, records[i].Offset, err)
			d.enough()
			return d.fault
		}
		d.add(net, len(records[i].Value))
	}
	if d.Events < d.Warm {
		return nil
	}
	used, err := cpuOf(os.Getpid())
	switch {
	case err != nil:
		d.fault = err
		d.enough()
	case d.started.IsZero():
		d.started, d.CPU = now, -used
	case d.Events >= d.All:
		d.Wall, d.CPU = time.Since(d.started), d.CPU+used
		d.enough()
	}
	return nil
}

// add adds an order by the same plain arithmetic as the generator's.
func (t *Totals) add(net int64, size int) {
	t.Events++
	t.Bytes += int64(size)
	t.Net += net
	t.Points += net / pencePerPoint
}
