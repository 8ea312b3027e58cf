package audit_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jifen/internal/audit"
	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// program is a ledger of one shard with what was folded from it: a real Redis, and ClickHouse's numbers.
type program struct {
	t      *testing.T
	log    [][]byte
	keys   []string // of the records
	head   ledger.Head
	world  *ledger.World
	now    time.Time
	store  *redisstore.Store
	raw    *redis.Client
	copied clickhouse
}

type clickhouse struct {
	count audit.Count
	sums  audit.Sums
}

func (c *clickhouse) Counts(context.Context, map[int32]uint64) (map[int32]audit.Count, error) {
	return map[int32]audit.Count{0: c.count}, nil
}

func (c *clickhouse) Sums(context.Context, map[int32]uint64) (audit.Sums, error) { return c.sums, nil }

func (p *program) Replay(_ context.Context, _ string, from map[int32]int64, each func(int32, int64, []byte) error) error {
	for offset := from[0]; offset < int64(len(p.log)); offset++ {
		if err := each(0, offset, p.log[offset]); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) Key(_ context.Context, _ string, _ int32, offset int64) (string, error) {
	return p.keys[offset], nil
}

// start has two members, an order with a refund, an item and a redemption.
func start(t *testing.T) *program {
	t.Helper()
	r := testkit.StartRedis(t)
	store, err := redisstore.Open(redisstore.Config{Addrs: []string{r.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	raw := redis.NewClient(&redis.Options{
		Addr: r.Addr(), MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _, _ = store.Close(), raw.Close() })
	p := &program{
		t: t, head: ledger.Head{Offset: -1}, world: ledger.NewWorld(), store: store, raw: raw,
		now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
	}
	p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Order: &pointspb.OrderFacts{Order: "O", Lines: []*pointspb.OrderLine{{Id: "1", Net: 5000, Eligible: 5000}}},
		Candidates: []*pointspb.Candidate{{Rule: "spend", Mode: "step", Points: 1, Per: 100, Eligible: 5000, Lines: []uint32{0}}},
	})
	p.credit(&pointspb.CreditEvent{
		Account: "member:ana", Refund: &pointspb.RefundFacts{Order: "O", Refund: "R", Lines: []*pointspb.RefundLine{{Id: "1", Net: 1000}}},
	})
	p.credit(&pointspb.CreditEvent{Account: "member:ben", Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: "fixed", Points: 7}}})
	p.request("item:cup", &pointspb.Request{What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "cup", BasePrice: 15, OnSale: true}, Loaded: 3,
	}}})
	p.request("item:cup", &pointspb.Request{What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{Redemption: "r", Member: "ana", Quantity: 1, BodyHash: []byte("b")}}})
	p.request("member:ana", &pointspb.Request{Actor: "sue", What: &pointspb.Request_Step{Step: &pointspb.StepRequest{
		Redemption: "r", Step: &pointspb.StepFacts{Step: ledger.StepFulfil},
	}}})
	p.request("identity:device-1", &pointspb.Request{What: &pointspb.Request_Sight{Sight: &pointspb.SightRequest{
		Member: "ana", Kind: "device", Version: "1", Cause: &pointspb.Cause{Source: "/s", Id: "in", OccurredAt: p.now.UnixMilli()},
	}}})
	p.request("item:card", &pointspb.Request{What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: "card", BasePrice: 15, OnSale: true, Fulfilment: ledger.FulfilCodes},
	}}})
	p.request("item:card", &pointspb.Request{What: &pointspb.Request_Codes{Codes: &pointspb.CodesRequest{
		Blocks: []*pointspb.CodeBlock{{First: 1, Count: 2, Sealed: []byte("sealed")}}, Spans: []*pointspb.CodeSpan{{From: 1, To: 2}},
	}}})
	p.apply()
	p.copied.count = audit.Count{Rows: p.head.Seq, Distinct: p.head.Seq, Max: p.head.Seq, Last: p.head.Seq}
	p.copied.sums = audit.Sums{Members: map[string]ledger.Balance{}, Totals: audit.Totals{Outstanding: 32, Granted: 57, Reversed: 10, Redeemed: 15}}
	for id, m := range p.world.Members {
		p.copied.sums.Members[id] = m.Booked()
	}
	return p
}

