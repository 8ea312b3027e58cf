package analytics_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/analytics"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func ledgerRecords(t testing.TB, shard int32, entries []*pointspb.Entry) []topics.Record {
	t.Helper()
	var out []topics.Record
	for _, r := range records(shard, entries) {
		value, err := r.Entry.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, topics.Record{Topic: topics.Ledger, Partition: shard, Offset: r.Offset, Key: []byte(r.Entry.GetAccount()), Value: value})
	}
	return out
}

func paid(partition int32, offset int64, id string) topics.Record {
	return topics.Record{
		Topic: topics.Orders, Partition: partition, Offset: offset, Key: []byte("m1"),
		Value: []byte(`{"order":"O1","member":"m1","store":"SH01","channel":"pos","currency":"CNY","lines":[{"line":"1","net":29900},{"line":"2","net":45500}],"freight":1000}`),
		Headers: []topics.Header{
			{Key: "ce_specversion", Value: []byte("1.0")},
			{Key: "CE_ID", Value: []byte(id)},
			{Key: "ce_source", Value: []byte("/shops/sh01")},
			{Key: "ce_type", Value: []byte(topics.TypeOrderPaid)},
			{Key: "ce_time", Value: []byte("2026-05-26T23:30:00+08:00")},
			{Key: "content-type", Value: []byte("application/json")},
		},
	}
}

func TestFeedWritesEachRecordOnceInAnyMixture(t *testing.T) {
	f, ctx := start(t), context.Background()
	feed := analytics.NewFeed(f.Store, shards)
	all := append(ledgerRecords(t, 0, history("m1")), ledgerRecords(t, 3, history("m2"))...)
	all = append(all, paid(0, 10, "e-1"), paid(1, 4, "e-2"))
	if err := feed.Handle(ctx, all[:5]); err != nil {
		t.Fatal(err)
	}
	if err := feed.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	again := analytics.NewFeed(f.reopen(t), shards) // restarted: it is given everything again
	for range 2 {
		if err := again.Handle(ctx, all); err != nil {
			t.Fatal(err)
		}
		if err := again.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	positions, err := f.LedgerPositions(ctx)
	if diff := cmp.Diff(map[int32]analytics.Position{0: {Seq: 9, Offset: 18}, 3: {Seq: 9, Offset: 18}}, positions); err != nil || diff != "" {
		t.Errorf("ledger positions: %v (-want +got):\n%s", err, diff)
	}
	offsets, err := f.ShopPositions(ctx)
	if diff := cmp.Diff(map[string]map[int32]int64{topics.Orders: {0: 10, 1: 4}}, offsets); err != nil || diff != "" {
		t.Errorf("shop positions: %v (-want +got):\n%s", err, diff)
	}
	if n := f.number(t, "SELECT count() FROM ledger") + f.number(t, "SELECT count() FROM shop_events"); n != 20 {
		t.Errorf("%d rows", n)
	}
}

func TestFeedWritesWhatHasWaitedForASecond(t *testing.T) {
	f, ctx := start(t), context.Background()
	feed := analytics.NewFeed(f.Store, shards)
	if err := feed.Handle(ctx, ledgerRecords(t, 0, history("m1"))); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(50 * time.Millisecond); f.number(t, "SELECT count() FROM ledger") == 0; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nothing was written in 10 s")
		}
		if err := feed.Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFeedWaitsForClickHouseAndLosesNothing(t *testing.T) {
	f, ctx := start(t), context.Background()
	feed := analytics.NewFeed(f.Store, shards)
	records := ledgerRecords(t, 0, history("m1"))
	if err := feed.Handle(ctx, records[:3]); err != nil {
		t.Fatal(err)
	}
	if err := feed.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	f.engine.Kill(t)
	var failures atomic.Int32
	failed := make(chan struct{})
	feed.Retrying = func(error, time.Duration) {
		if failures.Add(1) == 2 {
			close(failed)
		}
	}
	done := make(chan error, 1)
	go func() {
		done <- errors.Join(feed.Handle(ctx, records), feed.Drain(ctx))
	}()
	<-failed
	f.engine.Restart(t)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := f.number(t, "SELECT count() FROM ledger"); n != 9 {
		t.Errorf("%d rows after %d failures", n, failures.Load())
	}
	f.engine.Kill(t)
	stopped, cancel := context.WithCancel(ctx)
	feed.Retrying = func(error, time.Duration) { cancel() }
	err := errors.Join(feed.Handle(stopped, ledgerRecords(t, 1, history("m2"))), feed.Drain(stopped))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped feed ended with %v", err)
	}
}

