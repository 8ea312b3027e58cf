package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// ask sends requests to members' shards and waits until they are decided.
func (in *installation) ask(requests ...*pointspb.Request) {
	in.t.Helper()
	in.submit(requests...)
	in.drained()
}

func freeze(member, id, scope string, reviewBy int64) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: "sue", What: &pointspb.Request_Freeze{Freeze: &pointspb.ActFacts{
		Scope: scope, Reason: "velocity", Evidence: "case-1", ReviewBy: reviewBy,
	}}}
}

func unfreeze(member, id, of string) *pointspb.Request {
	return &pointspb.Request{Account: topics.MemberAccount(member), Id: id, Actor: "ron", What: &pointspb.Request_Unfreeze{Unfreeze: &pointspb.ActFacts{
		Of: of, Reason: "cleared",
	}}}
}

// reviewBy is 2026-04-01T00:00+08:00.
const reviewBy = 1774972800000

// actVectors are those of §10 that requests drive.
func actVectors(t *testing.T) {
	v := program(t, "book.yaml", true)
	v.run3("2026-02-20T12:00:00+08:00")
	v.send(
		nights("2025-02-28 10:00:00", "F1", "F1", 1), // 100 points that expire on 03-01
		nights("2026-02-01 10:00:00", "F2", "F2", 1),
		nights("2025-06-01 10:00:00", "C7-b", "C7", 1), nights("2026-02-01 10:00:00", "C7-a", "C7", 1), // the first expires first
	)
	t.Run("F2", func(t *testing.T) {
		v.ask(freeze("F2", "F2-freeze", ledger.ScopeAccount, reviewBy))
		v.spend("F2", "F2-spend", 10)
		equal(t, "refused", v.booked("F2", "REFUSED")[0]["redemption"].(map[string]any)["outcome"], any("frozen"))
		v.send(nights("2026-02-20 11:00:00", "F2-more", "F2", 1))
		v.has(t, "F2", "2026-02-20T12:00:00+08:00", balance{Available: 200, Tier: "normal"})
	})
	freezes := freeze("F1", "F1-freeze", ledger.ScopeLots, reviewBy)
	v.ask(freezes, freezes)
	v.run3("2026-03-10T10:00:00+08:00")
	t.Run("F1", func(t *testing.T) {
		v.has(t, "F1", "2026-03-10T10:00:00+08:00", balance{Frozen: 100, Tier: "normal"})
		equal(t, "frozen once", len(v.booked("F1", "FROZEN")), 1)
		v.ask(unfreeze("F1", "F1-release", "F1-freeze"))
		v.has(t, "F1", "2026-03-17T23:59:58+08:00", balance{Available: 100, Tier: "normal"}) // the last valid day
		v.has(t, "F1", "2026-03-18T00:00:00+08:00", balance{Tier: "normal"})
	})
	t.Run("C7", func(t *testing.T) { v.returned(t, "2026-03-10T10:00:00+08:00") })
	v.ask(unfreeze("F2", "F2-release", "F2-freeze"))
	v.spend("F2", "F2-spend-again", 10)
	v.has(t, "F2", "2026-03-10T10:00:00+08:00", balance{Available: 190, Tier: "normal"})
	v.audited()
}

// overdue is what the owner's metric says.
func (in *installation) overdue() string {
	in.t.Helper()
	_, n, _ := strings.Cut(in.metric("jifen_freezes_overdue"), " ")
	return n
}

// TestFreezesPastTheirReviewAlarm: the clock finds them, also after a restart, and the metric tells until they are done with.
func TestFreezesPastTheirReviewAlarm(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock("2026-03-31T12:00:00+08:00")
	v.send(nights("2026-02-01 10:00:00", "n", "ana", 1), nights("2026-02-01 10:00:00", "n2", "ben", 1))
	v.ask(freeze("ana", "f1", ledger.ScopeAccount, reviewBy), freeze("ana", "f2", ledger.ScopeLots, reviewBy), freeze("ben", "f3", ledger.ScopeLots, reviewBy+86400000))
	v.clock("2026-04-01T00:00:00+08:00")
	v.await("two are overdue", v.running, func() bool { return v.overdue() == "2" })
	equal(t, "booked once each", len(v.booked("ana", "REVIEW_DUE")), 2)
	v.audited()
	v.clock("2026-04-01T01:00:00+08:00")
	v.await("the next process knows", v.running, func() bool { return v.overdue() == "2" })
	v.ask(unfreeze("ana", "u1", "f1"))
	v.await("one is released", v.running, func() bool { return v.overdue() == "1" })
	v.ask(unfreeze("ana", "u2", "f2"))
	v.await("none is left", v.running, func() bool { return v.overdue() == "0" })
	equal(t, "no more reminders", len(v.booked("ana", "REVIEW_DUE")), 2)
	v.audited()
}

