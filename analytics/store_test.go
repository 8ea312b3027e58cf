package analytics_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"jifen/analytics"
	"jifen/internal/devstack/engine/enginetest"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// fixture is a migrated store on an engine of its own.
type fixture struct {
	*analytics.Store
	engine *enginetest.Engine
	config analytics.Config
	raw    driver.Conn
}

const shards = 4

func start(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{engine: enginetest.Start(t)}
	f.config = analytics.Config{DSN: f.engine.URL + "/jifen", Zone: "Asia/Shanghai", Shards: shards}
	if err := analytics.Migrate(t.Context(), f.config); err != nil {
		t.Fatal(err)
	}
	f.Store = f.reopen(t)
	options, err := clickhouse.ParseDSN(f.config.DSN)
	if err != nil {
		t.Fatal(err)
	}
	if f.raw, err = clickhouse.Open(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.raw.Close() })
	return f
}

// reopen is a store that knows nothing but what the tables say.
func (f *fixture) reopen(t testing.TB) *analytics.Store {
	t.Helper()
	s, err := analytics.Open(t.Context(), f.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// text is what the columns (named with ", " between) of from hold: a line per row, a blank between columns.
func (f *fixture) text(t testing.TB, columns, from string) string {
	t.Helper()
	query := "SELECT arrayStringConcat(groupArray(line), '\\n') FROM (SELECT concatWithSeparator(' ', '', toString(" +
		strings.ReplaceAll(columns, ", ", "), toString(") + ")) AS line FROM " + from + ")"
	var got string
	if err := f.raw.QueryRow(t.Context(), query).Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.TrimPrefix(strings.ReplaceAll(got, "\n ", "\n"), " ")
}

func (f *fixture) number(t testing.TB, query string) int64 {
	t.Helper()
	var got int64
	if err := f.raw.QueryRow(t.Context(), "SELECT toInt64(("+query+"))").Scan(&got); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return got
}

var day = time.Date(2026, 5, 26, 3, 0, 55, 0, time.UTC) // 11:00:55 in Shanghai

// entry is one of member's entries with the given postings: account, points, account, points, …
func entry(seq uint64, member string, kind pointspb.Kind, postings ...int64) *pointspb.Entry {
	at := day.Add(time.Duration(seq) * time.Minute).UnixMilli() //nolint:gosec // small
	mark := topics.MarkOf("entry", member, fmt.Sprint(seq))
	e := &pointspb.Entry{
		Account: topics.MemberAccount(member), Seq: seq, Kind: kind, EffectiveAt: at, RecordedAt: at + 100, Id: mark[:],
		Cause: &pointspb.Cause{Source: "/shops/sh01", Id: fmt.Sprint("e-", seq), Type: topics.TypeOrderPaid, OccurredAt: at, Store: "SH01", Channel: "pos"},
		Rule:  "spend-basic", Version: "2026-05", Hash: make([]byte, 32),
	}
	for i := 0; i < len(postings); i += 2 {
		e.Postings = append(e.Postings, &pointspb.Posting{Account: pointspb.Account(postings[i]), Points: postings[i+1], Lot: 1}) //nolint:gosec // an account
	}
	return e
}

func granted(seq uint64, member string, points int64) *pointspb.Entry {
	e := entry(seq, member, pointspb.Kind_GRANTED, issued, -points, available, points)
	e.Arithmetic = &pointspb.Arithmetic{
		Mode: "step", Points: 1, Per: 1000, Eligible: 29900, Tier: "silver", TierMultiplier: &pointspb.Ratio{Num: 3, Den: 2},
		Campaigns: []string{`double "june"`}, Campaign: &pointspb.Ratio{Num: 2, Den: 1}, Desired: points, Awarded: points,
	}
	e.Lot = &pointspb.Lot{Number: 1, ActiveAt: e.GetEffectiveAt(), ExpiresAt: day.AddDate(1, 0, 1).UnixMilli()}
	e.Order = &pointspb.OrderFacts{Order: fmt.Sprint("O", seq), Currency: "CNY", Lines: []*pointspb.OrderLine{{Id: "1", Net: 29900, Eligible: 29900}, {Id: "2", Net: 100}}}
	return e
}

const (
	issued    = int64(pointspb.Account_ISSUED)
	pending   = int64(pointspb.Account_PENDING)
	available = int64(pointspb.Account_AVAILABLE)
	debt      = int64(pointspb.Account_DEBT)
	redeemed  = int64(pointspb.Account_REDEEMED_POINTS)
	breakage  = int64(pointspb.Account_BREAKAGE)
	reversed  = int64(pointspb.Account_REVERSED_POINTS)
)

// history is a member's life in one shard: 179 and 200 granted, 136 taken back, 30 expired and absorbed, 100 redeemed, in debt, repaid.
func history(member string) []*pointspb.Entry {
	refund := entry(2, member, pointspb.Kind_REVERSED, available, -136, reversed, 136)
	refund.Refund = &pointspb.RefundFacts{Order: "O1", Refund: "R1"}
	redemption := entry(4, member, pointspb.Kind_REDEEMED, available, -10, available, -3, redeemed, 13)
	redemption.Redemption = &pointspb.RedemptionFacts{Id: "r-1", Member: member, Item: "mug", Quantity: 1, Outcome: "applied"}
	return []*pointspb.Entry{
		granted(1, member, 179), refund,
		entry(3, member, pointspb.Kind_EXPIRED, available, -30, breakage, 30), redemption,
		entry(5, member, pointspb.Kind_REVERSED, breakage, -30, debt, -20, reversed, 50),
		granted(6, member, 200),
		entry(7, member, pointspb.Kind_REPAID, available, -20, debt, 20),
		entry(8, member, pointspb.Kind_GRANTED, issued, -7, pending, 7),
		{Account: topics.ItemAccount("mug"), Seq: 9, Kind: pointspb.Kind_ITEM_SET, RecordedAt: day.UnixMilli(), Id: make([]byte, 16)},
	}
}

func records(shard int32, entries []*pointspb.Entry) []analytics.LedgerRecord {
	rows := make([]analytics.LedgerRecord, len(entries))
	for i, e := range entries {
		rows[i] = analytics.LedgerRecord{Shard: shard, Offset: int64(e.GetSeq()) * 2, Entry: e} //nolint:gosec // small
	}
	return rows
}

func insert(t testing.TB, s *analytics.Store, rows []analytics.LedgerRecord) {
	t.Helper()
	if err := s.InsertLedger(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
}

func TestMigrateTwiceAndEveryColumnIsExplained(t *testing.T) {
	f := start(t)
	if err := analytics.Migrate(t.Context(), f.config); err != nil {
		t.Fatal(err)
	}
	if got := f.text(t, "table, name", "system.columns WHERE database = 'jifen' AND table IN ('ledger', 'shop_events', 'rulebooks') AND comment = ''"); got != "" {
		t.Errorf("columns without a comment: %s", got)
	}
	if got := f.text(t, "name", "system.tables WHERE database = 'jifen' AND name LIKE 'v\\_%' AND comment != '' ORDER BY name"); got != "v_campaign_uplift\nv_campaign_visits\nv_daily_points\nv_item_redemptions\nv_item_visits\nv_ledger\nv_member_balance\nv_orders\nv_rule_uptake\nv_share_exposure" {
		t.Errorf("documented views: %s", got)
	}
}

func TestEntriesBecomeRows(t *testing.T) {
	f := start(t)
	insert(t, f.Store, records(2, history("m1")))
	if got := f.text(t, "member, available, pending, debt, balance, last_seq", "v_member_balance"); got != "m1 180 7 0 187 8" {
		t.Errorf("v_member_balance: %s", got)
	}
	if got := f.text(t, "day, granted, reversed, expired, redeemed, change", "v_daily_points"); got != "2026-05-26 386 186 0 13 187" {
		t.Errorf("v_daily_points: %s", got)
	}
	sums, err := f.Sums(t.Context(), nil)
	want := analytics.Sums{Members: map[string]analytics.MemberSum{"m1": {Available: 180, Pending: 7}}, Balance: 187, Granted: 386, Reversed: 186, Redeemed: 13}
	if diff := cmp.Diff(want, sums); err != nil || diff != "" {
		t.Errorf("sums: %v (-want +got):\n%s", err, diff)
	}
	counts, err := f.ShardCounts(t.Context(), nil)
	if diff := cmp.Diff(map[int32]analytics.ShardCount{2: {Rows: 9, Distinct: 9, Max: 9, Last: 9, Stored: 9}}, counts); err != nil || diff != "" {
		t.Errorf("counts: %v (-want +got):\n%s", err, diff)
	}
	if got := f.text(t, "arithmetic", "ledger WHERE seq = 1"); got != `{"mode":"step","points":1,"per":1000,"eligible":29900,"tier":"silver","tier_multiplier":"3/2","campaign":"2","campaigns":["double \"june\""]}` {
		t.Errorf("arithmetic: %s", got)
	}
}

func TestHistoryIsReadNewestFirstPageByPage(t *testing.T) {
	f := start(t)
	shard := topics.Shard(topics.MemberAccount("m1"), shards)
	insert(t, f.Store, records(shard, history("m1")))
	var got []uint64
	var first analytics.EntryRow
	for before := uint64(0); ; {
		rows, asOf, err := f.Entries(t.Context(), "m1", 3, before)
		if err != nil {
			t.Fatal(err)
		}
		if want := time.UnixMilli(history("m1")[7].GetRecordedAt()).UTC(); !asOf.Equal(want) {
			t.Errorf("as of %v, not %v", asOf, want)
		}
		if len(rows) == 0 {
			break
		}
		for _, r := range rows {
			got = append(got, r.Seq)
			first = r
		}
		before = rows[len(rows)-1].Seq
	}
	if diff := cmp.Diff([]uint64{8, 7, 6, 5, 4, 3, 2, 1}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	e := granted(1, "m1", 179)
	at := time.UnixMilli(e.GetEffectiveAt()).UTC()
	want := analytics.EntryRow{
		ID: fmt.Sprintf("%x", e.GetId()), Kind: "granted", Rule: "spend-basic", Version: "2026-05", Seq: 1, Points: 179, Available: 179,
		EffectiveAt: at, OccurredAt: at, RecordedAt: at.Add(100 * time.Millisecond), CauseSource: "/shops/sh01", CauseID: "e-1", CauseType: topics.TypeOrderPaid,
		Arithmetic: first.Arithmetic, Desired: 179, Awarded: 179, Lot: 1, ActiveAt: at, ExpiresAt: day.AddDate(1, 0, 1), Order: "O1",
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("oldest row (-want +got):\n%s", diff)
	}
	if rows, _, err := f.Entries(t.Context(), `o'x\	y`, 3, 0); err != nil || len(rows) != 0 {
		t.Errorf("a member nobody knows: %v %v", rows, err)
	}
}

// TestFatesSayWhatBecameOfALot: what was spent, expired, taken back and used for debt; the part of a return that had expired
// before is no second loss.
func TestFatesSayWhatBecameOfALot(t *testing.T) {
	f := start(t)
	for _, member := range []string{"m1", "m2"} {
		insert(t, f.Store, records(topics.Shard(topics.MemberAccount(member), shards), history(member)))
	}
	got, err := f.Fates(t.Context(), "m1", []uint32{1, 7})
	want := map[uint32][]analytics.Fate{1: {{Kind: "expired", Points: 30}, {Kind: "redeemed", Points: 13}, {Kind: "repaid", Points: 20}, {Kind: "reversed", Points: 136}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := f.Fates(t.Context(), "m1", nil); err != nil || len(got) != 0 {
		t.Errorf("of no lot: %v %v", got, err)
	}
	if got := f.text(t, "postings", "ledger WHERE member = 'm1' AND seq = 5"); got != `[["breakage",1,-30],["debt",1,-20],["reversed",1,50]]` {
		t.Errorf("postings: %s", got)
	}
}

// TestVector holds the vectors that the feed owns.
func TestVector(t *testing.T) {
	t.Run("F3", vectorF3)
	t.Run("K5", func(t *testing.T) {
		f := start(t)
		rows := append(records(1, history("m1")), records(3, history("m2"))...)
		insert(t, f.Store, rows[:4])
		insert(t, f.Store, rows[:4])      // the same call again
		insert(t, f.Store, rows)          // a longer block that starts with it
		insert(t, f.reopen(t), rows)      // another process, which knows nothing
		insert(t, f.reopen(t), rows[3:5]) // records from the middle
		counts, err := f.ShardCounts(context.Background(), nil)
		want := analytics.ShardCount{Rows: 9, Distinct: 9, Max: 9, Last: 9, Stored: 9}
		if diff := cmp.Diff(map[int32]analytics.ShardCount{1: want, 3: want}, counts); err != nil || diff != "" {
			t.Errorf("counts: %v (-want +got):\n%s", err, diff)
		}
		cut := map[int32]uint64{0: 5, 3: 4}
		want3 := analytics.ShardCount{Rows: 4, Distinct: 4, Max: 4, Last: 9, Stored: 9}
		if counts, err := f.ShardCounts(context.Background(), cut); err != nil || counts[3] != want3 || counts[1] != want {
			t.Errorf("counts up to a seq: %v %v", counts, err)
		}
		if sums, err := f.Sums(context.Background(), cut); err != nil || sums.Members["m1"] != (analytics.MemberSum{Available: 180, Pending: 7}) || sums.Granted >= 2*386 {
			t.Errorf("sums up to a seq: %+v %v", sums, err)
		}
		if sums, err := f.Sums(context.Background(), nil); err != nil || sums.Balance != 2*187 || sums.Granted != 2*386 {
			t.Errorf("sums changed: %+v %v", sums, err)
		}
	})
}
