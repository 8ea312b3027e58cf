package main

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// ports answer the API's questions from Redis, Kafka and ClickHouse.
type ports struct {
	*app
	producer *kafka.Producer
	books    *kafka.Rulebooks
	tail     *kafka.Tail // of the ledger
	batcher  *redisstore.Batcher
	marking  sync.Mutex // of dead letters: two at once would fence each other

	mu      sync.Mutex
	waiting map[string]map[chan struct{}]struct{} // by redemption id
}

func newPorts(a *app, producer *kafka.Producer, books *kafka.Rulebooks, tail *kafka.Tail) *ports {
	return &ports{app: a, producer: producer, books: books, tail: tail, batcher: a.store.Batcher(), waiting: map[string]map[chan struct{}]struct{}{}}
}

// read gets states of one shard; a Redis that does not answer makes the API answer 503.
func (p *ports) read(ctx context.Context, w ledger.Want) (ledger.Got, error) {
	got, err := p.batcher.Read(ctx, w)
	if err != nil {
		return ledger.Got{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return got, nil
}

// freshWait bounds a look into the ledger; what cannot be looked up in time counts as behind.
const freshWait = time.Second

// fresh says whether Redis holds what the ledger says of a shard. A Redis that was emptied, or is being rebuilt, knows
// neither items nor points: nothing may be refused by what it lacks.
func (p *ports) fresh(ctx context.Context, shard int32, head ledger.Head) bool {
	offset := head.Offset
	if head.Seq == 0 {
		offset = -1
	}
	ctx, done := context.WithTimeout(ctx, freshWait)
	defer done()
	ok, err := p.tail.Reached(ctx, shard, offset)
	if err != nil {
		slog.Debug("freshness", "shard", shard, "error", err)
	}
	return ok && err == nil
}

// absent is the answer for a state that Redis does not have: it may be lost, and not yet rebuilt.
func (p *ports) absent(ctx context.Context, shard int32, head ledger.Head) error {
	if p.fresh(ctx, shard, head) {
		return httpapi.ErrNotFound
	}
	return fmt.Errorf("%w: redis is behind the ledger in shard %d", httpapi.ErrUnavailable, shard)
}

// view is a member's account as Redis has it, advanced to now as the owner would before a decision.
type view struct {
	*ledger.Account
	moment       ledger.Moment
	known, fresh bool
	head         ledger.Head   // of the states
	world        *ledger.World // of this view only
}

func (p *ports) account(ctx context.Context, member string) (*view, error) {
	shard := p.shard(topics.MemberAccount(member))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Members: []string{member}})
	if err != nil {
		return nil, err
	}
	books, err := p.books.Books()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	_, known := got.World.Members[member]
	v := &view{
		moment: ledger.Moment{Now: max(p.clock().UnixMilli(), got.Head.Now), Books: books}, known: known,
		fresh: p.fresh(ctx, shard, got.Head), head: got.Head, world: got.World,
	}
	ledger.Advance(got.World, member, v.moment)
	v.Account = &got.World.Member(member).Account
	if v.Erased != 0 {
		return nil, httpapi.ErrErased
	}
	return v, nil
}

// gone is why nothing can be asked of an account; nil: it can.
func gone(m *ledger.Member) error {
	switch {
	case m.Erased != 0:
		return httpapi.ErrErased
	case m.MergedInto != "":
		return httpapi.MergedError{Into: m.MergedInto}
	}
	return nil
}

// Balance is a member's balance by the clock.
func (p *ports) Balance(ctx context.Context, member string) (httpapi.Balance, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return httpapi.Balance{}, err
	}
	return v.balance(member), nil
}

// expiriesMost is how many expiries a balance names.
const expiriesMost = 9

// balance is what the view shows, with the soonest expiries.
func (v *view) balance(member string) httpapi.Balance {
	m := v.moment
	b := v.Balance(m.Now)
	out := httpapi.Balance{
		Member: member, Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt,
		Tier: v.Tier(m.Books.At(m.Time()), m.Now), AsOf: m.Time().UTC(), Known: v.known, Blocked: v.Frozen, MergedInto: v.MergedInto, Stale: !v.fresh,
	}
	for _, x := range v.NextExpiries(m.Now, expiriesMost) {
		out.NextExpiries = append(out.NextExpiries, httpapi.Expiry{Points: x.Points, ExpiresAt: time.UnixMilli(x.At).UTC()})
	}
	return out
}

