package redisstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"jifen/ledger"
)

const (
	// roundsMost is how many round trips of a Batcher are under way at once: one's answer is read while the next is asked,
	// and a connection that hangs does not hold everybody.
	roundsMost = 4
	// readsMost bounds the reads of a round, so that none of them waits long for the others' answers.
	readsMost = 200
	// roundTime bounds a round trip, which no single reader's context may end.
	roundTime = 10 * time.Second
)

// Batcher reads for many who read at once, each of one shard: what is asked while round trips are under way goes
// together in the next. A read that is alone goes at once.
type Batcher struct {
	store *Store

	mu      sync.Mutex
	waiting []*reading
	rounds  int
}

// reading is one read, and its answer once it is done.
type reading struct {
	want ledger.Want
	item string // the answer may be that of others who ask for this item; empty: it is its reader's alone
	got  ledger.Got
	err  error
	done chan struct{}
}

// Batcher makes one.
func (s *Store) Batcher() *Batcher { return &Batcher{store: s} }

// Read is Store.Read of one shard. When ctx ends first, what the answer would have been is lost.
func (b *Batcher) Read(ctx context.Context, want ledger.Want) (ledger.Got, error) {
	return b.read(ctx, &reading{want: want, done: make(chan struct{})})
}

// Item is Read of one item. Many ask for the same at a sale: the answer may be others' too, so nobody may change it.
func (b *Batcher) Item(ctx context.Context, shard int32, id string) (ledger.Got, error) {
	return b.read(ctx, &reading{want: ledger.Want{Shard: shard, Items: []string{id}}, item: id, done: make(chan struct{})})
}

func (b *Batcher) read(ctx context.Context, r *reading) (ledger.Got, error) {
	b.mu.Lock()
	b.waiting = append(b.waiting, r)
	begin := b.rounds < roundsMost
	if begin {
		b.rounds++
	}
	b.mu.Unlock()
	if begin {
		go b.run()
	}
	select {
	case <-r.done:
		return r.got, r.err
	case <-ctx.Done():
		return ledger.Got{}, ctx.Err()
	}
}

// run makes round trips as long as somebody waits for one.
func (b *Batcher) run() {
	for {
		b.mu.Lock()
		n := min(len(b.waiting), readsMost)
		if n == 0 {
			b.rounds--
			b.waiting = nil
			b.mu.Unlock()
			return
		}
		round := b.waiting[:n:n]
		b.waiting = b.waiting[n:]
		b.mu.Unlock()
		b.round(round)
	}
}

// errPanic is a read that panicked.
var errPanic = errors.New("read panicked")

// round reads for some. A shard that holds what is no state is the error of those who read it, and of nobody else.
func (b *Batcher) round(readings []*reading) {
	ctx, done := context.WithTimeout(context.Background(), roundTime)
	defer done()
	wants, answers := together(readings)
	got, err := b.look(ctx, wants)
	var bad *ledger.Unreadable
	if len(readings) > 1 && (errors.As(err, &bad) || errors.Is(err, errPanic)) {
		for _, r := range readings {
			b.round([]*reading{r})
		}
		return
	}
	for i, r := range readings {
		if r.err = err; err == nil {
			r.got = got[answers[i]]
		}
		close(r.done)
	}
}

// look is Store.Read. Out here no middleware would recover a panic, and the process would end.
func (b *Batcher) look(ctx context.Context, wants []ledger.Want) (got []ledger.Got, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	return b.store.Read(ctx, wants)
}

// together are the wants of readings, and which of the answers is whose.
func together(readings []*reading) (wants []ledger.Want, answers []int) {
	answers = make([]int, len(readings))
	type place struct {
		shard int32
		item  string
	}
	items := map[place]int{}
	for i, r := range readings {
		at := place{r.want.Shard, r.item}
		n, known := items[at]
		if r.item == "" || !known {
			n = len(wants)
			wants = append(wants, r.want)
			items[at] = n
		}
		answers[i] = n
	}
	return wants, answers
}