func TestFeedStopsAtAGapAndAtGarbage(t *testing.T) {
	f, ctx := start(t), context.Background()
	for name, records := range map[string][]topics.Record{
		"gap":       append(ledgerRecords(t, 0, history("m1"))[:3:3], ledgerRecords(t, 0, history("m1"))[4:]...),
		"garbage":   {{Topic: topics.Ledger, Value: []byte("\xff\xff\xff")}},
		"partition": {{Topic: topics.Ledger, Partition: shards}},
	} {
		feed := analytics.NewFeed(f.reopen(t), shards)
		if err := errors.Join(feed.Handle(ctx, records), feed.Drain(ctx)); !errors.Is(err, analytics.ErrBroken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := f.number(t, "SELECT count() FROM ledger"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func TestShopEventsOfEveryForm(t *testing.T) {
	f, ctx := start(t), context.Background()
	structured := topics.Record{
		Topic: topics.Shares, Offset: 0, Key: []byte("m2"),
		Value:   []byte(`{"specversion":"1.0","id":"s-1","source":"/apps/wx","type":"shop.share.created.v1","time":"2026-05-26T10:00:00Z","backfill":"run1","data":{"member":"m2"}}`),
		Headers: []topics.Header{{Key: "Content-Type", Value: []byte("Application/CloudEvents+JSON; charset=UTF-8")}},
	}
	broken := structured
	broken.Offset, broken.Value = 1, []byte("{not json\xff")
	garbage := topics.Record{Topic: topics.Reviews, Partition: 2, Offset: 7, Value: []byte("hello"), Headers: []topics.Header{{Key: "ce_time", Value: []byte("yesterday")}}}
	if err := f.InsertShop(ctx, []topics.Record{paid(0, 0, "e-1"), paid(0, 1, "e-1"), structured, broken, garbage}); err != nil {
		t.Fatal(err)
	}
	want := `shop.orders.v1 0 /shops/sh01 e-1 shop.order.paid.v1 2026-05-26 15:30:00.000 m1 
shop.orders.v1 1 /shops/sh01 e-1 shop.order.paid.v1 2026-05-26 15:30:00.000 m1 
shop.reviews.v1 7    1970-01-01 00:00:00.000  
shop.shares.v1 0 /apps/wx s-1 shop.share.created.v1 2026-05-26 10:00:00.000 m2 run1
shop.shares.v1 1    1970-01-01 00:00:00.000 m2 `
	if diff := cmp.Diff(want, f.text(t, "topic, record_offset, source, id, type, occurred_at, member, backfill", "shop_events ORDER BY topic, record_offset")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if got := f.text(t, "data", "shop_events WHERE topic = 'shop.shares.v1' ORDER BY record_offset"); got != `{"member":"m2"}`+"\n{not json\xff" {
		t.Errorf("data: %q", got)
	}
	if got := f.text(t, "order_id, member, day, lines, net, freight", "v_orders"); got != "O1 m1 2026-05-26 2 75400 1000" {
		t.Errorf("v_orders: %s", got)
	}
}

// Records that come again, whether this store knows their rows or has to ask the table, are there once, and none is missing.
func TestShopEventsGoOnWhereTheTableIs(t *testing.T) {
	f, ctx := start(t), context.Background()
	for _, s := range []struct {
		store   *analytics.Store
		records []topics.Record
	}{
		{f.Store, []topics.Record{paid(0, 0, "e-0"), paid(0, 1, "e-1")}},
		{f.Store, []topics.Record{paid(1, 5, "f-5"), paid(0, 1, "e-1"), paid(0, 2, "e-2")}},
		{f.Store, []topics.Record{paid(0, 3, "e-3")}},
		{f.reopen(t), []topics.Record{paid(0, 3, "e-3"), paid(1, 5, "f-5"), paid(0, 4, "e-4"), paid(1, 6, "f-6")}},
	} {
		if err := s.store.InsertShop(ctx, s.records); err != nil {
			t.Fatal(err)
		}
	}
	want := "0 0 e-0\n0 1 e-1\n0 2 e-2\n0 3 e-3\n0 4 e-4\n1 5 f-5\n1 6 f-6"
	if got := f.text(t, "partition, record_offset, id", "shop_events ORDER BY partition, record_offset"); got != want {
		t.Errorf("rows:\n%s\nwant:\n%s", got, want)
	}
}

func TestRuleUptakeShowsTheHoldoutBesideTheRule(t *testing.T) {
	f, ctx := start(t), context.Background()
	rule := analytics.RuleRow{Name: "retail", Version: "2026-05", Rule: "spend-basic", EffectiveFrom: day.AddDate(0, -1, 0), EventType: topics.TypeOrderPaid, HoldoutPercent: 10, PointCost: topics.Ratio{Num: 3, Den: 2}}
	old := rule
	old.Version, old.EffectiveFrom = "2025-01", day.AddDate(-1, 0, 0)
	for range 2 {
		if err := f.InsertRules(ctx, []analytics.RuleRow{rule, old}); err != nil {
			t.Fatal(err)
		}
	}
	held := granted(1, "m2", 50)
	held.Postings, held.Lot = nil, nil
	held.Arithmetic.Awarded, held.Arithmetic.Holdout = 0, true
	insert(t, f.Store, append(records(0, history("m1")), records(1, []*pointspb.Entry{held})...))
	var shop []topics.Record
	for i := range 5 {
		shop = append(shop, paid(0, int64(i), fmt.Sprint("e-", i%4)))
	}
	if err := f.InsertShop(ctx, shop); err != nil {
		t.Fatal(err)
	}
	want := "spend-basic 2026-05 2026-05-26 4 1 2 386 186 579 10 1 1 50"
	if got := f.text(t, "rule, version, day, events_seen, members, awards, points, points_reversed, cost, holdout_percent, holdout_members, holdout_events, holdout_desired", "v_rule_uptake"); got != want {
		t.Errorf("v_rule_uptake:\n%s\n%s", want, got)
	}
}
