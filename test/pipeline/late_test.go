package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"

	"jifen/internal/httpapi"
)

// TestLateEventsNeedTwoPeople: an event that came too late is credited only if one person proposes it and another one
// agrees, once, as history of its own time; from a source that may not backfill, and in structured mode, too.
func TestLateEventsNeedTwoPeople(t *testing.T) {
	in := install(t, false)
	in.publish("book.yaml")
	in.run(ownNow, "credits,balances")
	in.feed(history{
		paid("2026-05-01 10:00:00", "eve", "late", line{"basic", 20000}).with("source", "/shops/elsewhere"),
		paid("2026-05-02 10:00:00", "eve", "never", line{"basic", 30000}),
		paid("2026-06-09 10:00:00", "eve", "yen", line{"basic", 100000}).withData("currency", "JPY"),
		paid("2026-05-03 10:00:00", "fay", "old-yen", line{"basic", 100000}).withData("currency", "JPY"),
	}, "")
	equal(t, "balances before", in.balances(ownNow), map[string]balance{})
	a := in.serve(ownNow)
	list := func(state string) map[string]string {
		status, got := a.call("ann", httpapi.RoleSupport, http.MethodGet, "/v1/late-events"+state, "")
		equal(t, "status of the list", status, http.StatusOK)
		all := map[string]string{}
		for _, e := range got["events"].([]any) {
			e := e.(map[string]any)
			all[e["event"].(string)] = e["id"].(string)
		}
		return all
	}
	waiting := list("?state=waiting")
	equal(t, "those that wait", len(waiting), 3)
	late, never, yen := "/v1/late-events/"+waiting["paid-late"]+"/", "/v1/late-events/"+waiting["paid-never"]+"/", "/v1/late-events/"+waiting["paid-old-yen"]+"/"
	try := func(path, who string, role httpapi.Role, want string) {
		t.Helper()
		status, got := a.call(who, role, http.MethodPost, path, `{"why":"T-1"}`)
		if result := fmt.Sprint(status, " ", first(got["code"], got["state"])); result != want {
			t.Errorf("%s as %s: %s, want %s: %v", path, who, result, want, got)
		}
	}
	try(late+"admission", "bob", httpapi.RoleApprover, "409 not_proposed")
	try(late+"proposal", "m", httpapi.RoleMember, "403 forbidden")
	try("/v1/late-events/shop.orders.v1:0:99999/proposal", "ann", httpapi.RoleSupport, "404 not_found")
	try("/v1/late-events/points.credits.v1:0:0/proposal", "ann", httpapi.RoleSupport, "404 not_found")
	try(yen+"proposal", "ann", httpapi.RoleSupport, "422 event_refused")
	try(late+"proposal", "ann", httpapi.RoleSupport, "200 proposed")
	try(late+"proposal", "ann", httpapi.RoleSupport, "200 proposed")
	try(late+"admission", "ann", httpapi.RoleSupport, "403 forbidden")
	try(late+"admission", "ann", httpapi.RoleApprover, "409 same_person")
	in.drained()
	equal(t, "balances before anybody agreed", in.balances(ownNow), map[string]balance{})
	try(late+"admission", "bob", httpapi.RoleApprover, "200 admitted")
	try(late+"admission", "bob", httpapi.RoleApprover, "200 admitted")
	try(late+"refusal", "bob", httpapi.RoleApprover, "409 decided")
	try(never+"proposal", "ann", httpapi.RoleSupport, "200 proposed")
	try(never+"refusal", "bob", httpapi.RoleApprover, "200 declined")
	try(never+"admission", "cid", httpapi.RoleApprover, "409 decided")
	in.drained()
	equal(t, "balances", in.balances(ownNow), map[string]balance{"eve": {Member: "eve", Available: 20, Tier: "normal"}})
	equal(t, "those that wait", list("?state=waiting"), map[string]string{"paid-old-yen": waiting["paid-old-yen"]})
	again := in.replay("--reason", "TOO_OLD", "--backfill", "mended", "--key", "eve")
	equal(t, "replayed", again.fates(), map[string]int{"TOO_OLD admitted": 1, "TOO_OLD declined": 1})
	in.audited()
}

func first(values ...any) any {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}
