package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/ledger"
	"jifen/topics"
)

// mall serves a world with a book and four items.
func mall(t *testing.T) *server { return serveWorld(t, mallWorld()) }

func mallWorld() *world {
	w := newWorld()
	w.book = mallBook()
	w.catalog["book"] = Item{ID: "book", NameZH: "书", NameEN: "Book", Kind: "physical", BasePrice: 999, OnSale: true, Free: 3, ItemDetails: ItemDetails{
		Categories: []string{"home"}, Zones: []string{"double"}, Since: programNow, Fulfilment: "shipping", DescriptionZH: "一本书",
	}}
	w.catalog["pen"] = Item{ID: "pen", NameZH: "笔", NameEN: "Pen", Kind: "virtual", BasePrice: 9000, OnSale: true, Free: 1, LimitPerMember: 1, ItemDetails: ItemDetails{Fulfilment: "codes", Categories: []string{"desk"}}}
	w.catalog["gone"] = Item{ID: "gone", BasePrice: 1, OnSale: true, Free: 1, ItemDetails: ItemDetails{SaleTo: programNow}}
	w.catalog["set"] = Item{ID: "set", NameZH: "套装", NameEN: "Set", Kind: "bundle", BasePrice: 500, OnSale: true, Tiers: []string{"silver"}, Free: 9, ItemDetails: ItemDetails{
		Fulfilment: "bundle", Components: []ComponentBody{{Item: "pen", Quantity: 2}},
	}}
	return w
}

// ids are those of a list of items, with their obstacles.
func (a answer) ids(t *testing.T) string {
	t.Helper()
	var all []string
	for _, x := range a.expect(t, 200, "").json(t)["items"].([]any) {
		m := x.(map[string]any)
		id := fmt.Sprint(m["id"])
		if o, ok := m["obstacle"]; ok {
			id += ":" + fmt.Sprint(o)
		}
		all = append(all, id)
	}
	return strings.Join(all, " ")
}

