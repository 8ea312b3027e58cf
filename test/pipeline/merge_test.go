package pipeline_test

import (
	"net/http"
	"testing"

	"jifen/internal/httpapi"
)

// TestMergedMembersAreOne: an offline member turns out to be an online one, on another shard (R68): points, metric, orders
// and seen events go along, whichever id later events name, and after Redis was emptied, too.
func TestMergedMembersAreOne(t *testing.T) {
	v := program(t, "book.yaml", true)
	v.running = v.run("2026-06-10T12:00:00+08:00", "credits,balances,analytics")
	earned := paid("2026-06-09 10:00:00", "offline", "O1", line{"basic", 300000})
	v.send(earned, paid("2026-06-09 11:00:00", "online", "O2", line{"basic", 250000}))
	before := v.balances("2026-06-10T12:00:00+08:00")
	equal(t, "tiers before", []string{before["offline"].Tier, before["online"].Tier}, []string{"normal", "normal"})
	v.send(at("2026-06-10 11:00:00", "merged", "shop.member.merged.v1", map[string]any{"member": "online", "from": "offline"}))
	check := func(what string, online balance) {
		t.Helper()
		v.drained()
		all := v.balances("2026-06-10T12:00:00+08:00")
		online.Member = "online"
		equal(t, what, []balance{all["online"], all["offline"]}, []balance{online, {Member: "offline", Tier: "normal"}})
	}
	check("merged", balance{Available: 550, Tier: "silver"})
	v.send(earned.with("id", "again"), paid("2026-06-10 11:30:00", "offline", "O3", line{"basic", 10000}))
	check("the old id buys, and an order comes again", balance{Available: 565, Tier: "silver"})
	v.send(refunded("2026-06-10 11:40:00", "online", "O1", "R1", 300000))
	check("returned under the new id", balance{Available: 265, Tier: "silver"})
	if err := v.rawRedis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	v.send(paid("2026-06-10 11:50:00", "offline", "O4", line{"basic", 10000}))
	check("after Redis was emptied", balance{Available: 280, Tier: "silver"})
	v.audited()
	a := v.serve("2026-06-10T12:00:00+08:00")
	status, got := a.call("ann", httpapi.RoleSupport, http.MethodGet, "/v1/members/offline/balance", "")
	equal(t, "where the old one went", []any{status, got["merged_into"]}, []any{200, "online"})
}
