package analytics

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/devstack/engine/enginetest"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func openMigrated(t *testing.T, dsnQuery string) *Store {
	t.Helper()
	c := Config{DSN: enginetest.Start(t).URL + "/jifen" + dsnQuery}
	if err := Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func someEntries(n int) []LedgerRecord {
	var rows []LedgerRecord
	for i := range n {
		mark := topics.MarkOf("entry", fmt.Sprint(i))
		rows = append(rows, LedgerRecord{Shard: 1, Offset: int64(i), Entry: &pointspb.Entry{
			Account: topics.MemberAccount(fmt.Sprint("m", i)), Seq: uint64(i + 1), Kind: pointspb.Kind_GRANTED, RecordedAt: 1_780_000_000_123, Id: mark[:], //nolint:gosec // small
			Cause: &pointspb.Cause{Source: "/shops/sh01", Id: fmt.Sprint("e-", i), Channel: "pos"}, Rule: "r", Version: "v",
			Postings:   []*pointspb.Posting{{Account: pointspb.Account_ISSUED, Points: -5}, {Account: pointspb.Account_AVAILABLE, Points: 5}},
			Lot:        &pointspb.Lot{Number: 7, ExpiresAt: 1_790_000_000_000},
			Arithmetic: &pointspb.Arithmetic{Mode: "fixed", Points: 5, Desired: 5, Awarded: 5, Holdout: i%2 == 0},
		}})
	}
	return rows
}

// digest is a sum over every value of the table but inserted_at, and the number of its rows.
func digest(t *testing.T, s *Store) string {
	t.Helper()
	var got string
	if err := s.conn.QueryRow(t.Context(), "SELECT concat(toString(sum(cityHash64(* EXCEPT inserted_at))), ' ', toString(count())) FROM ledger").Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// The native protocol's way of inserting, the HTTP way and its compressed forms make the same rows.
func TestEveryWayOfSendingMakesTheSameRows(t *testing.T) {
	var want string
	for _, way := range []string{"", "?compress=lz4", "?compress=zstd", "batch"} {
		query := way
		if way == "batch" {
			query = ""
		}
		s := openMigrated(t, query)
		s.http = way != "batch"
		if err := s.InsertLedger(t.Context(), someEntries(3000)); err != nil {
			t.Fatalf("%q: %v", way, err)
		}
		got := digest(t, s)
		if want == "" {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", way, diff)
		}
	}
}

// A block that was inserted although its insert failed comes again, with the positions of before: its token stops it.
func TestBlockOfUnknownOutcomeIsInsertedOnce(t *testing.T) {
	s := openMigrated(t, "")
	shop := []topics.Record{{Topic: topics.Orders, Offset: 3, Value: []byte("{}")}}
	for range 3 {
		s.ledger, s.shop = map[int32]Position{}, map[string]map[int32]int64{}
		if err := s.InsertLedger(t.Context(), someEntries(10)); err != nil {
			t.Fatal(err)
		}
		if err := s.InsertShop(t.Context(), shop); err != nil {
			t.Fatal(err)
		}
	}
	var rows, events uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT (SELECT count() FROM ledger), (SELECT count() FROM shop_events)").Scan(&rows, &events); err != nil {
		t.Fatal(err)
	}
	if rows != 10 || events != 1 {
		t.Errorf("%d rows, %d events", rows, events)
	}
}

// The block is made while it is sent: of one that ends early the server must not keep the rows that it has.
func TestBlockCutShortInsertsNothing(t *testing.T) {
	s := openMigrated(t, "")
	block := newShopBlock()
	for i := range 3000 {
		r := &topics.Record{Topic: topics.Orders, Offset: int64(i), Value: make([]byte, 500)}
		block.add(r, readEnvelope(r))
	}
	fields := block.seal()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.label()
	}
	into := "INSERT INTO shop_events (" + strings.Join(names, ", ") + ")"
	whole, err := newBlockBody(&s.piece, nil, fields)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.Copy(io.Discard, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int64{1000, 100_000, all / 2, all - 1} {
		body, err := newBlockBody(&s.piece, nil, fields)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.conn.InsertFormat(t.Context(), "Native", into, io.LimitReader(body, size)); err == nil {
			t.Errorf("%d bytes of a block were taken for one", size)
		}
		body.end()
		if _, err := body.Read(make([]byte, 1)); !errors.Is(err, errEnded) {
			t.Errorf("read after the end: %v", err)
		}
	}
	var rows uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM shop_events").Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}
