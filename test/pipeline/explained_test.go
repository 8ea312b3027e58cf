package pipeline_test

import (
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/test/data"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestEveryEntryOfTheDemosOrdersIsRecomputed: the demo's orders and rulebook; the amount of each entry follows from what the
// entry says of it (R65), as many as the ledger has; and an explanation that is off by one point is noticed, whichever it is.
func TestEveryEntryOfTheDemosOrdersIsRecomputed(t *testing.T) {
	const now = "2010-12-10T12:00:00Z"
	in := install(t, false)
	book, err := filepath.Abs("../../rulebooks/demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in.must("rules", "publish", book)
	in.run(now, "credits,balances")
	in.must("import", "orders", "--csv", in.file("orders.csv", string(data.Orders)), "--map", in.file("map.yaml", string(data.OrdersMap)))
	in.drained()
	heads, recomputed, told := map[int32]ledger.Head{}, 0, 0
	if err := kafka.Read(t.Context(), in.kafka(), topics.Ledger, 0, 0, func(r *topics.Record, _ time.Time) error {
		head := heads[r.Partition]
		e, err := ledger.Open(&head, r.Value)
		if err != nil {
			return err
		}
		heads[r.Partition] = head
		if err := ledger.Recompute(e); err != nil {
			t.Errorf("%s, seq %d: %v", e.Account, e.Seq, err)
		}
		recomputed++
		if e.Arithmetic != nil {
			told++
			falsified(t, e)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	equal(t, "recomputed", recomputed, len(in.entries()))
	if told < 531 {
		t.Errorf("only %d entries tell how their amount came about; 531 orders were paid", told)
	}
	in.audited()
}

// falsified changes what an entry tells of its amount, and what it moved, by a point.
func falsified(t *testing.T, e *pointspb.Entry) {
	t.Helper()
	tells := proto.Clone(e).(*pointspb.Entry)
	tells.Arithmetic.Awarded++
	tells.Arithmetic.ReversedBefore++
	if ledger.Recompute(tells) == nil {
		t.Errorf("%s, seq %d: an explanation of another amount passes: %v", e.Account, e.Seq, e.Arithmetic)
	}
	moves := proto.Clone(e).(*pointspb.Entry)
	for _, p := range moves.Postings {
		p.Points += p.Points / max(p.Points, -p.Points, 1)
	}
	if len(moves.Postings) > 0 && ledger.Recompute(moves) == nil {
		t.Errorf("%s, seq %d: another amount passes: %v", e.Account, e.Seq, e.Postings)
	}
}