func (p *program) moment() ledger.Moment {
	book := &topics.Rulebook{Version: "1", Zone: time.UTC, Validity: topics.Validity{Years: 1}, MaxMultiplier: topics.NoMaximum(), Leaderboard: topics.Leaderboard{Month: true}}
	return ledger.Moment{Now: p.now.UnixMilli(), Books: topics.NewBooks(book)}
}

func (p *program) credit(e *pointspb.CreditEvent) {
	p.t.Helper()
	e.Version, e.Cause = "1", &pointspb.Cause{Source: "/s", Id: fmt.Sprint(p.head.Seq), OccurredAt: p.now.UnixMilli()}
	d, err := ledger.Credit(p.world, e, p.moment())
	p.keep(d, err)
}

// request decides a request and those that it leads to.
func (p *program) request(account string, r *pointspb.Request) {
	p.t.Helper()
	r.Account, r.Id = account, fmt.Sprint("q", p.head.Seq)
	d, err := ledger.Handle(p.world, r, p.moment())
	p.keep(d, err)
	for _, next := range d.Requests {
		p.request(next.Account, next)
	}
}

func (p *program) keep(d *ledger.Decision, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, e := range d.Entries {
		p.seal(e)
	}
}

func (p *program) seal(e *pointspb.Entry) {
	p.t.Helper()
	value, err := ledger.Seal(&p.head, e, func(n int) []byte { return make([]byte, n) })
	if err != nil {
		p.t.Fatal(err)
	}
	p.log, p.keys = append(p.log, value), append(p.keys, e.Account)
	p.head.Offset++
}

func (p *program) apply() { p.t.Helper(); p.applyFrom(1) }

// applyFrom writes what the entries from a seq on changed.
func (p *program) applyFrom(seq uint64) {
	p.t.Helper()
	b := ledger.Batch{Shard: 0, From: seq, Head: p.head, World: p.world}
	if err := p.store.Apply(p.t.Context(), []ledger.Batch{b}); err != nil {
		p.t.Fatal(err)
	}
	p.world.StoredCodes()
	for _, m := range p.world.Members {
		m.Settle()
	}
}