// returned is vector C7: a redemption of 2 units for 120 used 100 of the one lot and 20 of the other; a unit is returned, then more.
func (v *vectors) returned(t *testing.T, now string) {
	v.items(map[string]any{"id": "cup", "kind": "physical", "price": 60, "stock": 2})
	a := v.serve(now)
	id := a.bought("C7", "C7", "cup", 2)
	v.drained()
	v.has(t, "C7", now, balance{Available: 80, Tier: "normal"})
	a.step(t, "C7", id, "shipment", `{"carrier":"sf","number":"1"}`)
	a.giveBack("C7", id, "1", 1)
	a.giveBack("C7", id, "1", 1)
	a.has(a.post("C7", httpapi.RoleMember, "2", "/v1/redemptions/"+id+"/returns", `{"kind":"return","quantity":2,"reason":"unwanted"}`, http.StatusConflict), "code", "too_much")
	v.drained()
	v.has(t, "C7", now, balance{Available: 140, Tier: "normal"})
	restored := v.booked("C7", "RESTORED")
	equal(t, "restored once", len(restored), 1)
	var lots []any
	for _, l := range restored[0]["lots"].([]any) {
		lots = append(lots, l.(map[string]any)["expiresAt"])
	}
	// 2027-02-02 and 2026-06-02 in Shanghai: last consumed first, each with its own expiry
	equal(t, "expiries", lots, []any{"1801497600000", "1780329600000"})
	a.giveBack("C7", id, "3", 1)
	v.drained()
	v.has(t, "C7", now, balance{Available: 200, Tier: "normal"})
}

// run3 is clock with the feed of ClickHouse.
func (v *vectors) run3(now string) {
	v.t.Helper()
	v.stop()
	v.running = v.run(now, "credits,balances,analytics")
}

// post acts as somebody under a key, and checks the status.
func (a *api) post(who string, role httpapi.Role, key, path, body string, status int) map[string]any {
	a.t.Helper()
	got, answer := a.call(who, role, http.MethodPost, path, body, "Idempotency-Key", key)
	if got != status {
		a.t.Fatalf("%s by %s: %d %v", path, who, got, answer)
	}
	return answer
}

// TestFreezesAndAdjustmentsOverHTTP: a freeze with its evidence, an appeal, a large adjustment that takes two, confirmed
// abuse; each once however often it is sent, and each in points.audit.v1 with what it changed.
func TestFreezesAndAdjustmentsOverHTTP(t *testing.T) {
	const now = "2026-02-20T12:00:00+08:00"
	v := program(t, "book.yaml", true)
	v.run3(now)
	v.send(nights("2026-02-01 10:00:00", "n1", "ana", 1), nights("2026-02-01 10:00:00", "n2", "ana", 2))
	a := v.serve(now)
	const freezes, adjustments = "/v1/members/ana/freezes", "/v1/members/ana/adjustments"
	froze := `{"scope":"lots","lots":[2],"reason":"velocity","evidence":"case-1","review_by":"2026-03-20T00:00:00Z"}`
	f := a.post("sue", httpapi.RoleSupport, "k1", freezes, froze, 201)
	equal(t, "again", a.post("sue", httpapi.RoleSupport, "k1", freezes, froze, 201)["id"], f["id"])
	id := f["id"].(string)
	a.has(a.get("ana", "/v1/me/balance"), "available frozen", 100.0, 200.0)
	a.has(a.post("ana", httpapi.RoleMember, "k2", "/v1/me/freezes/"+id+"/appeal", `{"reference":"letter-1"}`, 201), "state appeal", "open", "letter-1")
	large := a.post("sue", httpapi.RoleSupport, "k3", adjustments, `{"points":-1001,"reason":"mistake","evidence":"ticket-7"}`, 201)
	equal(t, "large", large["state"], any("proposed"))
	of := adjustments + "/" + large["id"].(string)
	a.post("sue", httpapi.RoleApprover, "k4", of+"/approve", "", 409)
	a.post("pat", httpapi.RoleApprover, "k5", of+"/decline", `{"reason":"too_much"}`, 201)
	a.post("pat", httpapi.RoleApprover, "k6", of+"/approve", "", 409)
	a.post("sue", httpapi.RoleSupport, "k7", adjustments, `{"points":-30,"reason":"mistake","evidence":"ticket-8"}`, 201)
	confirmed := a.post("sue", httpapi.RoleSupport, "k8", adjustments, `{"freeze":"`+id+`","reason":"farming","evidence":"case-1"}`, 201)
	a.has(confirmed, "state points freeze", "proposed", -200.0, id)
	a.has(a.post("pat", httpapi.RoleApprover, "k9", adjustments+"/"+confirmed["id"].(string)+"/approve", "", 201), "state approver", "applied", "pat")
	a.has(a.get("ana", "/v1/me/balance"), "available frozen debt", 70.0, 0.0, 0.0)
	a.has(a.get("ana", "/v1/me/freezes")["freezes"].([]any)[0].(map[string]any), "state", "confirmed")
	v.has(t, "ana", now, balance{Available: 70, Tier: "normal"})
	var acts []string
	for _, r := range v.cat(topics.Audit) {
		x := r["value"].(map[string]any)
		acts = append(acts, fmt.Sprint(x["by"], " ", x["what"], " ", x["outcome"], " ", x["before"].(map[string]any)["available"], " ", x["after"].(map[string]any)["available"]))
	}
	slices.Sort(acts)
	equal(t, "audited", acts, []string{
		"ana appeal applied 100 100", "pat approve applied 70 70", "pat approve decided 100 100", "pat decline applied 100 100", "sue adjust applied 100 70",
		"sue adjust proposed 100 100", "sue approve same_person 100 100", "sue confirm proposed 70 70", "sue freeze applied 300 100",
	})
	v.audited()
	history := a.get("ana", "/v1/me/entries?limit=1")["entries"].([]any)[0].(map[string]any)
	equal(t, "why", history["explanation"], any("abuse confirmed: 200 frozen points taken (reason: farming)"))
}