// TestItemsAreListedFilteredAndSorted, each with what stands against the caller's redeeming it.
func TestItemsAreListedFilteredAndSorted(t *testing.T) {
	s := mall(t)
	tok := s.token("m1", RoleMember)
	for query, want := range map[string]string{
		"":                      "book set:tier_required pen:insufficient_points night",
		"?sort=points":          "set:tier_required book night pen:insufficient_points",
		"?sort=-points":         "pen:insufficient_points night book set:tier_required",
		"?sort=new":             "book night pen:insufficient_points set:tier_required",
		"?category=home":        "book",
		"?kind=bundle":          "set:tier_required",
		"?zone=double":          "book",
		"?affordable=true":      "book night",
		"?q=%E4%B8%80%E6%9C%AC": "book",
		"?q=PEN":                "pen:insufficient_points",
	} {
		if got := s.get("/v1/items"+query, tok).ids(t); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	s.get("/v1/items?sort=price", tok).expect(t, 422, "invalid")
	first := s.get("/v1/items?limit=3", tok)
	if got := first.ids(t); got != "book set:tier_required pen:insufficient_points" {
		t.Error(got)
	}
	next, _ := first.json(t)["next_cursor"].(string)
	second := s.get("/v1/items?limit=3&cursor="+next, tok)
	if got := second.ids(t); got != "night" || strings.Contains(second.body, "next_cursor") {
		t.Error(second.body)
	}
	s.get("/v1/items?limit=3&kind=bundle&cursor="+next, tok).expect(t, 422, "cursor_invalid")
	if d := cmp.Diff(first.json(t)["categories"], []any{"desk", "home"}); d != "" {
		t.Error(d)
	}
}

// TestItemHasItsPriceCampaignAndRebate: vectors X1 and X2 as the mall shows them.
func TestItemHasItsPriceCampaignAndRebate(t *testing.T) {
	s := mall(t)
	got := s.get("/v1/items/book", s.token("m1", RoleMember), "Accept-Language", "en").expect(t, 200, "").json(t)
	want := map[string]any{
		"id": "book", "name": "Book", "kind": "physical", "description": "一本书", "pictures": []any{}, "categories": []any{"home"}, "zones": []any{"double"},
		"points": 799.0, "list_points": 999.0, "base_points": 999.0, "price_version": 0.0, "rebate_points": 79.0, "stock": 3.0, "on_sale": true, "tiers": []any{},
		"limit_per_member": 0.0, "fulfilment": "shipping", "components": []any{},
		"campaign": map[string]any{"id": "sale", "name": "Anniversary", "price": "0.8", "to": "2026-06-04T02:00:00Z"},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	set := s.get("/v1/items/set", s.token("m1", RoleMember)).expect(t, 200, "").json(t)
	if d := cmp.Diff(set["components"], []any{map[string]any{"item": "pen", "name": "笔", "quantity": 2.0}}); d != "" {
		t.Error(d)
	}
	q := s.send(http.MethodPost, "/v1/quotes", s.token("m1", RoleMember), `{"item":"book","quantity":2}`).expect(t, 200, "").json(t)
	if q["points"] != 1598.0 || q["unit_points"] != 799.0 || q["list_points"] != 999.0 || q["rebate_points"] != 159.0 {
		t.Errorf("quote %v", q)
	}
}

// TestObstaclesComeInTheLedgersOrder, each with what would remove it.
func TestObstaclesComeInTheLedgersOrder(t *testing.T) {
	s := mall(t)
	tok := s.token("m1", RoleMember)
	see := func(want string) {
		t.Helper()
		if got := s.get("/v1/items/pen", tok).expect(t, 200, "").json(t); got["obstacle"] != want {
			t.Errorf("%v, want %s", got["obstacle"], want)
		}
	}
	got := s.get("/v1/items/pen", tok).json(t)
	if got["missing_points"] != 1200.0 || got["limit_per"] != "ever" {
		t.Errorf("%v", got)
	}
	s.balances["m1"] = Balance{Member: "m1", Debt: 5, Tier: "gold"}
	see("debt")
	s.balances["m1"] = Balance{Member: "m1", Debt: 5, Tier: "gold", Blocked: true}
	see("frozen")
	s.taken = map[string]int64{"pen": 1}
	see("limit_reached")
	i := s.catalog["pen"]
	i.Tiers = []string{"silver"}
	s.catalog["pen"] = i
	see("tier_required")
	i.Free = 0
	s.catalog["pen"] = i
	see("sold_out")
	i.OnSale = false
	s.catalog["pen"] = i
	see("not_on_sale")
}

func TestCampaignsRunOrSoonWill(t *testing.T) {
	s := mall(t)
	got := s.get("/v1/campaigns", s.token("m1", RoleMember)).expect(t, 200, "").json(t)["campaigns"]
	want := []any{
		map[string]any{"id": "sale", "on": "redeem", "name": "周年庆", "state": "running", "to": "2026-06-04T02:00:00Z", "price": "0.8", "items": []any{"book", "pen"}, "entrance": true, "picture": "/pictures/sale.svg"},
		map[string]any{"id": "soon", "on": "redeem", "name": "soon", "state": "upcoming", "from": "2026-06-02T02:00:00Z", "price": "0.5", "items": "all", "entrance": false},
		map[string]any{"id": "double", "on": "redeem", "name": "double", "state": "running", "rebate_multiplier": "2", "items": "all", "zone": "double", "entrance": false},
		map[string]any{"id": "june", "on": "earn", "name": "june", "state": "running", "multiplier": "2", "entrance": false},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	s.book = nil
	if got := s.get("/v1/campaigns", s.token("m1", RoleMember)).expect(t, 200, "").body; got != "{\"campaigns\":[]}\n" {
		t.Error(got)
	}
}

func TestEarningIsInPlainWords(t *testing.T) {
	s := mall(t)
	chinese := s.get("/v1/earning", s.token("m1", RoleMember)).expect(t, 200, "").json(t)
	want := map[string]any{
		"version": "2026-06", "timezone": "CST", "metric": "spend", "validity": map[string]any{"text": "积分自可用之日起 1 年内有效"},
		"rules": []any{
			map[string]any{"id": "basic", "on": "shop.order.paid.v1", "text": "购物：每满 10.00 CNY 得 1 分；商品类别：basic；按会员等级倍数计算；7 天后可用"},
			map[string]any{"id": "share", "on": "shop.share.created.v1", "text": "分享商品：10 分；每天最多 30 分；每件商品每天限 1 次"},
		},
		"campaigns": []any{map[string]any{"id": "june", "name": "june", "text": "june：basic 积分 ×2；积分总量有限，发完为止"}},
		"tiers":     []any{map[string]any{"id": "normal", "from": 0.0, "multiplier": "1"}, map[string]any{"id": "silver", "from": 500000.0, "multiplier": "1.5"}},
	}
	if d := cmp.Diff(chinese, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	english := s.get("/v1/earning", s.token("m1", RoleMember), "Accept-Language", "en").expect(t, 200, "").body
	for _, words := range []string{
		"Shopping: 1 point for every full 10.00 CNY; categories: basic; times the multiplier of your tier; to be spent after 7 days",
		"Sharing a product: 10 points; at most 30 points a day; 1 time a day for each product", "points are good for 1 year",
	} {
		if !strings.Contains(english, words) {
			t.Errorf("no %q in %s", words, english)
		}
	}
}

// TestEveryWayToEarnHasWords: no rule of any kind is shown as its event type alone.
func TestEveryWayToEarnHasWords(t *testing.T) {
	for _, on := range []string{
		topics.TypeOrderPaid, topics.TypeShareCreated, topics.TypeReviewPublished, topics.TypeRegistered, topics.TypeProfileCompleted, topics.TypeSurveyCompleted, topics.TypeSignedIn, topics.TypeActivity,
	} {
		for _, l := range []lang{zh, en} {
			if got := occasion(l, &topics.Rule{On: on}); got == on || got == "" {
				t.Errorf("%s: %q", on, got)
			}
		}
	}
}

func TestTierSaysWhatRaisesAndKeepsIt(t *testing.T) {
	s := mall(t)
	s.standing = &ledger.TierStanding{
		Tier: "normal", Value: 120000, Next: &s.book.Tiers.Levels[1], NextMissing: 380000, KeepUntil: programNow.AddDate(1, 0, 0).UnixMilli(), KeepMissing: 7, Since: programNow.Add(-time.Hour).UnixMilli(),
	}
	got := s.get("/v1/me/tier", s.token("m1", RoleMember)).expect(t, 200, "").json(t)
	want := map[string]any{
		"tier": "normal", "since": "2026-06-01T01:00:00Z", "metric": "spend", "value": 120000.0, "currency": "CNY", "next": map[string]any{"tier": "silver", "from": 500000.0, "missing": 380000.0},
		"keep":   map[string]any{"until": "2027-06-01T02:00:00Z", "missing": 7.0},
		"levels": []any{map[string]any{"id": "normal", "from": 0.0, "multiplier": "1"}, map[string]any{"id": "silver", "from": 500000.0, "multiplier": "1.5"}},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
}

// TestItemsAreEditedByWhoSawThem: creation, merge patches under If-Match, and stock under a key.
func TestItemsAreEditedByWhoSawThem(t *testing.T) {
	s := mall(t)
	tok := s.token("mia", RoleMerchant)
	made := s.send(http.MethodPost, "/v1/items", tok, `{"id":"cup","kind":"physical","price":30,"stock":5,"name":{"zh":"杯"},"categories":[],"on_sale":true}`).expect(t, 201, "")
	tag := made.header.Get("ETag")
	if s.changes[0].Actor != "mia" || !s.changes[0].Create || strings.Contains(string(s.changes[0].Definition), "categories") || tag == "" {
		t.Errorf("%+v %s", s.changes[0], s.changes[0].Definition)
	}
	s.send(http.MethodPost, "/v1/items", tok, `{"id":"cup","kind":"physical","price":30}`).expect(t, 409, "exists")
	s.send(http.MethodPost, "/v1/items", tok, `{"kind":"physical","price":30}`).expect(t, 422, "invalid")
	if a := s.send(http.MethodPost, "/v1/items", tok, `{"id":"x","kind":"physical","price":-1}`).expect(t, 422, "invalid"); !strings.Contains(a.body, "price: -1 is out of range") {
		t.Error(a.body)
	}
	s.send(http.MethodPatch, "/v1/items/cup", tok, `{"price":40}`).expect(t, 428, "precondition_required")
	s.send(http.MethodPatch, "/v1/items/cup", tok, `{"price":40}`, "If-Match", `"00"`).expect(t, 412, "precondition_failed")
	s.send(http.MethodPatch, "/v1/items/none", tok, `{"price":40}`, "If-Match", tag).expect(t, 404, "not_found")
	s.send(http.MethodPatch, "/v1/items/cup", tok, `{"stock":40}`, "If-Match", tag).expect(t, 422, "invalid")
	s.send(http.MethodPatch, "/v1/items/cup", tok, `{"id":"mug"}`, "If-Match", tag).expect(t, 422, "invalid")
	changed := s.send(http.MethodPatch, "/v1/items/cup", tok, `{"price":40,"name":{"en":"Cup"},"on_sale":false}`, "If-Match", tag).expect(t, 200, "")
	if d := cmp.Diff(changed.json(t)["name"], map[string]any{"zh": "杯", "en": "Cup"}); d != "" || changed.json(t)["price"] != 40.0 || changed.json(t)["stock"] != 5.0 || changed.header.Get("ETag") == tag {
		t.Errorf("%s %s", d, changed.body)
	}
	s.send(http.MethodPatch, "/v1/items/cup", tok, `{"price":50}`, "If-Match", tag).expect(t, 412, "precondition_failed")
	stock := func(body string, status int, code string) answer {
		t.Helper()
		return s.send(http.MethodPost, "/v1/items/cup/stock", tok, body, "Idempotency-Key", "k").expect(t, status, code)
	}
	s.send(http.MethodPost, "/v1/items/cup/stock", tok, `{"add":3,"reason":"delivery"}`).expect(t, 400, "idempotency_key_missing")
	if a := stock(`{"add":3,"reason":"delivery"}`, 200, ""); a.json(t)["free"] != 8.0 {
		t.Error(a.body)
	}
	stock(`{"add":-9,"reason":"recount"}`, 409, "stock_too_small")
	stock(`{"add":0,"reason":"recount"}`, 422, "invalid")
	stock(`{"add":1,"reason":"call 0 181 1234"}`, 422, "invalid")
	a, b := s.changes[len(s.changes)-1], s.changes[len(s.changes)-2]
	if a.ID != b.ID || a.ID == "" {
		t.Errorf("one key, two requests: %q and %q", a.ID, b.ID)
	}
	s.get("/v1/catalogue/cup", s.token("max", RoleMarketing)).expect(t, 200, "")
	s.send(http.MethodPatch, "/v1/items/cup", s.token("max", RoleMarketing), `{"price":1}`, "If-Match", tag).expect(t, 403, "forbidden")
	if got := s.get("/v1/catalogue?limit=1", tok).expect(t, 200, "").json(t)["items"].([]any); len(got) != 1 {
		t.Errorf("%v", got)
	}
}
