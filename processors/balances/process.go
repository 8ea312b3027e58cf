package balances

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// dueMost bounds the clock-driven work of one batch, so that requests beside it do not wait long.
const dueMost = 500

// errNotOurs says that records of a shard came that was not taken over: the assignment changed under the batch.
var errNotOurs = errors.New("records of a shard that was not taken over")

// errNotRead says that a credit was evaluated under a version that this owner has not read yet. Without it there is no
// tier, no validity and no clawback policy to decide by, so the batch comes again.
var errNotRead = errors.New("a rulebook version has not been read yet")

// shard is one shard's part of a batch under decision.
type shard struct {
	number   int32
	batch    int // the last one that it was part of
	part     int // the last one that had credits of it
	requests []command
	members  []string // whose credits or shop events are in the batch, as the records' keys say
	credits  []input  // of the part under decision
	versions []string // under which they were evaluated
	want     ledger.Want
	unread   []string // members of the part that the batch does not have yet
	moment   ledger.Moment
	head     ledger.Head // after the entries
	first    uint64      // seq of the first entry
	world    *ledger.World
	due      []string
	outcomes []outcome
	redeemed []string
}

// input is a credit of the part under decision, and its record.
type input struct {
	event  ledger.Event
	record *topics.Record
}

type command struct {
	*pointspb.Request
	record *topics.Record
}

// outcome is how inputs of one kind ended, and how many.
type outcome struct {
	kind   string
	result ledger.Outcome
	count  int
}

// ended counts an input. There are few kinds and few outcomes.
func (h *shard) ended(kind string, result ledger.Outcome) {
	for i := range h.outcomes {
		if o := &h.outcomes[i]; o.result == result && o.kind == kind {
			o.count++
			return
		}
	}
	h.outcomes = append(h.outcomes, outcome{strings.Clone(kind), result, 1}) // metrics keep it, and not the event's memory
}

// partMost is how many credits are decoded, and then decided, at a time: what they take stays in the processor's caches
// meanwhile. Decoding all of a large batch first would mean to fetch each event from memory again.
const partMost = 256

// Process decides a batch: requests first, then credits, each on states whose applied mark was read in this very batch.
func (s *Stage) Process(ctx context.Context, b processors.Batch) (processors.Output, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for attempt := 0; ; attempt++ {
		s.undo()
		out, err := s.process(ctx, b)
		var bad *ledger.Unreadable
		if attempt == mendMost || !errors.As(err, &bad) {
			return out, err
		}
		if err := s.mend(ctx, bad); err != nil {
			return out, err
		}
	}
}

// mendMost is how often a batch begins anew because the store held what is no state.
const mendMost = 3

func (s *Stage) process(ctx context.Context, b processors.Batch) (processors.Output, error) {
	books, err := s.Books()
	if err != nil {
		return processors.Output{}, err
	}
	if s.Steady != nil {
		if err := s.Steady(); err != nil {
			return processors.Output{}, err
		}
	}
	out := processors.Output{Records: slices.Grow(s.out[:0], len(b.Records)+len(b.Records)/8), Left: s.Leave}
	defer s.leave()
	s.split(b, &out)
	if err := s.begin(ctx, s.entered, books, &out); err != nil {
		return processors.Output{}, err
	}
	for part := range slices.Chunk(s.records, partMost) {
		if err := s.credits(ctx, s.decode(part, &out), books, &out); err != nil {
			return processors.Output{}, err
		}
	}
	for part := range slices.Chunk(s.shop, partMost) {
		shards, err := s.evaluate(ctx, part, books, &out)
		if err == nil {
			err = s.credits(ctx, shards, books, &out)
		}
		if err != nil {
			return processors.Output{}, err
		}
	}
	s.pending, s.out = slices.Clone(s.entered), out.Records
	return out, nil
}

// begin reads the states of shards of the batch, and decides what comes before their credits.
func (s *Stage) begin(ctx context.Context, shards []*shard, books topics.Books, out *processors.Output) error {
	if err := read(books, shards); err != nil {
		return err
	}
	if err := s.load(ctx, shards); err != nil {
		return err
	}
	wall := s.Clock().UnixMilli()
	for _, h := range shards {
		// Shard time never goes back, not even when another owner's clock was ahead.
		h.moment = ledger.Moment{Now: max(wall, h.head.Now), Books: books, Policy: s.Policy}
		if err := s.decide(h, out); err != nil {
			return fmt.Errorf("shard %d: %w", h.number, err)
		}
	}
	return nil
}

