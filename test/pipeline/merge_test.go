package pipeline_test

import (
	"net/http"
	"slices"
	"testing"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestMergedMembersAreOne: an offline member turns out to be an online one, on another shard (R68): points, metric, orders
// and seen events go along, whichever id later events name, and after Redis was emptied, too.
func TestMergedMembersAreOne(t *testing.T) {
	v := program(t, "book.yaml", true)
	v.running = v.run("2026-06-10T12:00:00+08:00", "credits,balances,analytics")
	earned := paid("2026-06-09 10:00:00", "offline", "O1", line{"basic", 300000})
	v.send(earned, paid("2026-06-09 11:00:00", "online", "O2", line{"basic", 250000}))
	v.ask(sent("offline", "r-off", 5)...)
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
	check("merged", balance{Available: 500, Tier: "silver"})
	v.send(earned.with("id", "again"), paid("2026-06-10 11:30:00", "offline", "O3", line{"basic", 10000}))
	check("the old id buys, and an order comes again", balance{Available: 515, Tier: "silver"})
	v.send(refunded("2026-06-10 11:40:00", "online", "O1", "R1", 300000))
	check("returned under the new id", balance{Available: 215, Tier: "silver"})
	if err := v.rawRedis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	v.send(paid("2026-06-10 11:50:00", "offline", "O4", line{"basic", 10000}))
	check("after Redis was emptied", balance{Available: 230, Tier: "silver"})
	v.ask(slices.Concat(back("offline", "r-off", "1", 2), back("offline", "r-off", "1", 2))...)
	v.drained() // sent on
	v.ask(slices.Concat(back("online", "r-off", "1", 2), back("online", "r-off", "2", 3), back("online", "r-off", "3", 1))...)
	check("its redemption returned, under either id", balance{Available: 280, Tier: "silver"})
	equal(t, "each once", len(v.booked("online", "RESTORED")), 2)
	v.audited()
	a := v.serve("2026-06-10T12:00:00+08:00")
	status, got := a.call("ann", httpapi.RoleSupport, http.MethodGet, "/v1/members/offline/balance", "")
	equal(t, "where the old one went", []any{status, got["merged_into"]}, []any{200, "online"})
	for path, body := range map[string]string{
		"/v1/members/offline/adjustments": `{"points":5,"reason":"goodwill","evidence":"t"}`,
		"/v1/members/offline/freezes":     `{"scope":"account","reason":"velocity","evidence":"t","review_by":"2026-07-01T00:00:00Z"}`,
	} {
		status, got = a.call("sue", httpapi.RoleSupport, http.MethodPost, path, body, "Idempotency-Key", "k")
		equal(t, path, []any{status, got["code"], got["merged_into"]}, []any{409, "merged", "online"})
	}
	status, got = a.call("sue", httpapi.RoleSupport, http.MethodPost, "/v1/members/online/adjustments", `{"points":5,"reason":"goodwill","evidence":"t"}`, "Idempotency-Key", "k")
	equal(t, "the same key for the new id", []any{status, got["state"]}, []any{201, "applied"})
}

// sent is a redemption of so many units of 10 points that is shipped.
func sent(member, redemption string, units int64) []*pointspb.Request {
	r := debit(member, redemption, 10)
	q := r.GetDebit()
	q.Quantity, q.Parts = units, []*pointspb.Part{{Item: q.Item, Quantity: units, Fulfilment: ledger.FulfilShipping}}
	return []*pointspb.Request{r, step(member, redemption, "shipped", &pointspb.StepFacts{Step: ledger.StepShip, Carrier: "sf", Number: "1"})}
}

// back is a return of units of a redemption that was shipped, and what staff decide about it.
func back(member, redemption, id string, units int64) []*pointspb.Request {
	return []*pointspb.Request{
		step(member, redemption, "ask-"+id, &pointspb.StepFacts{Step: ledger.StepReturn, Kind: ledger.ReturnPoints, Quantity: units}),
		step(member, redemption, "inspect-"+id, &pointspb.StepFacts{Step: ledger.StepInspect, Of: "ask-" + id, Accept: true}),
	}
}

func step(member, redemption, id string, f *pointspb.StepFacts) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: "mia", What: &pointspb.Request_Step{
		Step: &pointspb.StepRequest{Redemption: redemption, Step: f},
	}}
}
