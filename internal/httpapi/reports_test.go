package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (w *world) ItemFigures(_ context.Context, days int) (time.Time, map[string]ItemFigures, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return programNow.AddDate(0, 0, 1-days), w.figures, w.fails
}

func (w *world) CampaignDays(_ context.Context, days int) (time.Time, []CampaignDay, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return programNow.AddDate(0, 0, 1-days), w.campaignDays, w.fails
}

// TestItemsReportHasEveryItem (R44): with its stock and what members think of it, also where nobody wants it.
func TestItemsReportHasEveryItem(t *testing.T) {
	w := mallWorld()
	w.definitions = map[string]Definition{
		"book": {ID: "book", Kind: "physical"}, "pen": {ID: "pen", Kind: "virtual", OnSale: true, Free: 1}, "set": {ID: "set", Kind: "bundle", OnSale: true},
	}
	w.figures = map[string]ItemFigures{"pen": {Views: 9, Redemptions: 2, Units: 3, Points: 27000, Returned: 1, SoldOut: 4}, "set": {Views: 5}}
	w.kept.ratings = []Rating{{Item: "pen", Stars: 4}}
	s := serveWorld(t, w)
	got := s.get("/v1/reports/items?days=7", s.token("mia", RoleMerchant)).expect(t, 200, "").json(t)
	if got["from"] != programNow.AddDate(0, 0, -6).Format(time.DateOnly) {
		t.Errorf("from %v", got["from"])
	}
	var items []string
	for _, x := range got["items"].([]any) {
		items = append(items, x.(map[string]any)["item"].(string))
	}
	if all := strings.Join(items, " "); all != "pen set book" {
		t.Fatalf("items %s", all)
	}
	pen := got["items"].([]any)[0].(map[string]any)
	for name, want := range map[string]any{"views": 9.0, "redemptions": 2.0, "units": 3.0, "points": 27000.0, "returned": 1.0, "sold_out": 4.0, "free": 1.0, "on_sale": true} {
		if pen[name] != want {
			t.Errorf("%s: %v, want %v", name, pen[name], want)
		}
	}
	if r := fmt.Sprint(pen["rating"]); r != "map[average:4.0 count:1]" {
		t.Errorf("rating %s", r)
	}
	s.get("/v1/reports/items?days=0", s.token("mia", RoleMerchant)).expect(t, 422, "invalid")
	s.mu.Lock()
	s.fails = ErrUnavailable
	s.mu.Unlock()
	s.get("/v1/reports/items", s.token("mia", RoleMerchant)).expect(t, http.StatusServiceUnavailable, "unavailable")
}

// TestCampaignsReportHasDaysBesideTheTimeBefore (R58).
func TestCampaignsReportHasDaysBesideTheTimeBefore(t *testing.T) {
	w := mallWorld()
	before := CampaignFigures{Redeemers: 3, Redemptions: 4, Points: 400}
	w.campaignDays = []CampaignDay{
		{"a", programNow, CampaignFigures{Visitors: 5}, CampaignFigures{}},
		{"sale", programNow, CampaignFigures{10, 2, 3, 240}, before},
		{"sale", programNow.AddDate(0, 0, 1), CampaignFigures{8, 1, 1, 80}, before},
	}
	s := serveWorld(t, w)
	got := s.get("/v1/reports/campaigns", s.token("max", RoleMarketing)).expect(t, 200, "").body
	day, next := programNow.Format(time.DateOnly), programNow.AddDate(0, 0, 1).Format(time.DateOnly)
	want := `"campaigns":[{"campaign":"a","days":[{"day":"` + day + `","visitors":5,"redeemers":0,"redemptions":0,"points":0}],"before":{"visitors":0,"redeemers":0,"redemptions":0,"points":0}},` +
		`{"campaign":"sale","days":[{"day":"` + day + `","visitors":10,"redeemers":2,"redemptions":3,"points":240},{"day":"` + next + `","visitors":8,"redeemers":1,"redemptions":1,"points":80}],` +
		`"before":{"visitors":0,"redeemers":3,"redemptions":4,"points":400}}]`
	if !strings.Contains(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}
