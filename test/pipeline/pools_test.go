package pipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

// poolVectors are those of codes and bundles, over HTTP (§5).
func poolVectors(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock(raceNow)
	v.send(nights("2026-03-01 10:00:00", "X6", "X6", 3), nights("2026-03-01 10:00:00", "X10", "X10", 3))
	v.items(
		map[string]any{"id": "card", "kind": "virtual", "fulfilment": "codes", "price": 100, "codes_low": 3, "stock": 9},
		map[string]any{"id": "A", "kind": "service", "price": 10, "stock": 5}, map[string]any{"id": "B", "kind": "service", "price": 10, "stock": 0},
		map[string]any{"id": "AB", "kind": "bundle", "price": 50, "stock": 9, "components": []any{map[string]any{"item": "A", "quantity": 1}, map[string]any{"item": "B", "quantity": 1}}},
		map[string]any{"id": "set", "kind": "bundle", "price": 150, "stock": 9, "components": []any{map[string]any{"item": "A", "quantity": 2}, map[string]any{"item": "card", "quantity": 1}}},
	)
	a := v.serve(raceNow)
	t.Run("X6", func(t *testing.T) { v.emptyPool(t, a) })
	t.Run("X10", func(t *testing.T) {
		v.has(t, "X10", raceNow, balance{Available: 300, Tier: "normal"})
		if got, err := a.redeem("X10", "k", "AB"); err != nil || got.status != http.StatusConflict || got.code != "sold_out" {
			t.Errorf("%+v, %v", got, err)
		}
		v.drained()
		for item, want := range map[string]string{"A": "5 free, 0 reserved, 0 sold", "B": "0 free, 0 reserved, 0 sold", "AB": "9 free, 0 reserved, 0 sold"} {
			equal(t, item, v.stock(item), want)
		}
		v.has(t, "X10", raceNow, balance{Available: 300, Tier: "normal"})
		v.wholeBundle(t, a)
		v.impossibleBundles(t, a)
	})
	v.stop()
	v.audited()
}

func (a *api) upload(item, key, file string) (int, map[string]any) {
	return a.call("mia", httpapi.RoleMerchant, http.MethodPost, "/v1/items/"+item+"/codes", file, "Content-Type", "text/csv", "Idempotency-Key", key)
}

// emptyPool is vector X6; then codes are loaded, read by their owner alone, and stand nowhere in clear.
func (v *vectors) emptyPool(t *testing.T, a *api) {
	if got, err := a.redeem("X6", "k", "card"); err != nil || got.status != http.StatusConflict || got.code != "sold_out" {
		t.Errorf("without a code: %+v, %v", got, err)
	}
	v.has(t, "X6", raceNow, balance{Available: 300, Tier: "normal"})
	status, answer := a.upload("card", "u1", "SECRET-1\nSECRET-2,yesterday\n\nSECRET-1\n")
	a.has(answer, "code", "codes_invalid")
	equal(t, "bad file", fmt.Sprint(status, lines(answer)), "422 [line 2 line 4]")
	_, answer = a.upload("card", "u1", "SECRET-1\nSECRET-2,2026-12-31\n")
	a.has(answer, "loaded left", 2, 2)
	_, answer = a.upload("card", "u1", "SECRET-2,2026-12-31\nSECRET-1\n")
	a.has(answer, "loaded left", 2, 2)
	status, answer = a.upload("card", "u1", "SECRET-7\n")
	equal(t, "the same key, other codes", fmt.Sprintf("%d %v", status, answer["code"]), "422 idempotency_conflict")
	status, answer = a.upload("card", "u2", "SECRET-9\nSECRET-2\n")
	equal(t, "a code that is there", fmt.Sprint(status, lines(answer)), "422 [line 2]")
	if out := v.must("items", "codes", "card", v.file("codes.csv", "code\nSECRET-3\nSECRET-4\n"), "--set", "vault.keys="+v.vault(), "--set", "program.now="+raceNow); out != "2 loaded, 4 left\n" {
		t.Errorf("command: %q", out)
	}
	got, err := a.redeem("X6", "k2", "card")
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("with codes: %+v, %v", got, err)
	}
	path := "/v1/redemptions/" + redemptionIn(t, got.body) + "/codes"
	codes := a.get("X6", path)["codes"].([]any)
	equal(t, "codes", fmt.Sprint(codes), "[map[code:SECRET-2 expires:2026-12-31T16:00:00Z item:card]]")
	status, _ = a.call("X10", httpapi.RoleMember, http.MethodGet, path, "")
	equal(t, "another member", status, http.StatusNotFound)
	status, _ = a.call("mia", httpapi.RoleMerchant, http.MethodGet, path, "")
	equal(t, "staff", status, http.StatusForbidden)
	_, answer = a.call("mia", httpapi.RoleMerchant, http.MethodGet, "/v1/items/card/codes", "")
	a.has(answer, "loaded left taken low", 4, 3, 1, 3)
	v.drained()
	for _, topic := range []string{"points.ledger.v1", "points.requests.v1", "points.audit.v1"} {
		if text := v.must("topics", "cat", topic); strings.Contains(text, "SECRET") {
			t.Errorf("a code stands in %s", topic)
		}
	}
}

