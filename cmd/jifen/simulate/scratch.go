package simulate

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/topics"
)

// States is where a member's states are read from; nothing is ever written to it.
type States interface {
	Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error)
}

// scratch is a store of the owner's in memory. What it lacks of a member it reads once from the states beneath, which
// stay as they are.
type scratch struct {
	beneath States // nil: nothing is known of anybody
	shards  map[int32]*scratchShard
	woken   string // the member whose clock-driven work is listed as due
}

// scratchShard is what one shard has, as it is written.
type scratchShard struct {
	head        ledger.Head // of the simulation: it begins at 0
	known       ledger.Head // beneath
	members     map[string]*scratchMember
	redemptions map[string]*ledger.Redemption
	items       map[string]*ledger.Item
	budgets     map[string]*ledger.Budget
	identities  map[string]*ledger.Identity
}

type scratchMember struct {
	account []byte            // nil: never written
	orders  map[string][]byte // by key
	seen    map[int32][]topics.Mark
	due     int64 // Unix ms, 0 = never
}

func newScratch(beneath States) *scratch {
	return &scratch{beneath: beneath, shards: map[int32]*scratchShard{}}
}

func (s *scratch) shard(number int32) *scratchShard {
	h := s.shards[number]
	if h == nil {
		h = &scratchShard{
			head: ledger.Head{Offset: -1}, members: map[string]*scratchMember{},
			redemptions: map[string]*ledger.Redemption{}, items: map[string]*ledger.Item{},
			budgets: map[string]*ledger.Budget{}, identities: map[string]*ledger.Identity{},
		}
		s.shards[number] = h
	}
	return h
}

// member is what is had of a member, read from beneath the first time.
func (s *scratch) member(ctx context.Context, shard int32, id string) (*scratchMember, error) {
	h := s.shard(shard)
	if m := h.members[id]; m != nil {
		return m, nil
	}
	m := &scratchMember{orders: map[string][]byte{}, seen: map[int32][]topics.Mark{}}
	h.members[id] = m
	if s.beneath == nil {
		return m, nil
	}
	got, err := s.beneath.Read(ctx, []ledger.Want{{Shard: shard, Members: []string{id}, Swept: []string{id}}})
	if err != nil {
		return nil, err
	}
	h.known = got[0].Head
	from := got[0].World.Members[id]
	if from == nil {
		return m, nil
	}
	// AppendBinary never fails.
	nothing, _ := new(ledger.Account).AppendBinary(nil)
	if m.account, _ = from.AppendBinary(nil); bytes.Equal(m.account, nothing) {
		m.account = nil
	}
	m.due = from.NextDue()
	for month, b := range from.Buckets() {
		m.seen[month] = slices.Clone(b.Marks())
	}
	for key, o := range from.Orders() {
		m.orders[key], _ = o.AppendBinary(nil)
	}
	return m, nil
}

// Read implements balances.Store.
func (s *scratch) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	got := make([]ledger.Got, len(wants))
	for i := range wants {
		w := &wants[i]
		g := &got[i]
		if g.World = w.Into; g.World == nil {
			g.World = ledger.NewWorld()
		}
		if err := s.read(ctx, w, g.World); err != nil {
			return nil, err
		}
		h := s.shard(w.Shard)
		g.Head = h.head
		if m := h.members[s.woken]; w.DueMost > 0 && m != nil && m.due != 0 && m.due <= w.Now {
			g.Due = []string{ledger.DueMember + s.woken}
		}
	}
	return got, nil
}

func (s *scratch) read(ctx context.Context, w *ledger.Want, into *ledger.World) error {
	for _, id := range w.Members {
		m, err := s.member(ctx, w.Shard, id)
		if err != nil {
			return err
		}
		if m.account != nil {
			if err := into.Member(id).ReadAccount(bytes.Clone(m.account)); err != nil {
				return err
			}
		}
	}
	h := s.shard(w.Shard)
	for _, id := range w.Redemptions {
		if r := h.redemptions[id]; r != nil && into.Redemptions[id] == nil {
			into.Redemptions[id] = r
		}
	}
	for _, id := range w.Items {
		if x := h.items[id]; x != nil && into.Items[id] == nil {
			into.Items[id] = x
		}
	}
	for _, id := range w.Budgets {
		b, err := had(ctx, s, s.shard(w.Shard).budgets, id, ledger.Want{Shard: w.Shard, Budgets: []string{id}},
			func(w *ledger.World) map[string]*ledger.Budget { return w.Budgets })
		if err != nil {
			return err
		}
		known := *b
		into.Budgets[id] = &known
	}
	for _, id := range w.Identities {
		x, err := had(ctx, s, s.shard(w.Shard).identities, id, ledger.Want{Shard: w.Shard, Identities: []string{id}},
			func(w *ledger.World) map[string]*ledger.Identity { return w.Identities })
		if err != nil {
			return err
		}
		into.Identities[id] = x.Clone()
	}
	return s.readLogs(ctx, w, into)
}

