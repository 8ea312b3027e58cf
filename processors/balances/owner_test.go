package balances_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/devstack"
	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/processors"
	"jifen/processors/balances"
	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const shards = 4

// log is the ledger topic: committed entries only, with a transaction's marker behind each transaction's.
type log struct {
	records map[int32][]topics.Record
	next    map[int32]int64
}

func (l *log) add(records []topics.Record) {
	touched := map[int32]bool{}
	for i := range records {
		if r := &records[i]; r.Topic == topics.Ledger {
			r.Offset = l.next[r.Partition]
			l.next[r.Partition]++
			l.records[r.Partition] = append(l.records[r.Partition], *r)
			touched[r.Partition] = true
		}
	}
	for n := range touched {
		l.next[n]++
	}
}

func (l *log) Replay(_ context.Context, topic string, from map[int32]int64, each func(int32, int64, []byte) error) error {
	if topic != topics.Ledger {
		return fmt.Errorf("replay of %s", topic)
	}
	for n, first := range from {
		for _, r := range l.records[n] {
			if r.Offset >= first {
				if err := each(n, r.Offset, r.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (l *log) Key(_ context.Context, _ string, shard int32, offset int64) (string, error) {
	for _, r := range l.records[shard] {
		if r.Offset == offset {
			return string(r.Key), nil
		}
	}
	return "", fmt.Errorf("shard %d has no record at %d", shard, offset)
}

// world is a fold of the whole ledger that looks at the items after every entry (I4).
func (l *log) world(t *testing.T) *ledger.World {
	t.Helper()
	w := ledger.NewWorld()
	for n := range int32(shards) {
		head := ledger.Head{Offset: -1}
		for _, r := range l.records[n] {
			e, err := ledger.Open(&head, r.Value)
			if err != nil {
				t.Fatal(err)
			}
			ledger.Fold(w, e)
			for _, i := range w.Items {
				if err := i.Check(); err != nil {
					t.Fatalf("shard %d after seq %d: %v", n, e.Seq, err)
				}
			}
		}
	}
	return w
}

func (l *log) entries(t *testing.T) []*pointspb.Entry {
	t.Helper()
	var all []*pointspb.Entry
	for n := range int32(shards) {
		head := ledger.Head{Offset: -1}
		for _, r := range l.records[n] {
			e, err := ledger.Open(&head, r.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, e)
		}
	}
	return all
}

// kinds counts the ledger's entries.
func (l *log) kinds(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, e := range l.entries(t) {
		out[e.Kind.String()]++
	}
	return out
}

// program is the installation around an owner: a real Redis, the ledger, the rulebook and the clock.
type program struct {
	t        *testing.T
	store    *redisstore.Store
	log      *log
	now      time.Time
	book     *topics.Rulebook
	outcomes map[string]int // kind + outcome
	redeemed []string
	rebuilds int
	damaged  int
	redis    *devstack.Redis
	stage    *balances.Stage
	queue    []topics.Record // requests on their way to other shards
	letters  []topics.Record
	order    int  // records made
	leave    bool // balances.Dependencies.Leave
}

func start(t *testing.T) *program {
	t.Helper()
	r := testkit.StartRedis(t)
	store, err := redisstore.Open(redisstore.Config{Addrs: []string{r.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	p := &program{
		t: t, store: store, redis: r, log: &log{map[int32][]topics.Record{}, map[int32]int64{}}, outcomes: map[string]int{},
		now: time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC),
		book: &topics.Rulebook{
			Name: "test", Version: "1", From: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC, Currency: "CNY",
			Validity: topics.Validity{Years: 1, Rounding: topics.RoundDay}, MaxMultiplier: topics.NoMaximum(), PointCost: topics.One(),
		},
	}
	p.takeover()
	return p
}

func (p *program) Decided(kind string, o ledger.Outcome, count int) {
	p.outcomes[kind+" "+string(o)] += count
}

func (p *program) Redeemed(_ context.Context, r []string) { p.redeemed = append(p.redeemed, r...) }

func (p *program) Recovering(_ int, entries int64, rebuild bool) {
	if rebuild && entries > 0 {
		p.rebuilds++
	}
}

func (p *program) Damaged(int32) { p.damaged++ }

func (p *program) books() (topics.Books, error) { return topics.NewBooks(p.book), nil }

// owner makes another owner of the same shards, which has not taken over.
func (p *program) owner() *balances.Stage {
	return balances.New(balances.Dependencies{
		Store: p.store, History: p.log, Observer: p, Books: p.books, Clock: func() time.Time { return p.now }, Shards: shards,
		Leave: p.leave,
	})
}

func everyShard() map[string][]int32 {
	var all []int32
	for n := range int32(shards) {
		all = append(all, n)
	}
	return map[string][]int32{topics.Credits: all, topics.Requests: slices.Clone(all)}
}

// takeover gives the shards to a new owner.
func (p *program) takeover() {
	p.t.Helper()
	p.stage = p.owner()
	if err := p.stage.Takeover(p.t.Context(), everyShard()); err != nil {
		p.t.Fatal(err)
	}
}

// process decides a batch and commits nothing. What it made is copied, as sending it does: after Committed the stage uses
// its memory again.
func (p *program) process(records ...topics.Record) processors.Output {
	p.t.Helper()
	out, err := p.stage.Process(p.t.Context(), processors.Batch{Records: records})
	if err != nil {
		p.t.Fatal(err)
	}
	out.Records = cloned(out.Records)
	return out
}

// cloned are records with memory of their own.
func cloned(records []topics.Record) []topics.Record {
	records = slices.Clone(records)
	for i := range records {
		r := &records[i]
		r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
	}
	return records
}

// commit is the end of the transaction: what the batch made is there for everybody.
func (p *program) commit(out processors.Output) {
	p.log.add(out.Records)
	for _, r := range out.Records {
		switch r.Topic {
		case topics.Requests:
			p.queue = append(p.queue, r)
		case topics.Ledger:
		default:
			p.letters = append(p.letters, r)
		}
	}
}

// batch is a whole transaction. Its records' memory is written over afterwards, as the client may do.
func (p *program) batch(records ...topics.Record) processors.Output {
	p.t.Helper()
	records = cloned(records)
	out := p.process(records...)
	p.commit(out)
	if err := p.stage.Committed(p.t.Context(), out.Records); err != nil {
		p.t.Fatal(err)
	}
	for _, r := range records {
		for _, b := range [][]byte{r.Key, r.Value} {
			for i := range b {
				b[i] = '#'
			}
		}
	}
	return out
}

// drain hands the requests to other shards on, one transaction each, until there are none.
func (p *program) drain() {
	p.t.Helper()
	for len(p.queue) > 0 {
		r := p.queue[0]
		p.queue = p.queue[1:]
		p.batch(r)
	}
}

func (p *program) record(topic, account string, value []byte, err error) topics.Record {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	p.order++
	return topics.Record{Topic: topic, Partition: topics.Shard(account, shards), Offset: int64(p.order), Key: []byte(account), Value: value}
}

func (p *program) credit(e *pointspb.CreditEvent) topics.Record {
	p.t.Helper()
	value, err := e.MarshalVT()
	return p.record(topics.Credits, e.Account, value, err)
}

// gift credits points by a fixed rule.
func (p *program) gift(member, id string, points int64) topics.Record {
	p.t.Helper()
	return p.credit(&pointspb.CreditEvent{
		Account: topics.MemberAccount(member), Version: p.book.Version,
		Cause:      &pointspb.Cause{Source: "/shops/t", Id: id, Type: topics.TypeActivity, OccurredAt: p.now.UnixMilli()},
		Candidates: []*pointspb.Candidate{{Rule: "gift", Mode: string(topics.ModeFixed), Points: points}},
	})
}

func (p *program) request(r *pointspb.Request) topics.Record {
	p.t.Helper()
	value, err := r.MarshalVT()
	return p.record(topics.Requests, r.Account, value, err)
}

// load makes an item of one price with units in stock.
func (p *program) load(item string, price, units int64) topics.Record {
	p.t.Helper()
	return p.request(&pointspb.Request{Account: topics.ItemAccount(item), Id: "load-" + item, What: &pointspb.Request_Item{Item: &pointspb.ItemRequest{
		Definition: &pointspb.ItemDefinition{Id: item, Kind: "physical", BasePrice: price, OnSale: true}, Loaded: units,
	}}})
}

// reserve is step (1), as the API asks for it.
func (p *program) reserve(member, item, key string, quantity int64) topics.Record {
	p.t.Helper()
	id := topics.RedemptionID(member, key)
	return p.request(&pointspb.Request{Account: topics.ItemAccount(item), Id: id, What: &pointspb.Request_Reserve{Reserve: &pointspb.ReserveRequest{
		Address:    true,
		Redemption: id, Member: member, Quantity: quantity, BodyHash: []byte(fmt.Sprint(item, quantity)),
	}}})
}

// step asks for the next step of a redemption.
func (p *program) step(member, key string, f *pointspb.StepFacts) topics.Record {
	p.t.Helper()
	return p.request(&pointspb.Request{Account: topics.MemberAccount(member), Id: f.Step + "-" + key, Actor: "sue", What: &pointspb.Request_Step{Step: &pointspb.StepRequest{
		Redemption: topics.RedemptionID(member, key), Step: f,
	}}})
}

// deliver has a redemption shipped and delivered.
func (p *program) deliver(member, key string) {
	p.t.Helper()
	p.batch(
		p.step(member, key, &pointspb.StepFacts{Step: ledger.StepShip, Carrier: "sf", Number: "1", Staff: true}),
		p.step(member, key, &pointspb.StepFacts{Step: ledger.StepDeliver, Staff: true}),
	)
}

// debit is step (2) alone.
func (p *program) debit(member, id string, points int64) topics.Record {
	p.t.Helper()
	return p.request(&pointspb.Request{Account: topics.MemberAccount(member), Id: id, What: &pointspb.Request_Debit{Debit: &pointspb.DebitRequest{
		Redemption: id, Item: "none", Quantity: 1, BodyHash: []byte(id), Prices: &pointspb.PriceList{Version: 1, Base: points},
	}}})
}

func (p *program) wake(shard int32) topics.Record {
	p.t.Helper()
	value, err := (&pointspb.Request{Id: "wake", What: &pointspb.Request_Wake{Wake: &pointspb.WakeRequest{}}}).MarshalVT()
	r := p.record(topics.Requests, "", value, err)
	r.Partition = shard
	return r
}

// wakeAll wakes every shard.
func (p *program) wakeAll() processors.Output {
	p.t.Helper()
	var all []topics.Record
	for n := range int32(shards) {
		all = append(all, p.wake(n))
	}
	return p.batch(all...)
}

// stored is what Redis holds of a member.
func (p *program) stored(member string) *ledger.Account {
	p.t.Helper()
	got, err := p.store.Read(p.t.Context(), []ledger.Want{{Shard: topics.Shard(topics.MemberAccount(member), shards), Members: []string{member}}})
	if err != nil {
		p.t.Fatal(err)
	}
	return &got[0].World.Member(member).Account
}

func (p *program) available(member string) int64 {
	p.t.Helper()
	return p.stored(member).Balance(p.now.UnixMilli()).Available
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

func values(out processors.Output) []string {
	var all []string
	for _, r := range out.Records {
		all = append(all, fmt.Sprintf("%s/%d %x", r.Topic, r.Partition, r.Value))
	}
	return all
}
