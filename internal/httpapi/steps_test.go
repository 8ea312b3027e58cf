package httpapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// stepWorld has a redemption of m1 that was shipped.
func stepWorld() *world {
	w := newWorld()
	w.decided["m1r-1"] = Redemption{
		ID: "r-1", Member: "m1", Item: "night", Quantity: 2, Points: 20, Outcome: "applied", CreatedAt: programNow,
		Life: &Life{
			State: "shipped", Carrier: "sf", Number: "SF1", ShippedAt: programNow, UnitPoints: 10,
			Parts:     []RedemptionPart{{Item: "night", Quantity: 2, Fulfilment: "shipping"}},
			Steps:     []RedemptionStep{{Step: "created", At: programNow}, {Step: "shipped", At: programNow, Actor: "sue"}},
			Obstacles: map[string]string{"cancel": "too_late", "report": "not_possible"},
			Lots:      []LotUse{{Lot: "3", Points: 20}},
		},
	}
	return w
}

// TestStepsOverHTTP: who asks for what, what the owner is asked, and that an answer stays.
func TestStepsOverHTTP(t *testing.T) {
	s := serveWorld(t, stepWorld())
	me, other, shop := s.token("m1", RoleMember), s.token("m2", RoleMember), s.token("mia", RoleMerchant)
	const ret = `{"kind":"return","quantity":1,"reason":"damaged"}`
	s.post("/v1/redemptions/r-1/returns", me, "", ret).expect(t, 400, "idempotency_key_missing")
	s.post("/v1/redemptions/r-1/returns", other, "k", ret).expect(t, 404, "not_found")
	s.post("/v1/redemptions/r-1/returns", shop, "k", ret).expect(t, 403, "forbidden")
	s.post("/v1/redemptions/r-1/returns", me, "k", `{"kind":"return","quantity":1,"reason":"I am Li, call me"}`).expect(t, 422, "invalid")
	s.post("/v1/redemptions/r-1/returns", me, "k", `{"kind":"return","quantity":3,"reason":"damaged"}`).expect(t, 409, "too_much")
	body := s.post("/v1/redemptions/r-1/returns", me, "k", ret).expect(t, 200, "").body
	var r RedemptionBody
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(r.Name, r.State, r.UnitPoints, r.Tracking.Number, len(r.Steps), r.Steps[1].Actor, r.Can, r.Lots[0].Lot); got != "酒店一晚shipped10SF12[return exchange]3" {
		t.Errorf("the body says %s: %s", got, body)
	}
	s.post("/v1/redemptions/r-1/returns", me, "k", ret).expect(t, 200, "")
	s.post("/v1/redemptions/r-1/returns", me, "k", `{"kind":"exchange","quantity":1,"reason":"damaged"}`).expect(t, 422, "idempotency_conflict")
	s.post("/v1/redemptions/r-1/cancel", me, "c", `{}`).expect(t, 409, "too_late")
	s.post("/v1/redemptions/r-1/cancel", me, "c", ``).expect(t, 409, "too_late")
	s.post("/v1/redemptions/r-1/cancel", me, "c", `{"reason":"A b"}`).expect(t, 422, "invalid")
	s.post("/v1/redemptions/r-1/problems", me, "p", `{"reason":"expired"}`).expect(t, 409, "not_possible")
	s.post("/v1/redemptions/r-1/delivery", shop, "d", ``).expect(t, 422, "invalid")
	s.post("/v1/redemptions/r-1/delivery?member=m2", shop, "d", ``).expect(t, 404, "not_found")
	s.post("/v1/redemptions/r-1/delivery?member=m1", shop, "d", ``).expect(t, 200, "")
	s.post("/v1/redemptions/r-1/shipment?member=m1", shop, "s", `{"carrier":"sf","number":"with spaces"}`).expect(t, 422, "invalid")
	s.post("/v1/redemptions/r-1/returns/none/inspection?member=m1", shop, "i", `{"accept":true}`).expect(t, 404, "not_found")
	s.mu.Lock()
	if len(s.steps) != 2 || s.steps[0].Staff || s.steps[0].Actor != "m1" || !s.steps[1].Staff || s.steps[1].Actor != "mia" || s.steps[1].Member != "m1" {
		t.Errorf("asked for %+v", s.steps)
	}
	s.stepEnds = "decided"
	s.mu.Unlock()
	s.post("/v1/redemptions/r-1/fulfilment?member=m1", shop, "f", ``).expect(t, 409, "decided")
	s.mu.Lock()
	s.hold = true
	s.mu.Unlock()
	if a := s.post("/v1/redemptions/r-1/delivery?member=m1", shop, "later", ``); a.status != 202 {
		t.Errorf("not decided: %d %s", a.status, a.body)
	}
}

