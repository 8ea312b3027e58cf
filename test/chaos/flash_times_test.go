package chaos_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jifen/topics/pointspb"
)

// spread is how long answers of one kind took, in milliseconds.
type spread struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50_ms"`
	P95 float64 `json:"p95_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func spreadOf(waits []time.Duration) spread {
	if len(waits) == 0 {
		return spread{}
	}
	slices.Sort(waits)
	at := func(q float64) float64 {
		n := max(int(math.Ceil(q*float64(len(waits))))-1, 0)
		return float64(waits[n].Round(100*time.Microsecond)) / float64(time.Millisecond)
	}
	return spread{len(waits), at(0.5), at(0.95), at(0.99), at(1)}
}

// saleTimes are how long a sale's answers took, and where those that were accepted waited.
type saleTimes struct {
	Accepted spread `json:"accepted"` // redeemed, or answered 202 at first, until decided
	Refused  spread `json:"refused"`
	// Of the redeemed: from when they were due to the decision of the item's shard, to that of the member's, to the answer.
	Reserved spread             `json:"due_to_reserved"`
	Redeemed spread             `json:"reserved_to_redeemed"`
	Answered spread             `json:"redeemed_to_answered"`
	Seconds  map[string]float64 `json:"cpu_seconds"`
	Load     string             `json:"load_average"`
}

func (x saleTimes) String() string {
	text, err := json.Marshal(x)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// saleTimes sorts a rush's answers, and looks in the ledger when each was decided.
func (s *stack) saleTimes(t *testing.T, r *rushed, used map[string]float64) (out saleTimes) {
	t.Helper()
	out.Seconds, out.Load = since(used, s.cpu()), loadAverage()
	reserved, redeemed := map[string]time.Time{}, map[string]time.Time{}
	b := s.read(t)
	for _, e := range b.reserved {
		reserved[e.Redemption.Id] = time.UnixMilli(e.RecordedAt)
	}
	for _, all := range b.members {
		for _, e := range all {
			if e.Kind == pointspb.Kind_REDEEMED {
				redeemed[e.Redemption.Id] = time.UnixMilli(e.RecordedAt)
			}
		}
	}
	var accepted, refused []time.Duration
	var legs [3][]time.Duration
	for _, x := range r.decided {
		if x.answer.Status != http.StatusCreated && x.tries == 0 {
			refused = append(refused, x.wait())
			continue
		}
		accepted = append(accepted, x.wait())
		if id := x.answer.ID; x.answer.Status == http.StatusCreated {
			legs[0] = append(legs[0], reserved[id].Sub(x.asked))
			legs[1] = append(legs[1], redeemed[id].Sub(reserved[id]))
			legs[2] = append(legs[2], x.decided.Sub(redeemed[id]))
		}
	}
	out.Accepted, out.Refused = spreadOf(accepted), spreadOf(refused)
	out.Reserved, out.Redeemed, out.Answered = spreadOf(legs[0]), spreadOf(legs[1]), spreadOf(legs[2])
	return out
}

// cpu is the processor time in seconds that each of the stack's processes has used so far, and the test itself.
func (s *stack) cpu() map[string]float64 {
	pids := map[string]int{"kafka": s.kafka.PID(), "redis": s.redis.PID(), "engine": s.engine.PID(), "test": os.Getpid()}
	for _, p := range s.slots {
		if r := p.running(); r != nil {
			pids[p.name] = r.PID()
		}
	}
	out := map[string]float64{}
	for name, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); err == nil && len(fields) > 12 {
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			out[name] = float64(user+system) / 100 // USER_HZ
		}
	}
	return out
}

// since is what was used after an earlier reading, to a tenth of a second.
func since(before, now map[string]float64) map[string]float64 {
	out := map[string]float64{}
	for name, n := range now {
		out[name] = math.Round(10*(n-before[name])) / 10
		out["all"] += out[name]
	}
	out["all"] = math.Round(10*out["all"]) / 10
	return out
}

// loadAverage is what else the machine had to do, in 1, 5 and 15 minutes.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
