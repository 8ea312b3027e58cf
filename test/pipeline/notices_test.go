package pipeline_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jifen/internal/testkit"
	"jifen/topics"
)

const noticeStages = "credits,balances,notices"

// noticesOf are what a member was told, in order: when, kind, points, and of what day, or both tiers.
func (in *installation) noticesOf(member string) (all []string) {
	in.t.Helper()
	for _, r := range in.cat(topics.Notices) {
		e := r["value"].(map[string]any)
		d := e["data"].(map[string]any)
		if d["member"] != member {
			continue
		}
		text := fmt.Sprint(e["time"], " ", e["type"], " ", d["points"], "/", d["available"], " ", d["expires_at"], " ", d["days"])
		if d["to_tier"] != nil {
			text = fmt.Sprint(e["time"], " ", e["type"], " ", d["tier"], " to ", d["to_tier"], " ", d["expires_at"], " ", d["days"], " ", d["missing"])
		}
		all = append(all, text)
	}
	return all
}

// said are the texts of a member's last notice.
func (in *installation) said(member string) (text []any, items []any) {
	in.t.Helper()
	for _, r := range in.cat(topics.Notices) {
		if d := r["value"].(map[string]any)["data"].(map[string]any); d["member"] == member {
			both := d["text"].(map[string]any)
			text, items = []any{both["zh"], both["en"]}, nil
			for _, i := range d["items"].([]any) {
				items = append(items, i.(map[string]any)["item"])
			}
		}
	}
	return text, items
}

// toldOnce fails unless the notices of the topic are those of the ledger's entries, each id exactly once.
func (in *installation) toldOnce() {
	in.t.Helper()
	var booked, published []string
	for _, r := range in.entries() {
		e := r["value"].(map[string]any)
		if e["notice"] == nil {
			continue
		}
		id, err := base64.StdEncoding.DecodeString(e["id"].(string))
		if err != nil {
			in.t.Fatal(err)
		}
		booked = append(booked, hex.EncodeToString(id))
	}
	in.await("all are told", nil, func() bool { return len(in.cat(topics.Notices)) >= len(booked) })
	for _, r := range in.cat(topics.Notices) {
		published = append(published, r["value"].(map[string]any)["id"].(string))
	}
	slices.Sort(booked)
	slices.Sort(published)
	equal(in.t, "ids published", published, booked)
}

// until starts the pipeline at an instant and waits until a member was told so many things.
func (v *vectors) until(now, member string, told int) {
	v.t.Helper()
	v.stop()
	v.running = v.run(now, noticeStages)
	v.await(fmt.Sprint(member, " is told ", told), v.running, func() bool { return len(v.noticesOf(member)) >= told })
}

// TestPipelineNotices goes through two years of what members are told (R26, R27, R33): of each expiry 30, 7 and 1 days before,
// at the year's end, 30 days before a tier falls, and of points that live on because nobody had told of their expiry.
func TestPipelineNotices(t *testing.T) {
	v := program(t, "book-notices.yaml", false)
	v.running = v.run("2026-05-26T12:00:00+08:00", noticeStages)
	v.items(
		map[string]any{"id": "mug", "price": 300, "stock": 9}, map[string]any{"id": "bag", "price": 900, "stock": 9, "tier_prices": map[string]int{"silver": 800}},
		map[string]any{"id": "car", "price": 5000, "stock": 9}, map[string]any{"id": "gone", "price": 200, "stock": 0},
		map[string]any{"id": "vip", "price": 100, "stock": 9, "tiers": []string{"gold"}},
	)
	v.live(paid("2026-05-26 11:00:55", "ana", "A", line{"basic", 1000000})) // 1000 points until 2027-05-27, silver until 2028
	var crowd history
	for i := range 20 {
		m := fmt.Sprint("crowd-", i)
		crowd = append(crowd, paid("2026-05-26 11:00:55", m, m, line{"basic", 100000}))
	}
	v.live(crowd...)
	v.send(
		paid("2025-06-20 10:00:00", "late", "L", line{"basic", 100000}), // its first notice would have been before today
		paid("2025-05-01 10:00:00", "past", "P", line{"basic", 100000}),
	)
	v.has(t, "past", "2026-05-26T12:00:00+08:00", balance{Tier: "normal"})
	equal(t, "history expires as it would have", len(v.booked("past", "EXPIRED"))+10*len(v.booked("past", "EXTENDED")), 1)

	equal(t, "nobody is told of history", len(v.cat(topics.Notices)), 0)
	v.digests(t)
	v.expiries(t)
	v.until("2027-12-02T00:00:01+08:00", "ana", 5)
	equal(t, "tier", v.noticesOf("ana")[4], "2027-12-01T16:00:00Z notice.tier_fall.v1 silver to normal 2027-12-31T16:00:00Z 30 500000")
	text, items := v.said("ana")
	equal(t, "of the tier", text, []any{"您的等级将于 2028-01-01 由 silver 变为 normal。", "Your tier changes from silver to normal on 2028-01-01."})
	equal(t, "items", len(items), 0)
	equal(t, "past", len(v.noticesOf("past")), 0)
	v.toldOnce()
	v.audited()
}