// impossibleBundles: what there is not, and a bundle, is in none; it is said when it is set, not when it is redeemed.
func (v *vectors) impossibleBundles(t *testing.T, a *api) {
	for component, want := range map[string]string{"nothing": "there is no item", "set": "is a bundle"} {
		status, answer := a.call("mia", httpapi.RoleMerchant, http.MethodPost, "/v1/items",
			`{"id":"odd","name":{"zh":"怪"},"kind":"bundle","price":5,"components":[{"item":"A","quantity":1},{"item":"`+component+`","quantity":1}]}`)
		if text := fmt.Sprint(status, answer["code"], answer["errors"]); !strings.HasPrefix(text, "422invalid") || !strings.Contains(text, "components[1]: ") || !strings.Contains(text, want) {
			t.Errorf("%s in a bundle: %s", component, text)
		}
		file := v.file("odd.yaml", "apiVersion: jifen/v1\nkind: Items\nitems:\n  - {id: odd, name: {zh: 怪}, kind: bundle, price: 5, stock: 1, components: [{item: "+component+", quantity: 1}]}\n")
		if _, said, code := v.call("items", "apply", file); code != 1 || !strings.Contains(said, "components[0]: ") || !strings.Contains(said, want) {
			t.Errorf("%s in a file's bundle: %d %s", component, code, said)
		}
	}
	if status, _ := a.call("mia", httpapi.RoleMerchant, http.MethodGet, "/v1/catalogue/odd", ""); status != http.StatusNotFound {
		t.Errorf("a bundle that cannot be is there: %d", status)
	}
}

// wholeBundle redeems a bundle that has a code.
func (v *vectors) wholeBundle(t *testing.T, a *api) {
	got, err := a.redeem("X10", "k2", "set")
	if err != nil || got.status != http.StatusCreated {
		t.Fatalf("%+v, %v", got, err)
	}
	codes := a.get("X10", "/v1/redemptions/"+redemptionIn(t, got.body)+"/codes")["codes"].([]any)
	equal(t, "codes", fmt.Sprint(codes), "[map[code:SECRET-1 item:card]]")
	v.drained()
	for item, want := range map[string]string{"A": "3 free, 0 reserved, 2 sold", "card": "2 free, 0 reserved, 2 sold", "set": "8 free, 0 reserved, 1 sold"} {
		equal(t, item, v.stock(item), want)
	}
	v.has(t, "X10", raceNow, balance{Available: 150, Tier: "normal"})
}

func lines(problem map[string]any) (all []string) {
	list, _ := problem["errors"].([]any)
	for _, x := range list {
		all = append(all, fmt.Sprint(x.(map[string]any)["location"]))
	}
	return all
}

// redemptionIn is the id of a redemption in an answer.
func redemptionIn(t *testing.T, body string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `"id":"`)
	id, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		t.Fatalf("no id in %s", body)
	}
	return id
}