// TestRedemptionsArePagedNewestFirst, by a cursor that is good for this member and filter alone.
func TestRedemptionsArePagedNewestFirst(t *testing.T) {
	w := newWorld()
	for i := range 5 {
		id := fmt.Sprint("r-", i)
		w.decided["m1"+id] = Redemption{
			ID: id, Member: "m1", Item: "night", Quantity: 1, Outcome: "applied", CreatedAt: programNow.Add(time.Duration(i/2) * time.Minute), Life: &Life{State: "created"},
		}
	}
	w.decided["m1no"] = Redemption{ID: "no", Member: "m1", Item: "night", Outcome: "sold_out", CreatedAt: programNow}
	s := serveWorld(t, w)
	me, other, shop := s.token("m1", RoleMember), s.token("m2", RoleMember), s.token("mia", RoleMerchant)
	for _, path := range []string{"/v1/me/redemptions?limit=2", "/v1/fulfilment?queue=ship&limit=2"} {
		token, seen, cursor := me, "", ""
		if strings.Contains(path, "fulfilment") {
			token = shop
		}
		for range 4 {
			a := s.get(path+cursor, token).expect(t, 200, "")
			var b struct {
				Redemptions []map[string]any
				NextCursor  string `json:"next_cursor"`
			}
			if err := json.Unmarshal([]byte(a.body), &b); err != nil {
				t.Fatal(err)
			}
			for _, r := range b.Redemptions {
				if x, ok := r["redemption"].(map[string]any); ok {
					r = x
				}
				seen += fmt.Sprint(r["id"], " ")
			}
			if cursor = "&cursor=" + b.NextCursor; b.NextCursor == "" {
				break
			}
			s.get(path+"x"+cursor, token).expect(t, 422, "")
			if token == me {
				s.get(path+cursor, other).expect(t, 422, "cursor_invalid")
				s.get(path+"&state=closed"+cursor, me).expect(t, 422, "cursor_invalid")
			}
		}
		if want := map[bool]string{true: "r-4 r-3 r-2 r-1 r-0 ", false: "no r-0 r-1 r-2 r-3 r-4 "}[token == me]; seen != want {
			t.Errorf("%s: %s, want %s", path, seen, want)
		}
	}
	if a := s.get("/v1/me/redemptions?state=refused", me).expect(t, 200, ""); !strings.Contains(a.body, `"no"`) || strings.Contains(a.body, "r-1") {
		t.Errorf("refused ones: %s", a.body)
	}
}

// TestQueuesGoOnBehindWhatIsGone: a redemption that is forgotten while a page is read ends neither the page nor the queue.
func TestQueuesGoOnBehindWhatIsGone(t *testing.T) {
	w := newWorld()
	for i, item := range []string{"night", "forgotten", "night", "night"} {
		id := fmt.Sprint("r-", i)
		w.decided["m1"+id] = Redemption{ID: id, Member: "m1", Item: item, Outcome: "applied", CreatedAt: programNow.Add(time.Duration(i) * time.Minute)}
	}
	s := serveWorld(t, w)
	var seen []string
	for cursor := ""; len(seen) < 9; {
		page := s.get("/v1/fulfilment?queue=ship&limit=2"+cursor, s.token("mia", RoleMerchant)).expect(t, 200, "").json(t)
		for _, x := range page["redemptions"].([]any) {
			seen = append(seen, fmt.Sprint(x.(map[string]any)["redemption"].(map[string]any)["id"]))
		}
		next, more := page["next_cursor"]
		if !more {
			break
		}
		cursor = fmt.Sprint("&cursor=", next)
	}
	if got := strings.Join(seen, " "); got != "r-0 r-2 r-3" {
		t.Errorf("seen %s", got)
	}
}

