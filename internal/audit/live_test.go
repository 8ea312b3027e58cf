package audit_test

import (
	"context"
	"fmt"
	"testing"

	"jifen/internal/audit"
	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/topics/pointspb"
)

// busy is a store whose program books and applies another entry whenever it is looked at.
type busy struct {
	*redisstore.Store
	p *program
	n int
}

func (b *busy) goOn() {
	b.n++
	before := b.p.head.Seq
	if b.n%2 == 0 {
		b.p.credit(&pointspb.CreditEvent{Account: "member:ana", Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: "fixed", Points: 3}}})
	} else {
		id := fmt.Sprint("r", b.n)
		b.p.request("item:cup", &pointspb.Request{What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
			Redemption: id, Member: "ben", Quantity: 1, BodyHash: []byte(id),
		}}})
	}
	b.p.applyFrom(before + 1)
}

func (b *busy) Names(ctx context.Context) (map[int32]*ledger.Names, error) {
	defer b.goOn()
	return b.Store.Names(ctx)
}

func (b *busy) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	defer b.goOn()
	return b.Store.Read(ctx, wants)
}

func (b *busy) Dues(ctx context.Context, shard int32) (map[string]int64, error) {
	defer b.goOn()
	return b.Store.Dues(ctx, shard)
}

func (b *busy) Board(ctx context.Context, shard int32, period string) (map[string]int64, error) {
	defer b.goOn()
	return b.Store.Board(ctx, shard, period)
}

// follower has of the ledger what was folded at any time: all rows at once, but only a seq's share of them for who asks for that.
type follower struct{ p *program }

func (f follower) Counts(_ context.Context, upTo map[int32]uint64) (map[int32]audit.Count, error) {
	n := upTo[0]
	return map[int32]audit.Count{0: {Rows: n, Distinct: n, Max: n, Last: f.p.head.Seq}}, nil
}

func (f follower) Sums(_ context.Context, upTo map[int32]uint64) (audit.Sums, error) {
	return f.p.sumsAt(upTo[0]), nil
}

// sumsAt folds the log up to a seq.
func (p *program) sumsAt(seq uint64) audit.Sums {
	sums := audit.Sums{Members: map[string]ledger.Balance{}}
	world, head, t := ledger.NewWorld(), ledger.Head{Offset: -1}, &sums.Totals
	for _, value := range p.log[:seq] {
		e, err := ledger.Open(&head, value)
		if err != nil {
			p.t.Fatal(err)
		}
		ledger.Fold(world, e)
		for _, x := range e.Postings {
			switch x.Account {
			case pointspb.Account_ISSUED:
				t.Granted -= x.Points
			case pointspb.Account_REVERSED_POINTS:
				t.Reversed += x.Points
			case pointspb.Account_REDEEMED_POINTS:
				t.Redeemed += x.Points
			}
		}
	}
	t.Outstanding = t.Granted - t.Reversed - t.Redeemed
	for id, m := range world.Members {
		sums.Members[id] = m.Booked()
	}
	return sums
}

// TestProgramThatGoesOnHasNoDifference: nobody has to stop for an audit, and what is wrong is found all the same.
func TestProgramThatGoesOnHasNoDifference(t *testing.T) {
	p := start(t)
	look := func() *audit.Report {
		a := audit.Audit{History: p, Redis: &busy{Store: p.store, p: p}, ClickHouse: follower{p}, Shards: 1}
		report, err := a.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	before := p.head.Seq
	r := look()
	if len(r.Differences) > 0 || r.SumRedis != r.SumLedger || r.SumClickHouse != r.SumLedger || uint64(r.Entries) <= before {
		t.Errorf("report %+v", r)
	}
	p.raw.ZIncrBy(t.Context(), "jifen:{0}:board:202606", 1, "ben")
	p.raw.Del(t.Context(), "jifen:{0}:l:ana")
	if r := look(); len(r.Differences) == 0 {
		t.Error("what is missing is not reported")
	}
}

// TestRowsThatTheLedgerDoesNotHaveAreReported: the copy may be ahead of the audit, not of the ledger.
func TestRowsThatTheLedgerDoesNotHaveAreReported(t *testing.T) {
	p := start(t)
	p.copied.count.Last++
	equal(t, "differences", p.differences(), []string{"clickhouse: rows"})
}
