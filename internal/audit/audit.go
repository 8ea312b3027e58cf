// Package audit holds the ledger against everything that was folded from it: Redis field by field, ClickHouse by its sums.
package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// History reads the ledger.
type History interface {
	Replay(ctx context.Context, topic string, from map[int32]int64, each func(shard int32, offset int64, value []byte) error) error
	// Key is the key of one record: the account, also where the record's own bytes no longer tell it.
	Key(ctx context.Context, topic string, shard int32, offset int64) (string, error)
}

// Totals are points in sum: Outstanding = available + pending + frozen − debt, as booked.
type Totals struct {
	Outstanding int64 `json:"outstanding"`
	Granted     int64 `json:"granted"`
	Reversed    int64 `json:"reversed"`
	Expired     int64 `json:"expired"`
	Redeemed    int64 `json:"redeemed"`
	Adjusted    int64 `json:"adjusted"`
}

// Difference is one thing that is not as the ledger says.
type Difference struct {
	Where  string `json:"where"` // ledger | redis | clickhouse
	Shard  int32  `json:"shard"`
	What   string `json:"what"` // the state or sum
	Field  string `json:"field,omitempty"`
	Ledger string `json:"ledger"`
	Found  string `json:"found"`
}

func (d Difference) String() string {
	return fmt.Sprintf("%s, shard %d: %s %s is %s, the ledger says %s", d.Where, d.Shard, d.What, d.Field, d.Found, d.Ledger)
}

// Report is what an audit found.
type Report struct {
	Entries       int64            `json:"entries"`
	Shards        int              `json:"shards"`
	Members       int              `json:"members"`
	States        int              `json:"states_compared"`
	OrdersPaid    int              `json:"orders_paid"`         // with an amount above 0
	WithOrders    int              `json:"members_with_orders"` // with such an order
	Earners       []Earner         `json:"top_members"`
	SumLedger     int64            `json:"sum_ledger"`
	SumRedis      int64            `json:"sum_redis"` // as the ledger's, and what Redis had more where they were compared
	SumClickHouse int64            `json:"sum_clickhouse"`
	SumFlows      int64            `json:"sum_granted_reversed_expired_redeemed"` // granted − reversed − expired − redeemed
	Totals        Totals           `json:"totals"`
	Kinds         map[string]int64 `json:"entries_by_kind"`
	Differences   []Difference     `json:"differences"`
}

// Earner is a member by what is left of their points.
type Earner struct {
	Member string `json:"member"`
	Points int64  `json:"points"`
}

// earnersKept is how many top members a report names.
const earnersKept = 10

// differencesKept bounds a report about a store that has nothing right.
const differencesKept = 1000

func (r *Report) differ(d Difference) {
	if len(r.Differences) < differencesKept {
		r.Differences = append(r.Differences, d)
	}
}

// Audit is one comparison under way.
type Audit struct {
	History    History
	Redis      Redis
	ClickHouse ClickHouse // nil: left out
	Shards     int
	Wait       time.Duration // how long Redis and ClickHouse may take to catch up
	Progress   func(entries int64)

	heads  map[int32]*ledger.Head
	worlds map[int32]*ledger.World
	report Report
	now    int64
	apart  int64               // Σ over members of Redis's balance less the ledger's, each at the seq at which they were compared
	moved  map[string]struct{} // members and redemptions that entries changed since; nil: nobody asks
}

// Run compares. The error is for what could not be looked at; what is wrong stands in the report.
func (a *Audit) Run(ctx context.Context) (*Report, error) {
	a.heads, a.worlds, a.apart = map[int32]*ledger.Head{}, map[int32]*ledger.World{}, 0
	a.report = Report{Shards: a.Shards, Kinds: map[string]int64{}, Differences: []Difference{}}
	for n := range int32(a.Shards) {
		a.heads[n], a.worlds[n] = &ledger.Head{Offset: -1}, ledger.NewWorld()
	}
	if err := a.fold(ctx); err != nil {
		return a.broken(ctx, err)
	}
	if err := a.compareRedis(ctx); err != nil {
		return a.broken(ctx, err)
	}
	a.sums()
	if a.ClickHouse != nil {
		if err := a.compareClickHouse(ctx); err != nil {
			return nil, err
		}
	}
	return &a.report, nil
}

// brokenChain is where the chain of a shard breaks.
type brokenChain struct {
	shard  int32
	offset int64
	seq    uint64
	error
}

func (e brokenChain) Unwrap() error { return e.error }

// broken reports a broken chain: of which member, and which of its shard's entries (F4). Nothing else can be compared then.
func (a *Audit) broken(ctx context.Context, err error) (*Report, error) {
	var at brokenChain
	if !errors.As(err, &at) {
		return nil, err
	}
	account, err := a.History.Key(ctx, topics.Ledger, at.shard, at.offset)
	if err != nil {
		return nil, fmt.Errorf("whose entry is broken: %w", err)
	}
	a.report.differ(Difference{
		Where: "ledger", Shard: at.shard, What: fmt.Sprintf("entry of %s, seq %d, offset %d", account, at.seq, at.offset),
		Ledger: "unbroken chain", Found: at.Error(),
	})
	return &a.report, nil
}

