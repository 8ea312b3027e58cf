package pipeline_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jifen/internal/httpapi"
)

const (
	socialNow = "2026-06-10T12:00:00+08:00"
	pictured  = 1
)

// social is an installation with keys for share tokens, its pipeline and its API.
func social(t *testing.T, analytics bool) (*vectors, func(member, product string) string) {
	t.Helper()
	v := program(t, "book-social.yaml", analytics)
	v.env = append(v.env, "JIFEN_SHARES_KEYS=k1:"+strings.Repeat("s", 32))
	stages := "credits,balances"
	if analytics {
		stages += ",analytics"
	}
	v.running = v.run(socialNow, stages)
	api := v.serve(socialNow)
	return v, func(member, product string) string {
		t.Helper()
		status, body := api.call(member, httpapi.RoleMember, http.MethodPost, "/v1/shares", `{"product":"`+product+`","platform":"wechat"}`)
		equal(t, "status", status, http.StatusCreated)
		return body["token"].(string)
	}
}

// through is the order as it came through a share.
func (e event) through(token string) event { return e.withData("referral", token) }

func shared(time, id, member, product, token string) event {
	return share(time, id, member, product).withData("token", token)
}

func clicked(time, id, sharer, visitor, token string) event {
	return at(time, id, "shop.share.clicked.v1", map[string]any{"member": sharer, "token": token, "visitor": visitor})
}

func illustrated(time, id, member, order string) event {
	return review(time, id, member, order, 15).withData("pictures", pictured)
}

func removal(time, id, member, review string) event {
	return at(time, id, "shop.review.removed.v1", map[string]any{"review": review, "member": member})
}

// rows asks ClickHouse.
func (in *installation) rows(query string) string {
	in.t.Helper()
	res, err := http.Post("http://"+in.engine.Addr()+"/?database=jifen", "text/plain", strings.NewReader(query))
	if err != nil {
		in.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		in.t.Fatalf("%s: %s %s %v", query, res.Status, text, err)
	}
	return string(text)
}

// referrals are what became of the referrals of a member's orders.
func (in *installation) referrals(member string) (all []string) {
	in.t.Helper()
	for _, e := range in.booked(member, "REFERRED") {
		f := e["referral"].(map[string]any)
		outcome := f["outcome"].(string)
		if f["takenBack"] == true {
			outcome += ", taken back"
		}
		all = append(all, outcome)
	}
	return all
}

// TestPipelineReferral is D6 through everything: 50 for the sharer of a friend's first paid order, kept at a partial refund
// and taken back at the full one; a bad token costs the buyer nothing.
func TestPipelineReferral(t *testing.T) {
	v, share := social(t, false)
	has := func(what, member string, available, debt int64) {
		t.Helper()
		b := v.balances(socialNow)[member]
		equal(t, what, []int64{b.Available, b.Pending, b.Debt}, []int64{available, 0, debt})
	}
	token := share("ana", "A-1")
	v.send(
		paid("2026-06-10 11:59:00", "ben", "B", line{"basic", 10000}, line{"basic", 5000}).through(token),
		paid("2026-06-10 11:59:00", "cat", "C", line{"basic", 10000}).through(token[:len(token)-2]+"xx"),
		paid("2026-06-10 11:59:00", "dan", "D1", line{"basic", 10000}), paid("2026-06-10 11:59:00", "dan", "D2", line{"basic", 10000}).through(token),
		paid("2026-06-10 11:59:00", "ana", "A", line{"basic", 10000}).through(token),
	)
	has("ana has 50 of ben's and 10 of her own", "ana", 60, 0)
	has("ben", "ben", 15, 0)
	has("cat", "cat", 10, 0)
	has("dan", "dan", 20, 0)
	for member, want := range map[string]string{"ana": "self", "ben": "applied", "cat": "invalid", "dan": "not_first"} {
		equal(t, member+"'s referral", v.referrals(member), []string{want})
	}
	v.spend("ana", "all", 60)
	v.send(refunded("2026-06-10 11:59:30", "ben", "B", "R1", 10000))
	has("a partial refund leaves ana her points", "ana", 0, 0)
	again := refunded("2026-06-10 11:59:40", "ben", "B", "R2", 0, 5000)
	v.send(again, again)
	has("the full one takes them back", "ana", 0, 50)
	has("and ben's", "ben", 0, 0)
	equal(t, "ben's referral", v.referrals("ben"), []string{"applied", "applied, taken back"})
	v.audited()
	before := v.entryIDs()
	v.everythingAgain(t)
	equal(t, "entries", v.entryIDs(), before)
	v.stop()
	v.must("rebuild")
	has("rebuilt", "ana", 0, 50)
	v.audited()
}