// TestItemsOfAPageAreReadAtOnce: of redemptions and of their parts, whose names a page has; what is not there, or cannot be
// read, has its id for a name.
func TestItemsOfAPageAreReadAtOnce(t *testing.T) {
	w := newWorld()
	for _, id := range []string{"cup", "tray", "set"} {
		w.catalog[id] = Item{ID: id, NameZH: "名" + id, NameEN: id}
	}
	for id, parts := range map[string][]RedemptionPart{"cup": nil, "gone": nil, "set": {{Item: "cup"}, {Item: "tray"}}} {
		w.decided["m1"+id] = Redemption{ID: id, Member: "m1", Item: id, Quantity: 1, Outcome: "applied", CreatedAt: programNow, Life: &Life{State: "created", Parts: parts}}
	}
	s := serveWorld(t, w)
	names := func() string {
		var all []string
		for _, x := range s.get("/v1/me/redemptions", s.token("m1", RoleMember)).expect(t, 200, "").json(t)["redemptions"].([]any) {
			r := x.(map[string]any)
			all = append(all, fmt.Sprint(r["name"]))
			if parts, ok := r["parts"].([]any); ok && r["id"] == "set" {
				for _, p := range parts {
					all = append(all, fmt.Sprint(p.(map[string]any)["name"]))
				}
			}
		}
		return strings.Join(all, " ")
	}
	if got := names(); got != "名set 名cup 名tray gone 名cup" || w.named != 1 {
		t.Errorf("%q, read %d times", got, w.named)
	}
	s.mu.Lock()
	s.noNames = ErrUnavailable
	s.mu.Unlock()
	if got := names(); got != "set cup tray gone cup" {
		t.Errorf("without the catalogue: %q", got)
	}
	s.get("/v1/me/redemptions", s.token("m2", RoleMember)).expect(t, 200, "")
	if w.named != 2 {
		t.Errorf("a page of nothing reads items: %d", w.named)
	}
}

// TestServicesAreBookedByTheirOwnerAlone: a service by its link, and each service of a bundle by its own (R47).
func TestServicesAreBookedByTheirOwnerAlone(t *testing.T) {
	w := newWorld()
	w.catalog["wash"] = Item{ID: "wash", NameZH: "洗车", ItemDetails: ItemDetails{BookingURL: "https://b/?r={redemption}"}}
	w.catalog["day"] = Item{ID: "day", NameZH: "好日子"}
	for id, parts := range map[string][]RedemptionPart{"wash": {{Item: "wash"}}, "day": {{Item: "day"}, {Item: "wash"}}} {
		w.decided["m1"+id] = Redemption{ID: id, Member: "m1", Item: id, Quantity: 1, Outcome: "applied", Life: &Life{State: "created", Parts: parts}}
	}
	s := serveWorld(t, w)
	for path, want := range map[string]string{
		"wash": "https://b/?r=wash [https://b/?r=wash]", "day": " [ https://b/?r=day]", "day?member=m1": " [ ]",
	} {
		who := s.token("m1", RoleMember)
		if strings.Contains(path, "?") {
			who = s.token("mia", RoleMerchant)
		}
		var r RedemptionBody
		if err := json.Unmarshal([]byte(s.get("/v1/redemptions/"+path, who).expect(t, 200, "").body), &r); err != nil {
			t.Fatal(err)
		}
		var links []string
		for _, p := range r.Parts {
			links = append(links, p.BookingURL)
		}
		if got := fmt.Sprint(r.BookingURL, " ", links); got != want {
			t.Errorf("%s: booked at %s, want %s", path, got, want)
		}
	}
}
