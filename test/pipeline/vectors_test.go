package pipeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"jifen/internal/testkit"
)

// vectors is one installation for the vectors of one program, each with a member of its own; the clock is moved on by
// starting the pipeline again.
type vectors struct {
	*installation
	history history // everything sent so far
	running *testkit.Program
}

// program installs Jifen with a rulebook of testdata.
func program(t *testing.T, book string, analytics bool) *vectors {
	t.Helper()
	v := &vectors{installation: install(t, analytics)}
	v.publish(book)
	return v
}

// clock starts the pipeline at an instant of the program's clock, in place of the one that runs.
func (v *vectors) clock(now string) {
	v.t.Helper()
	v.stop()
	v.running = v.run(now, "credits,balances")
}

func (v *vectors) stop() {
	v.t.Helper()
	if v.running == nil {
		return
	}
	if err := v.running.Stop(patience); err != nil {
		v.t.Fatal(err)
	}
	v.running = nil
}

func (v *vectors) send(events ...event) {
	v.t.Helper()
	v.history = append(v.history, events...)
	v.feed(events, "vectors")
}

// has compares a member's balance at an instant of the program's clock.
func (v *vectors) has(t *testing.T, member, now string, want balance) {
	t.Helper()
	want.Member = member
	equal(t, member+" at "+now, v.balances(now)[member], want)
}

// entryIDs are the ledger's entries by account: what they are, without seq, time of booking and hash.
func (v *vectors) entryIDs() map[string][]string {
	v.t.Helper()
	out := map[string][]string{}
	for _, r := range v.entries() {
		e := r["value"].(map[string]any)
		account := e["account"].(string)
		out[account] = append(out[account], fmt.Sprint(e["id"], " ", e["kind"]))
	}
	return out
}

// TestPipelineVector runs vectors of semantics.md through everything: events into Kafka, balances out of Redis.
func TestPipelineVector(t *testing.T) {
	accountVectors(t)
	pendingVectors(t)
	retroVectors(t)
	tamperVectors(t)
	timelineVectors(t)
	capVectors(t)
	actVectors(t)
	milestoneVectors(t)
	arithmeticVectors(t)
	lotVectors(t)
	raceVectors(t)
	poolVectors(t)
	killVectors(t)
	lostVectors(t)
	splitVector(t)
	mallVectors(t)
	midnightVector(t)
}

// accountVectors are those of lots, tiers, returns and repeated events.
func accountVectors(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock("2026-03-03T12:00:00+08:00")
	silver := func(member string) event {
		return paid("2026-01-02 10:00:00", member, "silver-"+member, line{"other", 600000})
	}
	v.send(
		paid("2025-05-26 11:00:55", "L1", "L1", line{"basic", 100000}), paid("2024-02-29 10:00:00", "L2", "L2", line{"basic", 100000}),
		paid("2026-01-01 10:00:00", "T", "T0", line{"other", 490000}), paid("2026-03-02 10:00:00", "T", "T1", line{"basic", 300000 / 10}),
		paid("2026-03-03 10:00:00", "T", "T2", line{"basic", 300000 / 10}),
		silver("C1"), silver("C4"), silver("E1"), paid("2026-03-01 10:00:00", "E3", "E3", line{"basic", 900}, line{"basic", 900}),
		nights("2026-03-01 10:00:00", "nights", "E5", 1), registered("2026-03-01 10:00:00", "K6", "K6"),
		paid("2026-03-01 10:00:00", "C6", "C6", line{"basic", 50000}), paid("2026-03-01 10:00:00", "C8", "C8", line{"basic", 50000}),
	)
	t.Run("T1", func(t *testing.T) {
		v.has(t, "T", "2026-03-03T12:00:00+08:00", balance{Available: 30 + 45, Tier: "silver"})
	})
	t.Run("E3", func(t *testing.T) { v.has(t, "E3", "2026-03-03T12:00:00+08:00", balance{Available: 1, Tier: "normal"}) })
	t.Run("E5", func(t *testing.T) {
		v.has(t, "E5", "2026-03-03T12:00:00+08:00", balance{Available: 100, Tier: "normal"})
	})
	t.Run("L1", func(t *testing.T) {
		v.has(t, "L1", "2026-05-26T23:59:59+08:00", balance{Available: 100, Tier: "normal"})
		v.has(t, "L1", "2026-05-27T00:00:00+08:00", balance{Tier: "normal"})
	})
	t.Run("L2", func(t *testing.T) { v.has(t, "L2", "2026-03-03T12:00:00+08:00", balance{Tier: "normal"}) })
	t.Run("T2", func(t *testing.T) {
		v.send(refunded("2026-03-03 11:00:00", "T", "T1", "T1", 30000))
		v.has(t, "T", "2026-03-06T00:00:00+08:00", balance{Available: 45, Tier: "silver"})
	})
	t.Run("T3", func(t *testing.T) {
		v.send(refunded("2026-03-03 11:30:00", "T", "T2", "T2", 30000))
		v.has(t, "T", "2026-03-03T23:59:59+08:00", balance{Tier: "silver"})
		v.has(t, "T", "2026-03-04T00:00:00+08:00", balance{Tier: "normal"})
	})
	v.stop()
	if err := rulesDoubled(v); err != "" {
		t.Fatal(err)
	}
	v.clock("2026-05-27T12:00:00+08:00")
	v.laterVectors(t)
	v.audited()
}