// TestPipelineShares: one credit a member, product and day; a share or click whose token is not the member's own is a dead
// letter; clicks earn nothing. The analysts' view counts them without one's own.
func TestPipelineShares(t *testing.T) {
	v, share := social(t, true)
	one, two := share("ana", "A-1"), share("ana", "A-2")
	v.send(
		shared("2026-06-10 10:00:00", "s1", "ana", "A-1", one), shared("2026-06-10 11:00:00", "s2", "ana", "A-1", one),
		shared("2026-06-09 23:59:59", "s3", "ana", "A-1", one), shared("2026-06-10 10:00:00", "s4", "ana", "A-2", two),
		shared("2026-06-10 10:00:00", "s5", "ben", "A-1", one), shared("2026-06-10 10:00:00", "s6", "ana", "A-3", one),
		shared("2026-06-10 10:00:00", "s7", "ana", "A-1", "t1"),
		clicked("2026-06-10 10:10:00", "c1", "ana", "device-1", one), clicked("2026-06-10 10:20:00", "c2", "ana", "device-1", one),
		clicked("2026-06-10 10:30:00", "c3", "ana", "ana", one), clicked("2026-06-10 10:30:00", "c4", "ana", "ben", one),
		clicked("2026-06-10 10:40:00", "c4", "ana", "ben", one), // the same event again
		clicked("2026-06-10 10:30:00", "c5", "ben", "device-1", one),
		paid("2026-06-10 11:59:00", "ben", "B", line{"basic", 500}).through(one), paid("2026-06-10 11:59:00", "cat", "C", line{"basic", 500}),
	)
	equal(t, "ana", v.balances(socialNow)["ana"], balance{Member: "ana", Available: 3*10 + 50, Tier: "normal"})
	var refused []string
	for _, r := range v.cat("dlq.shop.shares.v1") {
		h := r["headers"].(map[string]any)
		refused = append(refused, fmt.Sprint(h["ce_id"], " ", h["dlq.reason"]))
	}
	slices.Sort(refused)
	equal(t, "dead letters", refused, []string{"c5 SIGNATURE", "s5 SIGNATURE", "s6 SIGNATURE", "s7 SIGNATURE"})
	v.audited()
	// s7 is counted: an unsigned token cannot be told from a signed one there.
	const query = "SELECT product, platform, toString(day), shares, clicks, visitors, orders FROM v_share_exposure ORDER BY product, day FORMAT TSV"
	want := "A-1\twechat\t2026-06-09\t1\t0\t0\t0\nA-1\twechat\t2026-06-10\t3\t3\t2\t1\nA-2\twechat\t2026-06-10\t1\t0\t0\t0\n"
	var got string
	v.await("the view shows all", v.running, func() bool { got = v.rows(query); return got == want })
}

// TestPipelineReviews: a review of what was bought and kept earns once, and not longer than it stands.
func TestPipelineReviews(t *testing.T) {
	v, _ := social(t, false)
	bought := func(member string) event { return paid("2026-06-10 09:00:00", member, "O-"+member, line{"basic", 900}) }
	v.send(bought("ana"), bought("ben"), bought("cat"), bought("dan"), refunded("2026-06-10 09:30:00", "dan", "O-dan", "R", 900))
	v.send(
		illustrated("2026-06-10 10:00:00", "v1", "ana", "O-ana"), illustrated("2026-06-10 10:00:00", "v2", "ana", "O-ben"),
		review("2026-06-10 10:00:00", "v3", "ben", "O-ben", 15), illustrated("2026-06-10 10:00:00", "v4", "dan", "O-dan"),
		removal("2026-06-10 10:30:00", "gone-5", "cat", "v5"), illustrated("2026-06-10 10:00:00", "v5", "cat", "O-cat"),
	)
	points := func() map[string]int64 {
		all := map[string]int64{}
		for member, b := range v.balances(socialNow) {
			all[member] = b.Available - b.Debt
		}
		return all
	}
	equal(t, "published", points(), map[string]int64{"ana": 20, "ben": 0, "cat": 0, "dan": 0})
	equal(t, "cat's came and went", len(v.booked("cat", "REVERSED")), 1)
	v.send(removal("2026-06-10 11:00:00", "gone-1", "ana", "v1"))
	equal(t, "removed", points()["ana"], int64(0))
	v.send(removal("2026-06-10 11:10:00", "gone-1b", "ana", "v1"), illustrated("2026-06-10 11:20:00", "v1", "ana", "O-ana").with("id", "again"),
		illustrated("2026-06-10 11:20:00", "v6", "ana", "O-ana"))
	equal(t, "published again", points()["ana"], int64(0))
	v.audited()
	v.everythingAgain(t)
	v.stop()
	v.must("rebuild")
	equal(t, "rebuilt", points()["ana"], int64(0))
	v.audited()
}
