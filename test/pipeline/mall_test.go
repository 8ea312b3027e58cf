package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

// mallVectors are those of prices and rebates, over HTTP (§5).
func mallVectors(t *testing.T) {
	v := program(t, "mall.yaml", false)
	v.clock(raceNow)
	v.send(paid("2026-01-02 10:00:00", "gold", "g", line{"other", 2000000}), paid("2026-01-02 10:00:00", "silver", "s", line{"other", 500000}))
	v.send(nights("2026-03-01 10:00:00", "ng", "gold", 60), nights("2026-03-01 10:00:00", "ns", "silver", 80), nights("2026-03-01 10:00:00", "nn", "normal", 120))
	v.items(
		map[string]any{"id": "night", "price": 10000, "tier_prices": map[string]int{"silver": 8000, "gold": 6000}, "stock": 1000, "zones": []string{"double"}, "fulfilment": "shipping"},
		map[string]any{"id": "book", "price": 999, "stock": 5, "categories": []string{"reading"}, "fulfilment": "manual", "limit": map[string]any{"times": 1, "per": "day"}},
	)
	a := v.serve(raceNow)
	redemptions := map[string]string{}
	redeem := func(t *testing.T, member, item string) map[string]any {
		t.Helper()
		q := a.quoted(t, member, item)
		status, answer := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/redemptions", fmt.Sprintf(`{"item":%q,"quantity":1,"quote":%q,"address":%s}}`, item, q["quote"], homeAddress), "Idempotency-Key", member+item)
		if status != http.StatusCreated {
			t.Fatalf("%s redeems %s: %d %v", member, item, status, answer)
		}
		redemptions[member] = answer["id"].(string)
		return answer
	}
	t.Run("X1", func(t *testing.T) {
		for member, want := range map[string]struct{ list, sale float64 }{"normal": {10000, 8000}, "silver": {8000, 6400}, "gold": {6000, 4800}} {
			item := a.get(member, "/v1/items/night")
			equal(t, member, []any{item["list_points"], item["points"]}, []any{want.list, want.sale})
			equal(t, member+" paid", redeem(t, member, "night")["points"], any(want.sale))
		}
	})
	t.Run("X2", func(t *testing.T) {
		equal(t, "shown", a.get("normal", "/v1/items/book")["points"], any(799.0))
		equal(t, "paid", redeem(t, "normal", "book")["points"], any(799.0))
		equal(t, "once a day", a.get("normal", "/v1/items/book")["obstacle"], any("limit_reached"))
	})
	t.Run("X7", func(t *testing.T) {
		v.drained()
		v.has(t, "gold", raceNow, balance{Available: 12000 - 4800, Pending: 480, Tier: "gold"})
		a.step(t, "gold", redemptions["gold"], "shipment", `{"carrier":"sf","number":"X7"}`)
		a.has(a.giveBack("gold", redemptions["gold"], "X7", 1), "state points", "returned", 4800)
		v.drained()
		equal(t, "restored and taken back", []any{v.postings("gold", "RESTORED", "AVAILABLE"), v.postings("gold", "REBATE_REVERSED", "PENDING")}, []any{[]string{"4800"}, []string{"-480"}})
		v.has(t, "gold", raceNow, balance{Available: 12000, Tier: "gold"})
		equal(t, "audited", a.audited("inspect"), []string{"mia applied gold " + redemptions["gold"] + " map[state:shipped] map[state:returned]"})
	})
	t.Run("X8", func(t *testing.T) {
		text, err := os.ReadFile(testdata(t, "mall.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		book := strings.Replace(string(text), `{rate: "0.05"}`, `{rate: "0.5"}`, 1)
		sent, err := json.Marshal(map[string]any{"yaml": book})
		if err != nil {
			t.Fatal(err)
		}
		status, answer := a.call("mia", httpapi.RoleMarketing, http.MethodPost, "/v1/rules/publish", string(sent))
		if got := fmt.Sprint(status, " ", answer["code"], " ", answer["errors"]); !strings.Contains(got, "422 rules_invalid") || !strings.Contains(got, "line 49,") || !strings.Contains(got, "gives all points back, or more") {
			t.Errorf("published: %s", got)
		}
		out, faults, code := v.call("rules", "lint", v.file("x8.yaml", book))
		if code == 0 || !strings.Contains(out+faults, "x8.yaml:49:") || !strings.Contains(out+faults, "a rebate of 0.5 times 2 gives all points back, or more") {
			t.Errorf("lint: %d %s%s", code, out, faults)
		}
	})
	v.audited()
}

// quoted asks for a quote of one unit.
func (a *api) quoted(t *testing.T, member, item string) map[string]any {
	t.Helper()
	status, q := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/quotes", fmt.Sprintf(`{"item":%q,"quantity":1}`, item))
	if status != http.StatusOK {
		t.Fatalf("quote: %d %v", status, q)
	}
	return q
}