func (p *program) audit() *audit.Report {
	p.t.Helper()
	a := audit.Audit{History: p, Redis: p.store, ClickHouse: &p.copied, Shards: 1}
	report, err := a.Run(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return report
}

// differences are those that an audit reports, in short.
func (p *program) differences() []string {
	p.t.Helper()
	all := []string{}
	for _, d := range p.audit().Differences {
		all = append(all, strings.TrimSpace(d.Where+": "+d.What+" "+d.Field))
	}
	return all
}

func TestSoundProgramHasNoDifference(t *testing.T) {
	p := start(t)
	r := p.audit()
	equal(t, "differences", r.Differences, []audit.Difference{})
	equal(t, "sums", []int64{r.SumLedger, r.SumRedis, r.SumClickHouse, r.SumFlows}, []int64{32, 32, 32, 32})
	equal(t, "totals", r.Totals, audit.Totals{Outstanding: 32, Granted: 57, Reversed: 10, Redeemed: 15})
	equal(t, "entries", []int64{r.Entries, int64(r.OrdersPaid), int64(r.WithOrders), int64(r.Members)}, []int64{int64(len(p.log)), 1, 1, 2})
	equal(t, "top members", r.Earners, []audit.Earner{{Member: "ana", Points: 25}, {Member: "ben", Points: 7}})
}

// TestVector has the vector that the audit owns.
func TestVector(t *testing.T) {
	t.Run("F4", vectorF4)
}

// vectorF4 flips one byte of every stored entry in turn: the audit names the account and the seq of what is broken, also
// where these are the bytes.
func vectorF4(t *testing.T) {
	p := start(t)
	for n, value := range p.log {
		for at := range value {
			p.log[n] = bytes.Clone(value)
			p.log[n][at] ^= 0x01
			want := fmt.Sprintf("entry of %s, seq %d, offset %d", p.keys[n], n+1, n)
			if d := p.audit().Differences; len(d) != 1 || d[0].Where != "ledger" || d[0].What != want {
				t.Fatalf("byte %d of seq %d: %v", at, n+1, d)
			}
		}
		p.log[n] = value
	}
	equal(t, "put back", p.differences(), []string{})
}

// TestEntryThatIsMissingOrTwiceBreaksTheChain: seq is dense.
func TestEntryThatIsMissingOrTwiceBreaksTheChain(t *testing.T) {
	for name, change := range map[string]func(log [][]byte) [][]byte{
		"missing": func(log [][]byte) [][]byte { return append(append([][]byte{}, log[:1]...), log[2:]...) },
		"twice":   func(log [][]byte) [][]byte { return append([][]byte{log[0]}, log...) },
		"swapped": func(log [][]byte) [][]byte { return append([][]byte{log[1], log[0]}, log[2:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.log = change(p.log)
			if d := p.audit().Differences; len(d) != 1 || !strings.Contains(d[0].Found, "hash chain broken") {
				t.Errorf("differences %v", d)
			}
		})
	}
}

// coding is how a store writes a kind of state.
type coding struct {
	read  func(b []byte, state any) error
	write func(state any) ([]byte, error)
}

// ownCoded is a state with an encoding of its own.
type ownCoded interface {
	AppendBinary(b []byte) ([]byte, error)
	UnmarshalBinary(b []byte) error
}

// TestChangedFieldOfAStateIsTheOneReported changes one field at a time, by hand, in Redis.
func TestChangedFieldOfAStateIsTheOneReported(t *testing.T) {
	p := start(t)
	own := coding{
		func(b []byte, s any) error { return s.(ownCoded).UnmarshalBinary(b) },
		func(s any) ([]byte, error) { return s.(ownCoded).AppendBinary(nil) },
	}
	const field = "\x04/s\x1fO" // of the order in its member's log, behind the seen ids
	var before, after []byte    // the place of a redemption stands behind the order
	inLog := coding{
		func(b []byte, s any) error {
			i := bytes.Index(b, []byte(field))
			before = b[:i:i]
			n, size := binary.Uvarint(b[i+len(field):])
			from := i + len(field) + size
			after = b[from+int(n):]
			return own.read(b[from:from+int(n)], s)
		},
		func(s any) ([]byte, error) {
			b, err := own.write(s)
			return slices.Concat(before, binary.AppendUvarint([]byte(field), uint64(len(b))), b, after), err
		},
	}
	for _, c := range []struct {
		key, what string
		state     func() any
		coding    coding
	}{
		{"m:ana", "member ana", func() any { return &ledger.Account{} }, own},
		{"l:ana", "order ana\x1f/s\x1fO", func() any { return &ledger.Order{} }, inLog},
		{"r:r", "redemption r", func() any { return &ledger.Redemption{} }, coding{cbor.Unmarshal, cbor.Marshal}},
		{"i:card", "item card", func() any { return &ledger.Item{} }, coding{cbor.Unmarshal, cbor.Marshal}},
		{"d:device-1", "identity device-1", func() any { return &ledger.Identity{} }, coding{cbor.Unmarshal, cbor.Marshal}},
	} {
		key := "jifen:{0}:" + c.key
		was := []byte(p.raw.Get(t.Context(), key).Val())
		for i := range reflect.TypeOf(c.state()).Elem().NumField() {
			state := c.state()
			if err := c.coding.read(was, state); err != nil {
				t.Fatal(err)
			}
			fields := reflect.ValueOf(state).Elem()
			name := fields.Type().Field(i).Name
			if name == "_" {
				continue
			}
			change(fields.Field(i))
			changed, err := c.coding.write(state)
			if err == nil {
				err = p.raw.Set(t.Context(), key, changed, 0).Err()
			}
			if err != nil {
				t.Fatal(err)
			}
			var about []string
			for _, d := range p.differences() {
				if strings.HasPrefix(d, "redis: "+c.what) {
					about = append(about, d)
				}
			}
			equal(t, c.what+"."+name, about, []string{"redis: " + c.what + " " + name})
		}
		if err := p.raw.Set(t.Context(), key, was, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "everything put back", p.differences(), []string{})
}

// change gives a field another value: one more, the opposite, or a list with an element less or more.
func change(v reflect.Value) {
	switch v.Kind() {
	case reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(v.Uint() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		change(v.Elem())
	case reflect.Struct:
		first := 0
		if v.Type().Field(0).Name == "_" {
			first = 1
		}
		change(v.Field(first))
	case reflect.Slice:
		if v.Len() > 0 {
			v.Set(v.Slice(0, v.Len()-1))
		} else {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
	}
}

func TestLostAndForeignStatesAreReported(t *testing.T) {
	p := start(t)
	ctx := t.Context()
	p.raw.Del(ctx, "jifen:{0}:m:ben")
	p.raw.Set(ctx, "jifen:{0}:m:zoe", p.raw.Get(ctx, "jifen:{0}:m:ana").Val(), 0)
	p.raw.SetRange(ctx, "jifen:{0}:l:ben", 6, "x")
	p.raw.Del(ctx, "jifen:{0}:c:card:0")
	p.raw.ZAdd(ctx, "jifen:{0}:due", redis.Z{Score: 5, Member: "m:ana"})
	p.raw.ZRem(ctx, "jifen:{0}:due", "r:r")
	p.raw.ZAdd(ctx, "jifen:{0}:queue:ship", redis.Z{Score: 5, Member: "r"})
	p.raw.ZAdd(ctx, "jifen:{0}:queue:reviews", redis.Z{Score: 5, Member: "ana"})
	p.raw.ZIncrBy(ctx, "jifen:{0}:board:202606", 1, "ben")
	p.raw.ZAdd(ctx, "jifen:{0}:board:202605", redis.Z{Score: 5, Member: "zoe"})
	got := strings.Join(p.differences(), "\n")
	for _, want := range []string{"member ben Lots", "member zoe Lots", "codes card:0 Blocks", "seen ids ben", "due m:ana", "due r:r", "queue ship r", "queue reviews ana", "leaderboard 202606 ben", "leaderboard 202605 zoe"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not reported:\n%s", want, got)
		}
	}
	if strings.Contains(got, "member ana") {
		t.Errorf("ana's state is as it should be:\n%s", got)
	}
}

// TestStoreAtAnotherPlaceIsReported: behind for good, or of another chain.
func TestStoreAtAnotherPlaceIsReported(t *testing.T) {
	p := start(t)
	p.credit(&pointspb.CreditEvent{Account: "member:ben", Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: "fixed", Points: 1}}})
	if d := strings.Join(p.differences(), "\n"); !strings.Contains(d, "redis: applied") {
		t.Errorf("a store that is behind: %s", d)
	}
	p = start(t)
	mark := strings.Split(p.raw.Get(t.Context(), "jifen:{0}:applied").Val(), ":")
	mark[2] = strings.Repeat("ab", 32)
	p.raw.Set(t.Context(), "jifen:{0}:applied", strings.Join(mark, ":"), 0)
	if d := strings.Join(p.differences(), "\n"); !strings.Contains(d, "redis: chain hash") {
		t.Errorf("a store of another chain: %s", d)
	}
}

// TestClickHouseThatLacksARowIsReported, or has one twice, or other sums.
func TestClickHouseThatLacksARowIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(c *clickhouse)
		want  []string
	}{
		"a row less":     {func(c *clickhouse) { c.count.Rows--; c.count.Distinct-- }, []string{"clickhouse: rows"}},
		"the last row":   {func(c *clickhouse) { c.count.Rows--; c.count.Distinct--; c.count.Max-- }, []string{"clickhouse: rows"}},
		"a row twice":    {func(c *clickhouse) { c.count.Rows++ }, []string{"clickhouse: rows"}},
		"a sum":          {func(c *clickhouse) { c.sums.Totals.Redeemed++ }, []string{"clickhouse: sum redeemed"}},
		"the balance":    {func(c *clickhouse) { c.sums.Totals.Outstanding++ }, []string{"clickhouse: sum balance"}},
		"one member":     {func(c *clickhouse) { c.sums.Members["ben"] = ledger.Balance{Available: 8} }, []string{"clickhouse: member ben"}},
		"a member lacks": {func(c *clickhouse) { delete(c.sums.Members, "ana") }, []string{"clickhouse: member ana"}},
		"a stranger":     {func(c *clickhouse) { c.sums.Members["zoe"] = ledger.Balance{Available: 8} }, []string{"clickhouse: member zoe"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			c.spoil(&p.copied)
			equal(t, "differences", p.differences(), c.want)
		})
	}
}

