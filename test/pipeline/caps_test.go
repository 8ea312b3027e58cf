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
	v.audited()
}
