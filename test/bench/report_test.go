package bench

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// An arm's sum leaves the broker out and is held against that of the first arm; one whose points are others does not count.
func TestArmsAreHeldAgainstTheFirst(t *testing.T) {
	b := &bed{Options: Options{Load: Load{Events: 1000}}, all: Totals{Points: 7}}
	r := &Report{}
	b.arm(r, "fetch + library", 7, time.Second, usage{"jifen": 8 * time.Millisecond, broker: time.Second})
	b.arm(r, "full pipeline", 7, time.Second, usage{"jifen": 15 * time.Millisecond, "redis": 5 * time.Millisecond, broker: time.Second})
	if a := r.Arms[0]; a.Sum != 8 || a.Ratio != 1 || a.Broker != 1000 {
		t.Errorf("the first arm: %+v", a)
	}
	if a := r.Arms[1]; a.Sum != 20 || a.Ratio != 2.5 {
		t.Errorf("the second: %+v", a)
	}
	if len(r.Faults) > 0 {
		t.Errorf("faults: %v", r.Faults)
	}
	b.arm(r, "credits stage", 6, time.Second, usage{"jifen": time.Millisecond})
	if len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "credits stage: 6 points") {
		t.Errorf("an arm with other points: faults %v", r.Faults)
	}
	var text strings.Builder
	if err := r.Print(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"× LIBRARY", "│ 2.50", "does not count: credits stage"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, text.String())
		}
	}
}

// TestSmallRunsHaveNoRatio: where the first arm took less than a tick, nothing is held against it, in JSON either.
func TestSmallRunsHaveNoRatio(t *testing.T) {
	b := &bed{Options: Options{Load: Load{Events: 1000}}, all: Totals{Points: 7}}
	r := &Report{}
	b.arm(r, "fetch + library", 7, time.Second, usage{"jifen": 0})
	b.arm(r, "credits stage", 7, time.Second, usage{"jifen": 0})
	b.arm(r, "full pipeline", 7, time.Second, usage{"jifen": 10 * time.Millisecond})
	for _, a := range r.Arms[1:] {
		if a.Ratio != 0 || a.ratio() != "" {
			t.Errorf("%s: %v times nothing", a.Name, a.Ratio)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestPipelineCountsOnceTheFeedIsThrough: a clock that stopped before would leave out what the feed and ClickHouse still had to do.
func TestPipelineCountsOnceTheFeedIsThrough(t *testing.T) {
	all := rows{entries: 12, orders: 10}
	for held, faults := range map[rows]int{all: 0, {11, 10}: 1, {12, 9}: 1, {13, 10}: 1} {
		r := &Report{}
		if r.complete(held, all); len(r.Faults) != faults {
			t.Errorf("%+v of %+v: faults %v", held, all, r.Faults)
		}
	}
}
