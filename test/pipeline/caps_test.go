package pipeline_test

import (
	"fmt"
	"testing"
)

// awards are desired and awarded of a member's entries that a rule decided, in their order.
func (in *installation) awards(member string) (all []string) {
	in.t.Helper()
	for _, r := range in.entries() {
		e := r["value"].(map[string]any)
		if x, ok := e["arithmetic"].(map[string]any); ok && e["account"] == "member:"+member && e["kind"] != "REVERSED" {
			all = append(all, fmt.Sprint(x["desired"], " ", x["awarded"], " ", x["bound"]))
		}
	}
	return all
}

// capVectors are those of caps and limits (§8).
func capVectors(t *testing.T) {
	v := program(t, "book-caps.yaml", false)
	v.clock("2026-06-02T00:00:03+08:00")
	t.Run("B1", func(t *testing.T) {
		for i := range 4 {
			v.send(share("2026-06-01 10:00:00", fmt.Sprint("B1-", i), "B1", fmt.Sprint("P", i)))
		}
		v.has(t, "B1", "2026-06-02T00:00:03+08:00", balance{Available: 30, Tier: "normal"})
		equal(t, "desired, awarded", v.awards("B1"), []string{"10 10 <nil>", "10 10 <nil>", "10 10 <nil>", "10 <nil> cap"})
	})
	t.Run("B5", func(t *testing.T) {
		for i := range 3 {
			v.send(share("2026-06-01 10:00:00", fmt.Sprint("B5-", i), "B5", fmt.Sprint("P", i)))
		}
		v.send(share("2026-06-01 23:59:59.9", "B5-late", "B5", "P3"), share("2026-06-02 00:00:00", "B5-next", "B5", "P4"))
		equal(t, "desired, awarded", v.awards("B5")[3:], []string{"10 <nil> cap", "10 10 <nil>"})
		v.has(t, "B5", "2026-06-02T00:00:03+08:00", balance{Available: 40, Tier: "normal"})
	})
	v.clock("2026-06-04T12:00:00+08:00")
	t.Run("limit by product", func(t *testing.T) {
		for day := 1; day <= 3; day++ {
			v.send(share(fmt.Sprintf("2026-06-0%d 10:00:00", day), fmt.Sprint("L", day), "L", "P"))
		}
		equal(t, "desired, awarded", v.awards("L"), []string{"10 10 <nil>", "10 10 <nil>", "10 <nil> limit"})
	})
	t.Run("refunds give back", func(t *testing.T) {
		v.send(
			paid("2026-06-01 10:00:00", "R", "A", line{"basic", 3000}), paid("2026-06-01 11:00:00", "R", "B", line{"basic", 3000}),
			paid("2026-06-01 12:00:00", "R", "C", line{"basic", 3000}), refunded("2026-06-03 10:00:00", "R", "B", "B", 3000),
			paid("2026-06-03 12:00:00", "R", "D", line{"basic", 1500}),
		)
		equal(t, "desired, awarded", v.awards("R"), []string{"30 30 <nil>", "30 20 cap", "30 <nil> limit", "15 15 <nil>"})
		v.has(t, "R", "2026-06-04T12:00:00+08:00", balance{Available: 45, Tier: "normal"})
	})
	t.Run("B2", func(t *testing.T) {
		for i := range 3 { // each asks 10 of the budget of 15; of two shards, so that one waits for the other
			v.send(nights("2026-06-03 10:00:00", fmt.Sprint("B2-", i), "B2", 1))
		}
		equal(t, "desired, awarded", v.awards("B2"), []string{
			"10 10 <nil>", "10 10 <nil>", "10 10 <nil>", "10 5 budget", "10 10 <nil>", "10 <nil> budget",
		})
		v.has(t, "B2", "2026-06-04T12:00:00+08:00", balance{Available: 45, Tier: "normal"})
	})
	t.Run("budgets come back", func(t *testing.T) {
		all := refunded("2026-06-03 12:00:00", "G", "A", "A", 4000)
		v.send(paid("2026-06-03 10:00:00", "G", "A", line{"design", 4000}), all, all)
		v.send(paid("2026-06-03 11:00:00", "H", "B", line{"design", 6000}))
		v.has(t, "G", "2026-06-04T12:00:00+08:00", balance{Tier: "normal"})
		v.has(t, "H", "2026-06-04T12:00:00+08:00", balance{Available: 60 + 100, Tier: "normal"})
	})
	v.audited()
}

// TestNoBudgetIsExceededByManyMembersAtOnce: members of all shards draw on one budget, orders and returns beside each
// other; what they have of it at the end is what the budget gave, and ClickHouse and Redis say so, too.
func TestNoBudgetIsExceededByManyMembersAtOnce(t *testing.T) {
	v := program(t, "book-caps.yaml", true)
	v.running = v.run("2026-06-04T12:00:00+08:00", "credits,balances,analytics")
	var all []event
	for i := range 60 {
		m := fmt.Sprint("m", i)
		all = append(all, paid("2026-06-03 10:00:00", m, m, line{"design", 500}))
		if i%3 == 0 {
			all = append(all, refunded("2026-06-03 11:00:00", m, m, m, 500))
		}
	}
	v.send(all...)
	var extra int64
	for m, b := range v.balances("2026-06-04T12:00:00+08:00") {
		if b.Available != 0 {
			extra += b.Available - 5
		}
		if b.Debt != 0 || b.Available > 15 {
			t.Errorf("%s has %+v", m, b)
		}
	}
	var given int64
	for _, r := range v.entries() {
		e := r["value"].(map[string]any)
		if f, ok := e["budget"].(map[string]any); ok && e["account"] == "campaign:summer" {
			var n int64
			if _, err := fmt.Sscan(fmt.Sprint(f["awarded"]), &n); err != nil {
				t.Fatal(err)
			}
			if given += n; given < 0 || given > 100 {
				t.Fatalf("the budget of 100 gave %d", given)
			}
		}
	}
	equal(t, "what members have of it", extra, given)
	if given < 90 { // returns may come after the others have asked
		t.Logf("the budget gave %d in the end", given)
	}
	v.audited()
	v.stop()
	before := v.balances("2026-06-04T12:00:00+08:00")
	v.must("rebuild")
	equal(t, "rebuilt", v.balances("2026-06-04T12:00:00+08:00"), before)
	v.audited()
}
