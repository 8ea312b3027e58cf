package pipeline_test

import (
	"os"
	"strings"
	"testing"
)

// publishWith publishes the rulebook of the vectors with some of its text replaced.
func (in *installation) publishWith(oldnew ...string) {
	in.t.Helper()
	text, err := os.ReadFile(testdata(in.t, "book.yaml"))
	if err != nil {
		in.t.Fatal(err)
	}
	changed := strings.NewReplacer(oldnew...).Replace(string(text))
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(string(text), oldnew[i]) {
			in.t.Fatalf("the book has no %q", oldnew[i])
		}
	}
	in.must("rules", "publish", in.file("book.yaml", changed))
}

// TestPipelineTiersOfTheRollingYear are vectors T1 to T4 with 12 months, and what history comes to.
func TestPipelineTiersOfTheRollingYear(t *testing.T) {
	v := &vectors{installation: install(t, true)}
	v.publishWith("calendar_year", "rolling_12_months", "downgrade: best", "downgrade: one_down")
	v.running = v.run("2026-03-03T12:00:00+08:00", "credits,balances,analytics")
	v.send(
		paid("2026-03-01 10:00:00", "T", "T0", line{"other", 490000}), paid("2026-03-02 10:00:00", "T", "T1", line{"basic", 30000}),
		paid("2026-03-03 10:00:00", "T", "T2", line{"basic", 30000}),
		paid("2024-03-01 10:00:00", "H", "H0", line{"other", 2000000}), paid("2025-03-01 10:00:00", "H", "H1", line{"basic", 30000}),
		paid("2026-03-01 10:00:00", "H", "H2", line{"basic", 30000}),
	)
	v.has(t, "T", "2026-03-03T12:00:00+08:00", balance{Available: 30 + 45, Tier: "silver"})
	// Gold until 2025-03-01, silver for a year; 60 are of 2025-03, at gold, and expired at the end of 2026-03-01, 45 of 2026, at silver.
	v.has(t, "H", "2026-03-03T12:00:00+08:00", balance{Available: 45, Tier: "normal"})
	v.has(t, "T", "2027-03-01T23:59:58+08:00", balance{Available: 30 + 45, Tier: "silver"})
	v.has(t, "T", "2027-03-02T00:00:00+08:00", balance{Available: 30 + 45, Tier: "normal"})
	v.send(refunded("2026-03-03 11:00:00", "T", "T1", "T1", 30000))
	v.has(t, "T", "2026-03-06T00:00:00+08:00", balance{Available: 45, Tier: "silver"})
	v.send(refunded("2026-03-03 11:30:00", "T", "T2", "T2", 30000))
	v.has(t, "T", "2026-03-03T23:59:58+08:00", balance{Tier: "silver"})
	v.has(t, "T", "2026-03-04T00:00:00+08:00", balance{Tier: "normal"})
	v.audited()
	v.stop()
	v.must("rebuild")
	v.has(t, "T", "2026-03-04T00:00:00+08:00", balance{Tier: "normal"})
	v.audited()
}

// TestPipelineMembershipRules: tiers of the membership system hold from their time on; one that the book does not have is a
// dead letter.
func TestPipelineMembershipRules(t *testing.T) {
	v := &vectors{installation: install(t, false)}
	v.publishWith("downgrade: best", "ruled_by: membership")
	v.clock("2026-03-03T12:00:00+08:00")
	tier := func(time, id, name string) event {
		return at(time, id, "shop.member.tier_changed.v1", map[string]any{"member": "M", "tier": name})
	}
	v.send(paid("2026-03-01 10:00:00", "M", "M0", line{"basic", 600000}), tier("2026-03-02 10:00:00", "t1", "gold"), tier("2026-03-02 11:00:00", "t2", "platinum"))
	v.send(paid("2026-03-03 10:00:00", "M", "M1", line{"basic", 10000}))
	v.has(t, "M", "2026-03-03T12:00:00+08:00", balance{Available: 600 + 20, Tier: "gold"})
	letters := v.cat("dlq.shop.members.v1")
	if len(letters) != 1 || letters[0]["headers"].(map[string]any)["dlq.reason"] != "RANGE" {
		t.Errorf("dead letters: %v", letters)
	}
	v.audited()
}