// had is a state of a shard, by its name; where there is none it is read from beneath the first time.
func had[S any](ctx context.Context, s *scratch, states map[string]*S, name string, want ledger.Want, of func(*ledger.World) map[string]*S) (*S, error) {
	if states[name] == nil {
		states[name] = new(S)
		if s.beneath != nil {
			got, err := s.beneath.Read(ctx, []ledger.Want{want})
			if err != nil {
				return nil, err
			}
			if x := of(got[0].World)[name]; x != nil {
				states[name] = x
			}
		}
	}
	return states[name], nil
}

// readLogs takes in seen buckets and orders, as a store's log of them does: all that is had of whoever is asked for.
func (s *scratch) readLogs(ctx context.Context, w *ledger.Want, into *ledger.World) error {
	ids := slices.Concat(w.Logs, w.Swept)
	for _, key := range w.Orders {
		id, _, _ := strings.Cut(key, "\x1f") // an order's key begins with its member
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		from, err := s.member(ctx, w.Shard, id)
		if err != nil {
			return err
		}
		m := into.Member(id)
		m.Whole = m.Whole || slices.Contains(w.Swept, id)
		if m.Known == nil {
			m.Known = &ledger.Hashes{}
		}
		for month, marks := range from.seen {
			m.HoldBucket(month, slices.Clone(marks))
		}
		for _, key := range slices.Sorted(maps.Keys(from.orders)) {
			m.Known.Add(ledger.HashOrder(key))
			o := &ledger.Order{}
			if err := o.UnmarshalBinary(from.orders[key]); err != nil {
				return err
			}
			m.HoldOrder(key, o)
		}
	}
	return nil
}

// Apply implements balances.Store.
func (s *scratch) Apply(ctx context.Context, batches []ledger.Batch) error {
	for i := range batches {
		b := &batches[i]
		h := s.shard(b.Shard)
		h.head = b.Head
		h.head.Hash = bytes.Clone(b.Head.Hash)
		for _, m := range b.World.Changed() {
			to, err := s.member(ctx, b.Shard, m.ID)
			if err != nil {
				return err
			}
			to.write(m)
		}
		made, forgotten := b.World.ChangedRedemptions()
		for id := range forgotten {
			delete(h.redemptions, id)
		}
		for id := range made {
			h.redemptions[id] = b.World.Redemptions[id]
		}
		for id := range b.World.ChangedItems() {
			h.items[id] = b.World.Items[id]
		}
		for id := range b.World.ChangedBudgets() {
			h.budgets[id] = b.World.Budgets[id]
		}
		for id := range b.World.ChangedIdentities() {
			h.identities[id] = b.World.Identities[id]
		}
	}
	return nil
}

// write keeps what entries changed of a member.
func (to *scratchMember) write(m *ledger.Member) {
	value, whole := m.AppendAccount(nil)
	if whole {
		to.account = nil
	}
	to.account, to.due = append(to.account, value...), m.NextDue()
	if m.Whole && m.Forgot() { // of an account that was emptied nothing is told one by one
		clear(to.orders)
		clear(to.seen)
		for month, b := range m.Buckets() {
			to.seen[month] = slices.Clone(b.Marks())
		}
		for o := range m.WholeOrders() {
			to.orders[o.Key], _ = o.AppendBinary(nil) // never fails
		}
		return
	}
	for month := range m.Gone() {
		delete(to.seen, month)
	}
	for month, b := range m.Buckets() {
		to.seen[month] = append(to.seen[month], b.Fresh()...)
	}
	for o := range m.ChangedOrders() {
		state, _ := o.AppendBinary(nil) // never fails
		if to.orders[o.Key] = state; len(state) == 0 {
			delete(to.orders, o.Key)
		}
	}
}

// Reset implements balances.Store: the owner begins with it, and what lies beneath is not its ledger's.
func (s *scratch) Reset(context.Context, map[int32]bool) error { return nil }

// Replay implements balances.History: the simulation's ledger begins with it.
func (s *scratch) Replay(context.Context, string, map[int32]int64, func(int32, int64, []byte) error) error {
	return nil
}
