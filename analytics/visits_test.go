package analytics_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"jifen/analytics"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func visit(t *testing.T, offset int64, member, page, campaign string, at time.Time) topics.Record {
	t.Helper()
	v := topics.Visit{Member: member, Page: page, Campaign: campaign, At: at}
	r, err := v.Encode(fmt.Sprint("v-", offset))
	if err != nil {
		t.Fatal(err)
	}
	r.Partition, r.Offset = 0, offset
	return r
}

// bought is a redemption, under a campaign or none, so many days from the day.
func bought(seq uint64, member, item, campaign string, points int64, days int) *pointspb.Entry {
	e := entry(seq, member, pointspb.Kind_REDEEMED, available, -points, redeemed, points)
	e.EffectiveAt = day.AddDate(0, 0, days).UnixMilli()
	e.Redemption = &pointspb.RedemptionFacts{Id: fmt.Sprint("r-", seq), Member: member, Item: item, Quantity: 1, Outcome: "applied", Campaign: campaign}
	return e
}

// TestCampaignsShowTheirUplift: visits and redemptions of each day of a campaign beside what the same items were redeemed
// for before; each visit counts once, and those of erased members are gone.
func TestCampaignsShowTheirUplift(t *testing.T) {
	f := start(t)
	feed := analytics.NewFeed(f.Store, shards)
	visits := []topics.Record{
		visit(t, 0, "ana", "home", "sale", day), visit(t, 1, "ana", "item", "sale", day.Add(time.Second)), visit(t, 2, "ben", "item", "sale", day),
		visit(t, 3, "ana", "item", "", day), visit(t, 4, "gone", "item", "sale", day.AddDate(0, 0, 1)), visit(t, 5, "ben", "home", "other", day),
	}
	drain(t, feed, visits)
	drain(t, feed, visits) // read again
	drain(t, feed, ledgerRecords(t, 0, []*pointspb.Entry{
		bought(1, "ana", "mug", "", 100, -29), bought(2, "ana", "mug", "", 100, -28), bought(3, "ben", "mug", "", 100, -1), bought(4, "ben", "bag", "", 900, -1),
		bought(5, "ana", "mug", "sale", 80, 0), bought(6, "ana", "mug", "sale", 80, 0), bought(7, "ben", "mug", "sale", 80, 1), bought(8, "cat", "mug", "", 100, 1),
	}))
	const uplift = "campaign, day, visitors, redeemers, redemptions, points, before_redeemers, before_redemptions, before_points"
	want := "other 2026-05-26 1 0 0 0 0 0 0\nsale 2026-05-26 2 1 2 160 2 2 200\nsale 2026-05-27 1 1 1 80 2 2 200"
	if got := f.text(t, uplift, "v_campaign_uplift ORDER BY campaign, day"); got != want {
		t.Errorf("v_campaign_uplift:\n%s\nwant\n%s", got, want)
	}
	want = "other 2026-05-26 home 1 1\nsale 2026-05-26 home 1 1\nsale 2026-05-26 item 2 2\nsale 2026-05-27 item 1 1"
	if got := f.text(t, "campaign, day, page, views, visitors", "v_campaign_visits ORDER BY campaign, day, page"); got != want {
		t.Errorf("v_campaign_visits:\n%s\nwant\n%s", got, want)
	}
	days, err := f.CampaignDays(t.Context(), day.AddDate(0, 0, 1))
	one := []analytics.CampaignDay{{"sale", day.AddDate(0, 0, 1).Truncate(24 * time.Hour), 1, 1, 1, 80, 2, 2, 200}}
	if err != nil || !slices.EqualFunc(days, one, func(a, b analytics.CampaignDay) bool { return a.Day.Equal(b.Day) && fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("days of campaigns: %v, %v, want %v", days, err, one)
	}
	if got := f.text(t, "seq, campaign", "v_ledger WHERE campaign != '' ORDER BY seq"); got != "5 sale\n6 sale\n7 sale" {
		t.Errorf("campaigns of the ledger:\n%s", got)
	}
	drain(t, feed, ledgerRecords(t, 1, []*pointspb.Entry{{Account: "member:gone", Seq: 1, Kind: pointspb.Kind_ERASED, Id: make([]byte, 16)}}))
	if rows, err := f.ForgetErased(t.Context()); err != nil || rows != 1 {
		t.Errorf("forgotten: %d, %v", rows, err)
	}
	drain(t, feed, []topics.Record{visit(t, 6, "gone", "item", "sale", day.AddDate(0, 0, 1))})
	if n := f.number(t, "SELECT count() FROM shop_events WHERE topic = 'points.visits.v1'"); n != 5 {
		t.Errorf("%d visits are left, want 5", n)
	}
}

// TestItemsShowHowTheyAreWanted (R44): what was redeemed, what came back, and who came when nothing was left.
func TestItemsShowHowTheyAreWanted(t *testing.T) {
	f := start(t)
	of := func(e *pointspb.Entry, kind pointspb.Kind, seq uint64, outcome string, points int64) *pointspb.Entry {
		x := entry(seq, e.Redemption.Member, kind, redeemed, -points, available, points)
		if points == 0 {
			x.Postings = nil
		}
		x.EffectiveAt = e.EffectiveAt
		x.Redemption = &pointspb.RedemptionFacts{Id: e.Redemption.Id, Member: e.Redemption.Member, Item: e.Redemption.Item, Outcome: outcome}
		return x
	}
	pair, one, bag := bought(1, "ana", "mug", "", 200, 0), bought(2, "ana", "mug", "", 100, 0), bought(3, "ben", "bag", "", 900, 1)
	pair.Redemption.Quantity = 2
	drain(t, analytics.NewFeed(f.Store, shards), ledgerRecords(t, 0, []*pointspb.Entry{
		pair, one, bag,
		of(pair, pointspb.Kind_RESTORED, 4, "applied", 100), of(pair, pointspb.Kind_RESTORED, 5, "applied", 100), of(bag, pointspb.Kind_STEPPED, 6, "applied", 0),
		of(bought(7, "cat", "mug", "", 0, 0), pointspb.Kind_REFUSED, 7, "sold_out", 0), of(bought(8, "cat", "mug", "", 0, 0), pointspb.Kind_REFUSED, 8, "sold_out", 0),
		of(bought(9, "cat", "mug", "", 0, 0), pointspb.Kind_REFUSED, 9, "insufficient_points", 0),
	}))
	look := func(offset int64, item, page string, days int) topics.Record {
		v := topics.Visit{Member: "ana", Page: page, Item: item, At: day.AddDate(0, 0, days)}
		r, err := v.Encode(fmt.Sprint("v-", offset))
		if err != nil {
			t.Fatal(err)
		}
		r.Offset = offset
		return r
	}
	drain(t, analytics.NewFeed(f.Store, shards), []topics.Record{look(0, "mug", "item", 0), look(1, "mug", "item", 1), look(2, "mug", "confirm", 1), look(3, "cup", "item", 1)})
	for from, want := range map[int]string{
		0: "[{bag 0 1 1 900 0 0} {cup 1 0 0 0 0 0} {mug 2 2 3 300 1 2}]", 1: "[{bag 0 1 1 900 0 0} {cup 1 0 0 0 0 0} {mug 1 0 0 0 0 0}]",
	} {
		if sums, err := f.ItemSums(t.Context(), day.AddDate(0, 0, from)); err != nil || fmt.Sprint(sums) != want {
			t.Errorf("from day %d: %v, %v, want %s", from, sums, err, want)
		}
	}
	want := "bag 2026-05-27 1 1 1 900 0 0 0 0\nmug 2026-05-26 2 3 1 300 1 200 2 1"
	if got := f.text(t, "item, day, redemptions, units, redeemers, points, returned, points_returned, sold_out, turned_away", "v_item_redemptions ORDER BY item"); got != want {
		t.Errorf("v_item_redemptions:\n%s\nwant\n%s", got, want)
	}
}