// rulesDoubled publishes a version in which basic goods earn twice as much from April on.
func rulesDoubled(v *vectors) string {
	_, faults, code := v.call("rules", "publish", testdata(v.t, "book-2026-04.yaml"), "--set", "program.now=2026-03-20T12:00:00+08:00")
	if code != 0 {
		return faults
	}
	return ""
}

// laterVectors are those that happen in May, under the second version of the rulebook.
func (v *vectors) laterVectors(t *testing.T) {
	const now = "2026-05-27T12:00:00+08:00"
	e1 := []line{{"basic", 29900}, {"new", 45500}}
	v.send(paid("2026-03-31 23:59:59", "C1", "C1", e1...), paid("2026-03-31 23:59:59", "C4", "C4", e1...), paid("2026-03-31 23:59:59", "E1", "E1", e1...))
	t.Run("E1", func(t *testing.T) { v.has(t, "E1", now, balance{Available: 179, Tier: "silver"}) })
	t.Run("C1", func(t *testing.T) {
		v.send(refunded("2026-05-27 10:00:00", "C1", "C1", "C1", 0, 45500))
		v.has(t, "C1", now, balance{Available: 43, Tier: "silver"})
	})
	t.Run("C4", func(t *testing.T) {
		v.spend("C4", "C4-spend", 150)
		v.has(t, "C4", now, balance{Available: 29, Tier: "silver"})
		v.send(refunded("2026-05-27 10:00:00", "C4", "C4", "C4", 29900, 45500))
		v.has(t, "C4", now, balance{Debt: 150, Tier: "silver"})
		v.send(share("2026-05-27 11:00:00", "s", "C4", "P"), nights("2026-05-27 11:00:00", "n", "C4", 1), // 5 × 10 + 150 = 200
			share("2026-05-27 11:00:00", "s2", "C4", "Q"), share("2026-05-27 11:00:00", "s3", "C4", "R"),
			share("2026-05-27 11:00:00", "s4", "C4", "S"), share("2026-05-27 11:00:00", "s5", "C4", "T"))
		v.has(t, "C4", now, balance{Available: 50, Tier: "silver"})
	})
	t.Run("C6", func(t *testing.T) {
		v.send(paid("2026-05-27 10:00:00", "C6", "C6-new", line{"basic", 50000})) // 100 under the doubled rate
		v.send(refunded("2026-05-27 10:30:00", "C6", "C6", "C6", 50000))
		v.has(t, "C6", now, balance{Available: 100, Tier: "normal"})
	})
	t.Run("C8", func(t *testing.T) {
		back := refunded("2026-05-27 10:00:00", "C8", "C8", "C8", 10000)
		v.send(back, back, back.with("id", "the same return again"))
		v.has(t, "C8", now, balance{Available: 40, Tier: "normal"})
	})
	t.Run("K6", func(t *testing.T) { // its first arrival was 85 days of the program's clock ago
		v.send(registered("2026-03-01 10:00:00", "K6", "K6"))
		v.has(t, "K6", now, balance{Available: 50, Tier: "normal"})
	})
	t.Run("K1", func(t *testing.T) { v.everythingAgain(t) })
}

// everythingAgain is vector K1: every event three times, shuffled across members: nothing changes.
func (v *vectors) everythingAgain(t *testing.T) {
	before := v.entryIDs()
	r := testkit.Rand(t)
	byMember := map[string]history{}
	for range 3 {
		for _, e := range v.history {
			m := e["data"].(map[string]any)["member"].(string)
			byMember[m] = append(byMember[m], e)
		}
	}
	var again history
	for len(byMember) > 0 {
		m := pick(r, byMember)
		again = append(again, byMember[m][0])
		if byMember[m] = byMember[m][1:]; len(byMember[m]) == 0 {
			delete(byMember, m)
		}
	}
	v.feed(again, "vectors")
	equal(t, "entries", v.entryIDs(), before)
}

func pick(r *rand.Rand, byMember map[string]history) string {
	var all []string
	for m := range byMember {
		all = append(all, m)
	}
	slices.Sort(all)
	return all[r.IntN(len(all))]
}