// digests are those of a year's end, after nothing ran for half a year in which points were to expire untold: these live on
// for a week, and then expire.
func (v *vectors) digests(t *testing.T) {
	v.until("2026-12-01T00:00:01+08:00", "ana", 1)
	v.await("late is told", v.running, func() bool { return len(v.noticesOf("late")) >= 2 })
	equal(t, "ana", v.noticesOf("ana"), []string{"2026-11-30T16:00:00Z notice.digest.v1 1000/1000 2027-05-26T16:00:00Z <nil>"})
	text, items := v.said("ana")
	equal(t, "of the year", text, []any{
		"您现有 1000 积分，其中 1000 积分将在明年年底前到期，最早于 2027-05-26 到期。现在可以兑换：礼品（800 积分）、礼品（300 积分）。",
		"You have 1000 points, of which 1000 expire by the end of next year, the first after 2027-05-26. You could redeem: Gift (800 points), Gift (300 points).",
	})
	equal(t, "items", items, []any{"bag", "mug"})
	late := v.noticesOf("late")
	_, late[0], _ = strings.Cut(late[0], " ") // when, it was noticed
	equal(t, "late", late, []string{
		"notice.expiry.v1 100/100 2026-12-08T16:00:00Z 7", "2026-11-30T16:00:00Z notice.digest.v1 100/100 2026-12-08T16:00:00Z <nil>",
	})
	v.has(t, "late", "2026-12-08T23:59:59+08:00", balance{Available: 100, Tier: "normal"})
	v.has(t, "late", "2026-12-09T00:00:00+08:00", balance{Tier: "normal"})
}

// expiries are the notices of one expiry; each time everything is killed with -9 while they are told, and starts again.
func (v *vectors) expiries(t *testing.T) {
	want := v.noticesOf("ana")
	for _, x := range []struct{ now, point, notice string }{
		{"2027-04-27T00:00:01+08:00", "after_produce", "2027-04-26T16:00:00Z notice.expiry.v1 1000/1000 2027-05-26T16:00:00Z 30"},
		{"2027-05-20T00:00:01+08:00", "before_commit", "2027-05-19T16:00:00Z notice.expiry.v1 1000/1000 2027-05-26T16:00:00Z 7"},
		{"2027-05-26T00:00:01+08:00", "after_commit", "2027-05-25T16:00:00Z notice.expiry.v1 1000/1000 2027-05-26T16:00:00Z 1"},
	} {
		v.stop()
		p := testkit.Run(t, append(v.env, "JIFEN_PROGRAM_NOW="+x.now, "JIFEN_FAILPOINT=notices:"+x.point+":1"),
			testkit.Binary(t, "failpoints"), "run", "--stages", noticeStages)
		v.gone(p, "notices "+x.point)
		want = append(want, x.notice)
		v.until(x.now, "ana", len(want))
		equal(t, "ana at "+x.now, v.noticesOf("ana"), want)
		v.toldOnce()
	}
	text, items := v.said("ana")
	equal(t, "of the expiry", text, []any{
		"您有 1000 积分将到期，最后有效日为 2027-05-26。现在可以兑换：礼品（800 积分）、礼品（300 积分）。",
		"1000 of your points expire; the last day to use them is 2027-05-26. You could redeem: Gift (800 points), Gift (300 points).",
	})
	equal(t, "items", items, []any{"bag", "mug"})
	v.has(t, "ana", "2027-05-27T00:00:00+08:00", balance{Tier: "silver"})
	equal(t, "late lived on once", len(v.booked("late", "EXTENDED")), 1)
	equal(t, "late expired", len(v.booked("late", "EXPIRED")), 1)
}
