package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"

	"jifen/internal/httpapi"
	"jifen/topics"
)

// TestOperationsTellLagAndAudits: nothing is behind in a pipeline that has done its work; what its stages have not read is
// counted by group and by shard; an audit started over the API finds what somebody changed in Redis.
func TestOperationsTellLagAndAudits(t *testing.T) {
	in := install(t, true)
	in.publish("book.yaml")
	running := in.run(ownNow, "credits,balances,analytics")
	in.feed(history{paid("2026-06-10 10:00:00", "eve", "o1", line{"basic", 20000}), paid("2026-06-10 10:00:00", "fay", "o2", line{"basic", 20000})}, "")
	a := in.serve(ownNow)
	look := func() map[string]any {
		t.Helper()
		status, got := a.call("op", httpapi.RoleOperator, http.MethodGet, "/v1/operations", "")
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, got)
		}
		return got
	}
	lags := func(got map[string]any) map[string]any {
		all := map[string]any{}
		for _, s := range got["stages"].([]any) {
			all[s.(map[string]any)["name"].(string)] = s.(map[string]any)["lag"]
		}
		return all
	}
	in.await("all is through", running, func() bool {
		got := look()
		return lags(got)[topics.GroupCredits] == 0.0 && lags(got)[topics.GroupBalances] == 0.0 && got["clickhouse_lag"] == 0.0 && got["redis_fresh"] == true
	})
	got := look()
	equal(t, "shards, ClickHouse, audit", []any{len(got["shards"].([]any)), got["clickhouse"], got["audit"]}, []any{shards, true, nil})
	for _, group := range []string{topics.GroupCoupons, topics.GroupNotices} {
		if lag, told := lags(got)[group]; told {
			t.Errorf("%s has nothing to do, and a lag of %v", group, lag)
		}
	}
	const milestone = "  milestones:\n    - {id: coupon, when: {available: 5000}, per: calendar_year, coupon: {template: gift}}\n"
	in.publishWith("version: 2024-01", "version: 2024-02", "effective_from: 2024-", "effective_from: 2100-", "  rules:\n", milestone+"  rules:\n")
	in.await("coupons, which nobody runs, are behind", running, func() bool {
		lag, told := lags(look())[topics.GroupCoupons].(float64)
		return told && lag >= 2
	})
	audit := func() map[string]any {
		t.Helper()
		status, got := a.call("op", httpapi.RoleAuditor, http.MethodPost, "/v1/operations/audit", "")
		equal(t, "started", fmt.Sprint(status, got["state"]), "202running")
		in.await("the audit ends", nil, func() bool { return look()["audit"].(map[string]any)["state"] != "running" })
		return look()["audit"].(map[string]any)
	}
	result := audit()
	equal(t, "a sound one", fmt.Sprint(result["state"], result["differences"], result["members"]), "done0 2")
	if err := running.Stop(patience); err != nil {
		t.Fatal(err)
	}
	in.must("produce", in.file("more.jsonl", history{paid("2026-06-10 11:00:00", "eve", "o3", line{"basic", 20000}), paid("2026-06-10 11:00:00", "fay", "o4", line{"basic", 20000})}.text()))
	in.await("two wait", nil, func() bool { return lags(look())[topics.GroupCredits] == 2.0 })
}
