// Package bench measures what an event costs and how long it takes, on the real parts, in one run: the same binary in
// child processes, an Apache Kafka of one broker, redis-server and the ClickHouse engine.
//
// A run whose totals are not exactly those of the generated orders does not count.
package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// The kinds of Kafka to measure on.
const (
	RealKafka     = "real"
	EmbeddedKafka = "embedded"
)

// Bar shows progress.
type Bar interface {
	Add(n int) error
	Set64(n int64) error
	Finish() error
}

// Options of a run.
type Options struct {
	Load
	Kafka    string                                            // RealKafka or EmbeddedKafka
	Jifen    func(args ...string) *exec.Cmd                    // a jifen of this very build
	Progress func(most int64, what string) Bar                 // for the person in front of it
	Profiles string                                            // folder for CPU profiles of the children; empty: none
	Decode   func(o DecodeOptions, settings []string) []string // command line of the child that fetches and decodes

	rounds string // folder of all rounds, which the run leaves its files in; empty: it is alone
}

// Arm is one thing measured: CPU microseconds per event, of every process that works for it.
type Arm struct {
	Name    string             `json:"name"`
	Events  int64              `json:"events"`
	Points  int64              `json:"points"`
	Want    int64              `json:"points_generated"`
	Seconds float64            `json:"wall_seconds"`
	Rate    float64            `json:"events_per_second"`
	CPU     map[string]float64 `json:"cpu_us_per_event"`
	Sum     float64            `json:"cpu_us_per_event_sum"`            // without the broker's
	Sums    []float64          `json:"cpu_us_per_event_sums,omitempty"` // of each round, where there are several: then the others are medians
	Ratio   float64            `json:"ratio_to_library"`                // of Sum to that of the first arm, which is what this machine is known by; 0: that took less than a tick
	Broker  float64            `json:"broker_cpu_us_per_event"`
	Load    float64            `json:"load_average"`
}

// Report is what a run found.
type Report struct {
	Load
	Kafka       string            `json:"kafka"`
	Shards      int               `json:"shards"`
	OrderBytes  int64             `json:"order_json_bytes"`
	Arms        []Arm             `json:"arms,omitempty"`
	Latencies   []Latency         `json:"latencies,omitempty"`
	Entries     int64             `json:"ledger_entries"`
	Differences int               `json:"audit_differences"`
	Versions    map[string]string `json:"versions"`
	Faults      []string          `json:"faults"` // why the run does not count
}

func (r *Report) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

// broker is the process whose CPU is shown beside the sum.
const broker = "broker"

// arm adds what was measured over all orders but the warm-up; the points are those of all of them.
func (b *bed) arm(r *Report, name string, points int64, wall time.Duration, used usage) {
	n := float64(b.Events)
	a := Arm{
		Name: name, Events: int64(b.Events), Points: points, Want: b.all.Points, Seconds: wall.Seconds(), Rate: n / wall.Seconds(),
		CPU: map[string]float64{}, Load: loadAverage(),
	}
	for process, d := range used {
		us := float64(d.Microseconds()) / n
		if process == broker {
			a.Broker = us
			continue
		}
		a.CPU[process], a.Sum = us, a.Sum+us
	}
	a.Ratio = 1
	if len(r.Arms) > 0 {
		a.Ratio = 0
		if library := r.Arms[0].Sum; library > 0 {
			a.Ratio = a.Sum / library
		}
	}
	if points != b.all.Points {
		r.fault("%s: %d points, the generated orders come to %d", name, points, b.all.Points)
	}
	r.Arms = append(r.Arms, a)
}

// Run measures the arms one after the other.
func Run(ctx context.Context, o Options) (*Report, error) {
	b, ctx, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	r, err := b.arms(ctx)
	return r, errors.Join(because(ctx, err), b.close())
}
