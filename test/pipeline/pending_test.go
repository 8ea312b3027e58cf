package pipeline_test

import (
	"testing"
)

func completed(time, member, order, id string) event {
	return at(time, "completed-"+id, "shop.order.completed.v1", map[string]any{"order": order, "member": member})
}

// booked are the ledger's entries of a member of a kind.
func (in *installation) booked(member, kind string) []map[string]any {
	in.t.Helper()
	var all []map[string]any
	for _, r := range in.entries() {
		if e := r["value"].(map[string]any); e["account"] == "member:"+member && e["kind"] == kind {
			all = append(all, e)
		}
	}
	return all
}

// pendingVectors are those of §3: orders of 43 + 136 points of a silver member.
func pendingVectors(t *testing.T) {
	v := program(t, "book-pending.yaml", false)
	v.clock("2026-06-01T10:00:05+08:00")
	for _, m := range []string{"P1", "P2"} {
		v.send(paid("2026-01-02 10:00:00", m, "silver-"+m, line{"other", 600000}), paid("2026-06-01 10:00:00", m, m, line{"basic", 29900}, line{"new", 45500}))
	}
	v.send(paid("2026-01-02 10:00:00", "P3", "silver-P3", line{"other", 600000}), paid("2026-06-01 10:00:00", "P3", "P3", line{"basic-now", 29900}, line{"new-now", 45500}))
	t.Run("P3", func(t *testing.T) {
		v.has(t, "P3", "2026-06-01T10:00:05+08:00", balance{Available: 179, Tier: "silver"})
	})
	t.Run("P1", func(t *testing.T) {
		v.has(t, "P1", "2026-06-01T10:00:05+08:00", balance{Pending: 179, Tier: "silver"})
		v.has(t, "P1", "2026-06-08T09:59:58+08:00", balance{Pending: 179, Tier: "silver"}) // the command's clock runs on
		v.has(t, "P1", "2026-06-08T10:00:00+08:00", balance{Available: 179, Tier: "silver"})
		v.spend("P1", "P1-too-early", 1)
		equal(t, "refused", v.booked("P1", "REFUSED")[0]["redemption"].(map[string]any)["outcome"], any("insufficient_points"))
	})
	v.clock("2026-06-05T12:00:00+08:00")
	t.Run("P2", func(t *testing.T) {
		v.send(refunded("2026-06-05 10:00:00", "P2", "P2", "P2", 0, 45500))
		v.has(t, "P2", "2026-06-05T12:00:00+08:00", balance{Pending: 43, Tier: "silver"})
		v.has(t, "P2", "2026-06-08T10:00:00+08:00", balance{Available: 43, Tier: "silver"})
	})
	v.clock("2026-06-09T12:00:00+08:00")
	t.Run("P1/booked", func(t *testing.T) { // the clock's own work, without any event
		v.await("the activations are booked", v.running, func() bool { return len(v.booked("P1", "ACTIVATED")) == 2 })
		for _, e := range v.booked("P1", "ACTIVATED") {
			equal(t, "dated", e["effectiveAt"], any("1780884000000")) // 2026-06-08T10:00+08:00
		}
		v.spend("P1", "P1-all", 179)
		v.has(t, "P1", "2026-06-09T12:00:00+08:00", balance{Tier: "silver"})
	})
	v.audited()
}

// TestOrdersThatAreCompleted: what waits for that becomes spendable at its instant, once, whatever comes first, and counts
// in the tier metric from then on (§3). ClickHouse and Redis say what the ledger says.
func TestOrdersThatAreCompleted(t *testing.T) {
	v := program(t, "book-pending.yaml", true)
	v.running = v.run("2026-06-10T12:00:00+08:00", "credits,balances,analytics")
	done := completed("2026-06-09 10:00:00", "ana", "A", "A")
	v.send(
		paid("2026-06-05 10:00:00", "ana", "A", line{"design", 600000}), done, done, done.with("id", "completed twice"),
		completed("2026-06-08 10:00:00", "ben", "B", "B"), refunded("2026-06-08 11:00:00", "ben", "B", "R", 100000),
		paid("2026-06-05 10:00:00", "ben", "B", line{"design", 600000}),
		paid("2026-06-05 10:00:00", "cat", "C", line{"design", 600000}), completed("2026-06-09 10:00:00", "cat", "another", "C"),
		paid("2026-06-05 10:00:00", "dan", "D", line{"design", 600000}), refunded("2026-06-08 11:00:00", "dan", "D", "S", 600000),
		completed("2026-06-09 10:00:00", "dan", "D", "D"),
	)
	want := map[string]balance{
		"ana": {Member: "ana", Available: 600, Tier: "silver"},
		"ben": {Member: "ben", Available: 500, Tier: "silver"},
		"cat": {Member: "cat", Pending: 600, Tier: "normal"},
		"dan": {Member: "dan", Tier: "normal"},
	}
	equal(t, "balances", v.balances("2026-06-10T12:00:00+08:00"), want)
	equal(t, "activated", len(v.booked("ana", "ACTIVATED")), 1)
	equal(t, "active from", v.booked("ana", "ACTIVATED")[0]["effectiveAt"], any("1780970400000")) // 2026-06-09T10:00+08:00
	equal(t, "no debt, and nothing else", len(v.booked("dan", "ACTIVATED")), 0)
	v.audited()
	v.stop()
	v.must("rebuild")
	equal(t, "rebuilt", v.balances("2026-06-10T12:00:00+08:00"), want)
	v.audited()
}
