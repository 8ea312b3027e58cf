package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// abuse is a program with abuse rules, share tokens, notices and its API.
func abuse(t *testing.T) (*vectors, *api, func(member, product string) string) {
	t.Helper()
	v := program(t, "book-abuse.yaml", true)
	v.env = append(v.env, "JIFEN_SHARES_KEYS=k1:"+strings.Repeat("s", 32))
	v.running = v.run(socialNow, "credits,balances,notices,analytics")
	a := v.serve(socialNow)
	return v, a, func(member, product string) string {
		t.Helper()
		status, body := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/shares", `{"product":"`+product+`","platform":"wechat"}`)
		equal(t, "status", status, http.StatusCreated)
		return body["token"].(string)
	}
}

// live sends events that are no history.
func (v *vectors) live(events ...event) {
	v.t.Helper()
	v.history = append(v.history, events...)
	v.feed(events, "")
}

// farmed are shares of so many products of a member, a minute apart.
func farmed(member string, n int, token func(member, product string) string) (all []event) {
	for i := range n {
		product := fmt.Sprint("A-", i)
		all = append(all, shared(fmt.Sprintf("2026-06-10 11:%02d:00", i), fmt.Sprint(member, "-s", i), member, product, token(member, product)))
	}
	return all
}

// noticed are the notices of a member about freezes: their kinds, and the points that they are of.
func (in *installation) noticed(member string) (all []string) {
	in.t.Helper()
	for _, r := range in.cat(topics.Notices) {
		e := r["value"].(map[string]any)
		if d := e["data"].(map[string]any); d["member"] == member && d["freeze"] != nil {
			all = append(all, fmt.Sprint(e["type"], " ", d["freeze"], " ", d["points"]))
		}
	}
	return all
}

// TestPipelineAbuse goes the whole way (R30): events → freeze with evidence → redemption refused → the member is told,
// appeals → a person releases it, or two confirm it; and nothing of it happens twice.
func TestPipelineAbuse(t *testing.T) {
	v, a, token := abuse(t)
	v.live(slices.Concat(farmed("ana", 5, token), farmed("ben", 3, token))...)
	v.live(
		paid("2026-06-10 11:59:00", "b1", "B1", line{"basic", 10000}).through(token("cat", "A-1")),
		paid("2026-06-10 11:59:00", "b2", "B2", line{"basic", 10000}).through(token("cat", "A-1")),
		paid("2026-06-10 11:59:00", "dan", "D", line{"basic", 10000}).through(token("dan", "A-1")),
	)
	freezes := a.get2("sue", httpapi.RoleSupport, "/v1/members/ana/freezes")["freezes"].([]any)
	equal(t, "freezes", len(freezes), 1)
	f := freezes[0].(map[string]any)
	a.has(f, "state actor reason evidence", "open", "jifen:abuse", "many-shares", "shop.share.created.v1;count=4;20260610T030000Z/20260610T030300Z")
	id := f["id"].(string)
	v.spend("ana", "r1", 10)
	equal(t, "redemption", v.booked("ana", "REFUSED")[0]["redemption"].(map[string]any)["outcome"], any("frozen"))
	v.has(t, "ana", socialNow, balance{Available: 50, Tier: "normal"})
	v.has(t, "cat", socialNow, balance{Frozen: 100, Tier: "normal"})
	equal(t, "ben", len(v.booked("ben", "FROZEN")), 0)
	equal(t, "dan is only flagged", len(v.booked("dan", "FLAGGED"))-len(v.booked("dan", "FROZEN")), 1)

	a.has(a.post("ana", httpapi.RoleMember, "k1", "/v1/me/freezes/"+id+"/appeal", `{"reference":"letter-1"}`, 201), "appeal", "letter-1")
	a.post("sue", httpapi.RoleSupport, "k2", "/v1/members/ana/freezes/"+id+"/release", `{"reason":"cleared"}`, 201)
	v.spend("ana", "r2", 10)
	v.has(t, "ana", socialNow, balance{Available: 40, Tier: "normal"})
	cats := a.get2("sue", httpapi.RoleSupport, "/v1/members/cat/freezes")["freezes"].([]any)[0].(map[string]any)["id"].(string)
	confirm := a.post("sue", httpapi.RoleSupport, "k3", "/v1/members/cat/adjustments", `{"freeze":"`+cats+`","reason":"farming","evidence":"case-1"}`, 201)
	approve := "/v1/members/cat/adjustments/" + confirm["id"].(string) + "/approve"
	a.post("sue", httpapi.RoleApprover, "k4", approve, "", 409)
	a.post("pat", httpapi.RoleApprover, "k5", approve, "", 201)
	v.has(t, "cat", socialNow, balance{Tier: "normal"})

	v.await("ana is told", v.running, func() bool { return len(v.noticed("ana")) == 2 })
	equal(t, "ana", v.noticed("ana"), []string{"notice.frozen.v1 " + id + " 0", "notice.unfrozen.v1 " + id + " 0"})
	v.await("cat is told", v.running, func() bool { return len(v.noticed("cat")) == 2 })
	equal(t, "cat", v.noticed("cat"), []string{"notice.frozen.v1 " + cats + " 100", "notice.confirmed.v1 " + cats + " 100"})
	v.audited()
	before := v.entryIDs()
	v.everythingAgain(t)
	equal(t, "entries", v.entryIDs(), before)
	equal(t, "acts of rules", v.ruled(), []string{"ana many-shares applied", "cat many-referrals applied"})
	why := a.get2("sue", httpapi.RoleSupport, "/v1/members/ana/entries")["entries"].([]any)
	equal(t, "why", slices.ContainsFunc(why, func(e any) bool {
		text, _ := e.(map[string]any)["explanation"].(string)
		return strings.HasPrefix(text, "account frozen: points cannot be spent (by abuse rule many-shares")
	}), true)
	v.stop()
	v.must("rebuild")
	v.has(t, "ana", socialNow, balance{Available: 40, Tier: "normal"})
	v.audited()
}