// fold reads on to the present end of the ledger, checking chain and postings on the way.
func (a *Audit) fold(ctx context.Context) error {
	from := map[int32]int64{}
	for n, h := range a.heads {
		from[n] = h.Offset + 1
	}
	return a.replay(ctx, from, math.MaxUint64)
}

// errReached ends a replay.
var errReached = errors.New("reached")

// foldTo reads one shard on to a seq, or to the ledger's end if that comes first.
func (a *Audit) foldTo(ctx context.Context, n int32, seq uint64) error {
	err := a.replay(ctx, map[int32]int64{n: a.heads[n].Offset + 1}, seq)
	if errors.Is(err, errReached) {
		return nil
	}
	return err
}

func (a *Audit) replay(ctx context.Context, from map[int32]int64, to uint64) error {
	return a.History.Replay(ctx, topics.Ledger, from, func(n int32, offset int64, value []byte) error {
		if a.heads[n].Seq == to {
			return errReached
		}
		e, err := ledger.Open(a.heads[n], value)
		if err != nil {
			return brokenChain{n, offset, a.heads[n].Seq + 1, err}
		}
		a.heads[n].Offset = offset
		if err := ledger.CheckEntry(e); err != nil {
			a.report.differ(Difference{Where: "ledger", Shard: n, What: err.Error(), Ledger: "0", Found: "another sum"})
		}
		if err := ledger.CheckRedeemed(a.worlds[n], e); err != nil {
			a.report.differ(Difference{Where: "ledger", Shard: n, What: err.Error(), Ledger: "refused", Found: "redeemed"})
		}
		if err := ledger.Recompute(e); err != nil {
			a.report.differ(Difference{Where: "ledger", Shard: n, What: err.Error(), Ledger: "its explanation", Found: "another amount"})
		}
		ledger.Fold(a.worlds[n], e)
		a.move(e)
		a.add(e)
		return nil
	})
}

func (a *Audit) add(e *pointspb.Entry) {
	a.report.Entries++
	a.report.Kinds[e.Kind.String()]++
	a.now = max(a.now, e.RecordedAt)
	t := &a.report.Totals
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_ISSUED:
			t.Granted -= p.Points
		case pointspb.Account_REVERSED_POINTS:
			t.Reversed += p.Points
		case pointspb.Account_BREAKAGE:
			t.Expired += p.Points
		case pointspb.Account_REDEEMED_POINTS:
			t.Redeemed += p.Points
		case pointspb.Account_ADJUSTED_POINTS:
			t.Adjusted += p.Points
		default:
			t.Outstanding += p.Points
		}
	}
	if a.Progress != nil && a.report.Entries%10000 == 0 {
		a.Progress(a.report.Entries)
	}
}

// sums checks the folded states and adds them up (I1, I3, I4, I6, I16, I17, I18).
func (a *Audit) sums() {
	r := &a.report
	for n, w := range a.worlds {
		bad := func(what string, err error) {
			if err != nil {
				r.differ(Difference{Where: "ledger", Shard: n, What: what + ": " + err.Error(), Ledger: "sound", Found: "not sound"})
			}
		}
		for id, m := range w.Members {
			b := m.Booked()
			r.SumLedger += b.Available + b.Pending + b.Frozen - b.Debt
			r.Members++
			r.Earners = append(r.Earners, Earner{id, b.Available + b.Pending + b.Frozen - b.Debt})
			bad("member "+id, m.Check(a.now))
		}
		a.orders(w, bad)
		for id, i := range w.Items {
			bad("item "+id, i.Check())
		}
		for id, b := range w.Budgets {
			bad("budget "+id, b.Check())
		}
		for id, x := range w.Identities {
			bad("identity "+id, x.Check())
		}
	}
	for _, err := range ledger.CheckCodes(a.worlds) {
		r.differ(Difference{Where: "ledger", Shard: -1, What: err.Error(), Ledger: "of one redemption", Found: "of more"})
	}
	slices.SortFunc(r.Earners, func(x, y Earner) int {
		return cmp.Or(cmp.Compare(y.Points, x.Points), cmp.Compare(x.Member, y.Member))
	})
	r.Earners = r.Earners[:min(len(r.Earners), earnersKept)]
	r.SumRedis = r.SumLedger + a.apart
	t := r.Totals
	r.SumFlows = t.Granted - t.Reversed - t.Expired - t.Redeemed - t.Adjusted
	for name, sum := range map[string]int64{"granted - reversed - expired - redeemed": r.SumFlows, "postings outstanding": t.Outstanding} {
		if sum != r.SumLedger {
			r.differ(Difference{Where: "ledger", Shard: -1, What: name, Ledger: fmt.Sprint(r.SumLedger), Found: fmt.Sprint(sum)})
		}
	}
}

// orders counts the orders that were paid, and who paid them.
func (a *Audit) orders(w *ledger.World, bad func(string, error)) {
	paying := map[string]struct{}{}
	for key, o := range w.Orders() {
		bad("order "+key, o.Check())
		var net int64
		for _, l := range o.Lines {
			net += l.Net
		}
		if o.Paid && net > 0 {
			member, _, _ := strings.Cut(key, "\x1f")
			paying[member] = struct{}{}
			a.report.OrdersPaid++
		}
	}
	a.report.WithOrders += len(paying)
}