// Plan says which lots would pay.
func (p *ports) Plan(ctx context.Context, member string, points int64) ([]httpapi.LotUse, error) {
	v, err := p.account(ctx, member)
	if err != nil {
		return nil, err
	}
	if v.Balance(v.moment.Now).Available < points {
		return nil, httpapi.ErrInsufficient
	}
	var out []httpapi.LotUse
	for _, u := range v.Plan(points, v.moment.Now) {
		use := httpapi.LotUse{Lot: strconv.Itoa(int(u.Number)), Points: u.Points}
		if u.ExpiresAt != 0 {
			use.ExpiresAt = time.UnixMilli(u.ExpiresAt).UTC()
		}
		out = append(out, use)
	}
	return out, nil
}

// Item reads one item.
func (p *ports) Item(ctx context.Context, id string) (httpapi.Item, error) {
	shard := p.shard(topics.ItemAccount(id))
	got, err := p.batcher.Item(ctx, shard, id)
	if err != nil {
		return httpapi.Item{}, fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	i := got.World.Items[id]
	if i == nil || i.ID == "" {
		return httpapi.Item{}, p.absent(ctx, shard, got.Head)
	}
	return itemOf(i), nil
}

// Find reads a decided redemption.
func (p *ports) Find(ctx context.Context, member, id string) (httpapi.Redemption, error) {
	shard := p.shard(topics.MemberAccount(member))
	got, err := p.read(ctx, ledger.Want{Shard: shard, Redemptions: []string{id}, Members: []string{member}})
	if err != nil {
		return httpapi.Redemption{}, err
	}
	if err := gone(got.World.Member(member)); err != nil {
		return httpapi.Redemption{}, err
	}
	r := got.World.Redemptions[id]
	if r == nil {
		return httpapi.Redemption{}, p.absent(ctx, shard, got.Head)
	}
	if r.Member != member {
		return httpapi.Redemption{}, httpapi.ErrNotFound
	}
	return redemptionOf(id, r, max(p.clock().UnixMilli(), got.Head.Now)), nil
}

// Request asks the item's shard for a reservation.
func (p *ports) Request(ctx context.Context, r httpapi.RedemptionRequest) error {
	q := &pointspb.ReserveRequest{
		Redemption: r.ID, Member: r.Member, Quantity: r.Quantity, BodyHash: r.BodyHash, PriceVersion: r.PriceVersion, Address: r.Address,
	}
	if !r.QuotedUntil.IsZero() {
		q.QuotedUntil, q.QuotedAt = r.QuotedUntil.UnixMilli(), r.QuotedAt.UnixMilli()
	}
	record, err := p.request(&pointspb.Request{
		Account: topics.ItemAccount(r.Item), Id: r.ID, Actor: r.Actor, What: &pointspb.Request_Reserve{Reserve: q},
	})
	if err == nil {
		err = p.producer.Produce(ctx, []topics.Record{record})
	}
	if err != nil {
		return fmt.Errorf("%w: %w", httpapi.ErrUnavailable, err)
	}
	return nil
}

// request is the record of a request to the owner of its account.
func (a *app) request(r *pointspb.Request) (topics.Record, error) {
	value, err := r.MarshalVT()
	if err != nil {
		return topics.Record{}, fmt.Errorf("encode request %s: %w", r.Id, err)
	}
	return topics.Record{Topic: topics.Requests, Partition: a.shard(r.Account), Key: []byte(r.Account), Value: value}, nil
}

// Await hands out a channel that is told when the redemption was decided.
func (p *ports) Await(_ context.Context, _, id string) (<-chan struct{}, func()) {
	hint := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting[id] == nil {
		p.waiting[id] = map[chan struct{}]struct{}{}
	}
	p.waiting[id][hint] = struct{}{}
	return hint, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting[id], hint)
		if len(p.waiting[id]) == 0 {
			delete(p.waiting, id)
		}
	}
}

// listen passes the owners' hints on, until ctx ends.
func (p *ports) listen(ctx context.Context) {
	p.store.Outcomes(ctx, func(redemption string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		for hint := range p.waiting[redemption] {
			select {
			case hint <- struct{}{}:
			default: // told already
			}
		}
	})
}