// ruled are the acts of rules in points.audit.v1, in order.
func (in *installation) ruled() (all []string) {
	in.t.Helper()
	for _, r := range in.cat(topics.Audit) {
		if x := r["value"].(map[string]any); x["by"] == topics.AbuseActor {
			all = append(all, fmt.Sprint(x["member"], " ", x["reason"], " ", x["outcome"]))
		}
	}
	slices.Sort(all)
	return all
}

// get2 gets something as one of the staff.
func (a *api) get2(who string, role httpapi.Role, path string) map[string]any {
	a.t.Helper()
	status, body := a.call(who, role, http.MethodGet, path, "")
	equal(a.t, path, status, http.StatusOK)
	return body
}

// signedIn is a member at a device.
func signedIn(time, id, member, device string) event {
	return at(time, id, "shop.member.signed_in.v1", map[string]any{"member": member, "device": device})
}

// TestPipelineOneDeviceBehindManyMembers: members on different shards, the device on one of its own; history tells nothing,
// and no device is in the ledger.
func TestPipelineOneDeviceBehindManyMembers(t *testing.T) {
	v, _, _ := abuse(t)
	var all []event
	for i, m := range []string{"ana", "ben", "cat", "dan"} {
		all = append(all,
			paid("2026-06-04 09:00:00", m, "O-"+m, line{"basic", 10000}),
			signedIn(fmt.Sprintf("2026-06-0%d 10:00:00", i+4), m+"-in", m, "phone-1"),
			signedIn("2026-06-05 10:00:00", m+"-alone", m, "phone-of-"+m))
	}
	v.live(all...)
	v.send(signedIn("2026-06-09 10:00:00", "h1", "eva", "phone-1"))
	for _, m := range []string{"ana", "ben", "cat", "dan"} {
		v.has(t, m, socialNow, balance{Frozen: 10, Tier: "normal"})
		equal(t, m+" is frozen once", len(v.booked(m, "FROZEN")), 1)
		v.await(m+" is told", v.running, func() bool { return len(v.noticed(m)) == 1 })
	}
	equal(t, "eva", len(v.booked("eva", "FLAGGED"))+len(v.booked("eva", "FROZEN")), 0)
	v.audited()
	equal(t, "devices", strings.Contains(fmt.Sprint(v.entries()), "phone-"), false)
	v.stop()
	v.must("rebuild")
	v.has(t, "ana", socialNow, balance{Frozen: 10, Tier: "normal"})
	v.audited()
}
