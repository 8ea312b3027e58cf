// Package balances decides what credits and requests do to accounts, as the one writer of its shards.
//
//	in:     points.credits.v1 points.requests.v1, shop.* where it evaluates
//	out:    points.ledger.v1, points.requests.v1 (of other shards), points.credits.v1 (of others' members), points.audit.v1, dlq.*
//	state:  accounts, orders, redemptions, items, seen ids; a fold of the ledger, kept in a store
//	repeat: safe, offsets and entries are one transaction, the store applies each entry once
package balances

import (
	"context"
	"sync"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// Store keeps the states. What it applied is checked in every batch, so a lost or foreign store is noticed before a decision.
type Store interface {
	Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error)
	Apply(ctx context.Context, batches []ledger.Batch) error
	Reset(ctx context.Context, shards map[int32]bool) error
}

// History reads committed entries from given offsets to the present end of the ledger.
type History interface {
	Replay(ctx context.Context, topic string, from map[int32]int64, each func(shard int32, offset int64, value []byte) error) error
}

// Observer is told what happened, for metrics and for those who wait for an answer.
type Observer interface {
	// Decided counts outcomes of one kind of input: an event type or a request kind.
	Decided(kind string, outcome ledger.Outcome, count int)
	// Redeemed tells that redemptions, and what is done by hand, have an answer.
	Redeemed(ctx context.Context, redemptions []string)
	// Recovering reports entries folded since its last call, during a takeover or rebuild.
	Recovering(shards int, entries int64, rebuild bool)
	// Damaged tells that the store holds of a shard what is no state; the shard is rebuilt.
	Damaged(shard int32)
}

// Dependencies are what the stage needs of the world.
type Dependencies struct {
	Store    Store
	History  History
	Observer Observer
	Books    func() (topics.Books, error)
	// Steady is an error while this machine's clock cannot be trusted: the owner then decides nothing. nil: it can.
	Steady func() error
	Clock  func() time.Time // the program's clock
	Shards int
	Cache  int // accounts kept decoded
	Policy ledger.Policy
	// Leave leaves what a batch wrote to whoever reads it after the commit, instead of using its memory for the next batch.
	Leave bool
	// Evaluator makes credits of the shops' topics in the same transaction; nil: they come evaluated, by another stage.
	Evaluator Evaluator
}

// Stage is the owner of the shards that are assigned to it.
type Stage struct {
	Dependencies

	mu      sync.Mutex
	heads   heads
	mended  map[int32]uint64 // seq at which shards were rebuilt last, because of what was no state
	cache   *cache
	pending []*shard // decided, not committed
	// Of the batch under way; the loop has no use for it after Committed.
	out     []topics.Record
	room    processors.Room
	records []*topics.Record               // credits
	shop    []*topics.Record               // of the shops' topics
	events  [partMost]pointspb.CreditEvent // of the part under decision
	shards  []*shard                       // by number
	entered []*shard                       // of the batch
	batch   int                            // counts batches, and part their parts
	part    int
	account []byte
	desk    ledger.Desk
	packing ledger.Packing
	fetched []*ledger.Event
	members []*ledger.Member
	lent    bool // members of the cache may hold what was decided and not committed
}

// heads are the last entries of the shards that are ours, by number; nil: it is not.
type heads []*ledger.Head

func (h heads) of(shard int32) *ledger.Head {
	if int(shard) < len(h) {
		return h[shard]
	}
	return nil
}

func (h *heads) set(shard int32, head *ledger.Head) {
	for int(shard) >= len(*h) {
		*h = append(*h, nil)
	}
	(*h)[shard] = head
}

// New makes a stage that owns nothing yet.
func New(d Dependencies) *Stage {
	return &Stage{Dependencies: d, mended: map[int32]uint64{}, cache: newCache(d.Cache)}
}

var _ processors.Stage = (*Stage)(nil)

// Owned lists the shards that are ours, with the seq up to which their store must be.
func (s *Stage) Owned() map[int32]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[int32]uint64, len(s.heads))
	for n, h := range s.heads {
		if h != nil {
			out[int32(n)] = h.Seq //nolint:gosec // a partition
		}
	}
	return out
}

// Loss forgets everything: what is ours is said anew by the next takeover.
func (s *Stage) Loss() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

func (s *Stage) forget() {
	s.heads, s.pending, s.lent = nil, nil, false
	s.cache.drop()
	s.drop()
}

// drop leaves what the batch under way made to the client, which may still hold it.
func (s *Stage) drop() {
	s.out = nil
	s.room.Drop()
	s.packing.Free()
}

// Aborted drops what was decided.
func (s *Stage) Aborted() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undo()
}

// undo drops what was decided and not committed, in the accounts that the cache lent, too.
func (s *Stage) undo() {
	if s.Evaluator != nil {
		s.Evaluator.Aborted()
	}
	s.pending = nil
	if !s.lent {
		return
	}
	s.lent = false
	s.cache.drop()
	s.drop()
}
