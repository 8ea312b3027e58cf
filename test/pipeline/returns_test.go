package pipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
)

// bought is a redemption of some units that are sent to an address; it returns the redemption's id.
func (a *api) bought(member, key, item string, quantity int) string {
	a.t.Helper()
	body := fmt.Sprintf(`{"item":%q,"quantity":%d,"address":%s}}`, item, quantity, homeAddress)
	return a.post(member, httpapi.RoleMember, key, "/v1/redemptions", body, http.StatusCreated)["id"].(string)
}

// giveBack returns units of a redemption that was shipped: its member asks for it, and a merchant accepts them.
func (a *api) giveBack(member, redemption, key string, quantity int) map[string]any {
	a.t.Helper()
	asked := a.post(member, httpapi.RoleMember, key, "/v1/redemptions/"+redemption+"/returns", fmt.Sprintf(`{"kind":"return","quantity":%d,"reason":"unwanted"}`, quantity), http.StatusOK)
	all := asked["returns"].([]any)
	return a.inspected(member, redemption, all[len(all)-1].(map[string]any)["id"].(string), key)
}

func (a *api) inspected(member, redemption, id, key string) map[string]any {
	a.t.Helper()
	return a.post("mia", httpapi.RoleMerchant, key, "/v1/redemptions/"+redemption+"/returns/"+id+"/inspection?member="+member, `{"accept":true,"restock":true}`, http.StatusOK)
}

// audited are the newest records of what somebody did, as an auditor reads them.
func (a *api) audited(what string) (all []string) {
	a.t.Helper()
	status, page := a.call("aud", httpapi.RoleAuditor, http.MethodGet, "/v1/audit?what="+what, "")
	if status != http.StatusOK {
		a.t.Fatalf("%d %v", status, page)
	}
	for _, r := range page["records"].([]any) {
		x := r.(map[string]any)
		all = append(all, fmt.Sprint(x["by"], " ", x["outcome"], " ", x["member"], " ", x["of"], " ", x["before"], " ", x["after"]))
	}
	return all
}

// midnightVector is X9: a lot that expires at 00:00 pays until then, what it paid stands, and what is returned the next day has
// the days of grace (§4). The clocks run: one member asks every 100 ms, the last of them after midnight.
func midnightVector(t *testing.T) {
	const (
		begin   = "2026-02-28T23:59:40+08:00"
		nextDay = "2026-03-01T10:00:00+08:00"
		crowd   = 20
	)
	v := program(t, "book.yaml", false)
	started := time.Now()
	v.clock(begin)
	clock := func() time.Time { // that of the owner, or a little before it
		at, err := time.Parse(time.RFC3339, begin)
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(time.Since(started))
	}
	var last history
	for i := range crowd {
		last = append(last, nights("2025-02-28 10:00:00", fmt.Sprint("X9-", i), fmt.Sprint("X9-", i), 1)) // 100 points that expire on 03-01
	}
	v.send(last...)
	v.items(map[string]any{"id": "cup", "kind": "physical", "price": 100, "stock": crowd})
	a := v.serve(clock().Format(time.RFC3339Nano))
	midnight := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC)
	if time.Sleep(midnight.Add(-crowd * 50 * time.Millisecond).Sub(clock())); clock().After(midnight) {
		t.Fatalf("it took until %s to begin", clock())
	}
	paid := v.aroundMidnight(t, a, midnight, crowd)
	v.stop()
	v.clock(nextDay)
	t.Run("X9", func(t *testing.T) { v.returnedTheNextDay(t, nextDay, paid, crowd) })
	v.audited()
}

// aroundMidnight has each member redeem, 100 ms apart, and gives the redemptions that were paid, by member: those that were
// decided before midnight.
func (v *vectors) aroundMidnight(t *testing.T, a *api, midnight time.Time, crowd int) map[string]string {
	t.Helper()
	answers := make([]answered, crowd)
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			var err error
			if answers[i], err = a.redeemed(fmt.Sprint("X9-", i), "k", fmt.Sprintf(`{"item":"cup","quantity":1,"address":%s}}`, homeAddress)); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(100 * time.Millisecond)
	}
	all.Wait()
	v.drained()
	booked := map[string]int64{}
	for _, r := range v.entries() {
		if e := r["value"].(map[string]any); e["kind"] == "REDEEMED" {
			booked[e["redemption"].(map[string]any)["id"].(string)] = number(t, e["effectiveAt"])
		}
	}
	paid := map[string]string{}
	var latest int64
	for i, x := range answers {
		m := fmt.Sprint("X9-", i)
		switch {
		case x.status == http.StatusCreated:
			paid[m] = redemptionIn(t, x.body)
			at := booked[paid[m]]
			if latest = max(latest, at); at == 0 || at >= midnight.UnixMilli() {
				t.Errorf("%s paid %d ms after midnight", m, at-midnight.UnixMilli())
			}
		case x.status != http.StatusConflict || x.code != "insufficient_points":
			t.Errorf("%s: %+v", m, x)
		}
	}
	equal(t, "paid", len(paid), len(booked))
	if t.Logf("%d of %d paid, the last %d ms before midnight", len(paid), crowd, midnight.UnixMilli()-latest); len(paid) == 0 || len(paid) == crowd {
		t.Errorf("%d of %d paid: none before, or none after midnight", len(paid), crowd)
	}
	return paid
}

// returnedTheNextDay returns what was paid with points that would have expired.
func (v *vectors) returnedTheNextDay(t *testing.T, now string, paid map[string]string, crowd int) {
	a := v.serve(now)
	equal(t, "stands", v.stock("cup"), fmt.Sprintf("%d free, 0 reserved, %d sold", crowd-len(paid), len(paid)))
	for m, id := range paid {
		a.has(a.get(m, "/v1/redemptions/"+id), "state points", "created", 100)
		a.step(t, m, id, "shipment", `{"carrier":"sf","number":"1"}`)
		a.has(a.giveBack(m, id, "back", 1), "state", "returned")
	}
	v.drained()
	equal(t, "back in stock", v.stock("cup"), fmt.Sprintf("%d free, 0 reserved, 0 sold", crowd))
	for now, left := range map[string]int64{"2026-03-08T09:59:59+08:00": 100, "2026-03-08T11:00:00+08:00": 0} {
		for m, b := range v.balances(now) {
			want := balance{Member: m, Tier: "normal"}
			if paid[m] != "" {
				want.Available = left
			}
			equal(t, m+" at "+now, b, want)
		}
	}
}

// number is an int64 of protobuf's JSON.
func number(t *testing.T, x any) (n int64) {
	t.Helper()
	if _, err := fmt.Sscan(strings.TrimSpace(fmt.Sprint(x)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}