// TestPostingsThatDoNotBalanceAreReported: an entry of a program that is not ours, chained as it should be (I1).
func TestPostingsThatDoNotBalanceAreReported(t *testing.T) {
	p := start(t)
	e := &pointspb.Entry{
		Account: "member:ben", Kind: pointspb.Kind_REVERSED, RecordedAt: p.now.UnixMilli(), Cause: &pointspb.Cause{},
		Arithmetic: &pointspb.Arithmetic{}, Postings: []*pointspb.Posting{{Account: pointspb.Account_AVAILABLE, Points: -2, Lot: 1}},
	}
	p.seal(e)
	if got := strings.Join(p.differences(), "\n"); !strings.Contains(got, "I1: postings of seq") {
		t.Errorf("differences %s", got)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

// TestRedemptionOfAFrozenAccountIsReported: I13, and what is frozen is in the sums of all three.
func TestRedemptionOfAFrozenAccountIsReported(t *testing.T) {
	p := start(t)
	before := p.head.Seq
	by := &pointspb.ActFacts{Scope: ledger.ScopeAccount, Reason: "velocity", Evidence: "case-1", ReviewBy: p.now.Add(time.Hour).UnixMilli()}
	p.request("member:ben", &pointspb.Request{Actor: "sue", What: &pointspb.Request_Freeze{Freeze: by}})
	by.Scope = ledger.ScopeLots
	p.request("member:ana", &pointspb.Request{Actor: "sue", What: &pointspb.Request_Freeze{Freeze: by}})
	equal(t, "ana", p.world.Member("ana").Booked(), ledger.Balance{Frozen: 25})
	p.copied.sums.Members["ana"] = ledger.Balance{Frozen: 25}
	p.copied.count = audit.Count{Rows: p.head.Seq, Distinct: p.head.Seq, Max: p.head.Seq, Last: p.head.Seq}
	p.applyFrom(before + 1)
	before = p.head.Seq
	equal(t, "frozen", p.differences(), []string{})
	e := &pointspb.Entry{
		Account: "member:ben", Kind: pointspb.Kind_REDEEMED, Cause: &pointspb.Cause{Id: "forged"}, RecordedAt: p.now.UnixMilli(),
		Redemption: &pointspb.RedemptionFacts{Id: "forged", Member: "ben", Item: "cup", Quantity: 1, UnitPrice: 7, Outcome: "applied"},
		Postings:   []*pointspb.Posting{{Account: pointspb.Account_REDEEMED_POINTS, Points: 7}, {Account: pointspb.Account_AVAILABLE, Points: -7, Lot: 1}},
	}
	ledger.Fold(p.world, e)
	p.seal(e)
	p.copied.count = audit.Count{Rows: p.head.Seq, Distinct: p.head.Seq, Max: p.head.Seq, Last: p.head.Seq}
	p.copied.sums.Members["ben"] = ledger.Balance{}
	p.copied.sums.Totals.Redeemed, p.copied.sums.Totals.Outstanding = 22, 25
	p.applyFrom(before + 1)
	equal(t, "differences", p.differences(), []string{"ledger: I13: seq " + fmt.Sprint(p.head.Seq) + " redeems of member:ben, which is frozen"})
}

func TestCodeOfTwoRedemptionsIsReported(t *testing.T) {
	p := start(t)
	for _, id := range []string{"r1", "r2"} {
		p.seal(&pointspb.Entry{
			Account: "member:ben", Kind: pointspb.Kind_REDEEMED, Cause: &pointspb.Cause{Id: id}, RecordedAt: p.now.UnixMilli(),
			Redemption: &pointspb.RedemptionFacts{Id: id, Member: "ben", Item: "card", Quantity: 1, Outcome: "applied", Parts: []*pointspb.Part{
				{Item: "card", Quantity: 1, Fulfilment: ledger.FulfilCodes, Codes: []int64{2}},
			}},
		})
	}
	got := strings.Join(p.differences(), "\n")
	if !strings.Contains(got, "I12: code card:2 belongs to r") {
		t.Errorf("differences %s", got)
	}
}