// leave lets the batch's records go, whose memory the events lie in.
func (s *Stage) leave() {
	for i := range min(len(s.records), partMost) {
		s.events[i].ResetVT()
	}
	clear(s.records)
	clear(s.shop)
	s.records, s.shop, s.entered = s.records[:0], s.shop[:0], s.entered[:0]
}

// credits decides what a part of the batch credits to shards.
func (s *Stage) credits(ctx context.Context, shards []*shard, books topics.Books, out *processors.Output) error {
	if err := read(books, shards); err != nil {
		return err
	}
	s.fetch(shards)
	if err := s.more(ctx, shards, func(h *shard) ledger.Want { return h.creditWant(s) }); err != nil {
		return err
	}
	for _, h := range shards {
		for i := range h.credits {
			if err := s.credit(h, &h.credits[i], out); err != nil {
				return fmt.Errorf("shard %d: %w", h.number, err)
			}
		}
	}
	return nil
}

// read checks that every version under which a batch was evaluated has been read here too: `credits` may run in another
// process, and read a new version a moment earlier.
func read(books topics.Books, shards []*shard) error {
	for _, h := range shards {
		for _, v := range h.versions {
			if books.Version(v) == nil {
				return fmt.Errorf("version %q: %w", v, errNotRead)
			}
		}
	}
	return nil
}

// load reads the states of all shards and recovers those whose store is not where their ledger is.
func (s *Stage) load(ctx context.Context, shards []*shard) error {
	wants := make([]ledger.Want, len(shards))
	for _, h := range shards {
		if s.heads.of(h.number) == nil {
			return fmt.Errorf("shard %d: %w", h.number, errNotOurs)
		}
	}
	for attempt := 0; ; attempt++ {
		behind, err := s.states(ctx, shards, wants)
		switch {
		case err != nil, len(behind) == 0:
			return err
		case attempt == 3:
			return fmt.Errorf("the store does not keep what is applied to shards %v", behind)
		}
		if err := s.recover(ctx, behind); err != nil {
			return err
		}
		s.cache.drop()
	}
}

// states reads what the batch needs, in one round trip and those for what is due. The shards whose store does not hold exactly what their
// ledger says are returned.
func (s *Stage) states(ctx context.Context, shards []*shard, wants []ledger.Want) (behind []int32, err error) {
	// Members are changed in place, by this reading already, which an abort undoes by forgetting all of them: a copy
	// of every account that a batch touches would cost more than the rare abort.
	s.lent = true
	for i, h := range shards {
		h.wants(s)
		wants[i] = h.want
	}
	got, err := s.Store.Read(ctx, wants)
	if err != nil {
		return nil, err
	}
	if behind = s.behind(got, shards); len(behind) > 0 {
		return behind, nil
	}
	return nil, s.adopt(ctx, got, shards)
}

// behind lists the shards whose store does not hold exactly what their ledger says.
func (s *Stage) behind(got []ledger.Got, shards []*shard) []int32 {
	var out []int32
	for i, h := range shards {
		head := s.heads.of(h.number)
		if got[i].Head.Seq != head.Seq || !bytes.Equal(got[i].Head.Hash, head.Hash) {
			out = append(out, h.number)
		}
	}
	return out
}

// adopt takes over what was read, and reads what the due index names.
func (s *Stage) adopt(ctx context.Context, got []ledger.Got, shards []*shard) error {
	for i, h := range shards {
		h.head = *s.heads.of(h.number)
		h.first, h.due = h.head.Seq+1, got[i].Due
	}
	if err := s.more(ctx, shards, (*shard).dueWant); err != nil {
		return err
	}
	if err := s.more(ctx, shards, (*shard).sweepWant); err != nil {
		return err
	}
	if err := s.more(ctx, shards, (*shard).carriedWant); err != nil {
		return err
	}
	return s.more(ctx, shards, (*shard).payerWant)
}

// more reads further states, at the seq after which the batch is decided.
func (s *Stage) more(ctx context.Context, shards []*shard, want func(*shard) ledger.Want) error {
	var wants []ledger.Want
	var whose []*shard
	for _, h := range shards {
		w := want(h)
		if w.Into = h.world; len(w.Members)+len(w.Logs)+len(w.Orders)+len(w.Swept)+len(w.Redemptions) > 0 {
			wants, whose = append(wants, w), append(whose, h)
		}
	}
	if len(wants) == 0 {
		return nil
	}
	got, err := s.Store.Read(ctx, wants)
	if err != nil {
		return err
	}
	for i, h := range whose {
		if got[i].Head.Seq+1 != h.first {
			return fmt.Errorf("shard %d: the store changed under the batch", h.number)
		}
	}
	return nil
}
