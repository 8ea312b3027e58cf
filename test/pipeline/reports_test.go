package pipeline_test

import (
	"net/http"
	"testing"

	"jifen/internal/httpapi"
)

// TestReportsSayHowItemsAreWanted (R44): looked at, redeemed, asked for when nothing was left, by ClickHouse, beside the stock.
func TestReportsSayHowItemsAreWanted(t *testing.T) {
	const now = "2026-02-20T12:00:00+08:00"
	v := program(t, "book.yaml", true)
	v.run3(now)
	v.send(nights("2026-02-01 10:00:00", "n1", "ana", 1), nights("2026-02-01 10:00:00", "n2", "ben", 1))
	v.items(map[string]any{"id": "cup", "kind": "physical", "price": 60, "stock": 1}, map[string]any{"id": "vase", "kind": "physical", "price": 90, "stock": 4})
	a := v.serve(now)
	a.post("ana", httpapi.RoleMember, "v", "/v1/visits", `{"views":[{"page":"item","item":"cup"},{"page":"item","item":"vase"}]}`, http.StatusAccepted)
	a.bought("ana", "r1", "cup", 1)
	refused := a.post("ben", httpapi.RoleMember, "r2", "/v1/redemptions", `{"item":"cup","quantity":1,"address":`+homeAddress+`}}`, http.StatusConflict)
	a.has(refused, "code", "sold_out")
	figures := map[string]map[string]any{}
	v.await("ClickHouse has them", v.running, func() bool {
		status, report := a.call("mia", httpapi.RoleMerchant, http.MethodGet, "/v1/reports/items?days=1", "")
		if status != http.StatusOK || report["from"] != "2026-02-20" {
			t.Fatalf("%d %v", status, report)
		}
		for _, x := range report["items"].([]any) {
			i := x.(map[string]any)
			figures[i["item"].(string)] = i
		}
		return figures["cup"]["sold_out"] == 1.0 && figures["vase"]["views"] == 1.0
	})
	a.has(figures["cup"], "views redemptions units points returned sold_out free on_sale", 1.0, 1.0, 1.0, 60.0, 0.0, 1.0, 0.0, true)
	a.has(figures["vase"], "views redemptions units points returned sold_out free on_sale", 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 4.0, true)
}
