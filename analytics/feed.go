package analytics

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"jifen/topics"
)

// When a buffer is written: whichever comes first (architecture: "ClickHouse"). A block costs the server some 15 ms of CPU
// before its first row, so what streams in fast enough to fill a good block waits a little longer for a better one
// (decision 0014).
const (
	flushRows  = 50_000
	flushBytes = 32 << 20
	flushAfter = time.Second
	goodRows   = 10_000
	fillAfter  = 3 * time.Second
)

// attemptTime bounds one attempt to write, so that a server that hangs is tried again.
const attemptTime = time.Minute

// Source is where the feed's records come from; cmd/jifen joins one of internal/kafka with a feed.
type Source interface {
	// Poll returns the next records, in the order of their offsets per partition; none when ctx ends.
	Poll(ctx context.Context) ([]topics.Record, error)
}

// Feed buffers records of points.ledger.v1 and shop.* and writes them to a store in large blocks, in order, each once.
// What is in its buffers is not durable: the reader starts again after the store's positions.
type Feed struct {
	// Retrying, if set, is told of each failed attempt and of the wait before the next one.
	Retrying func(err error, wait time.Duration)

	store  *Store
	shards int

	mu            sync.Mutex
	ledger, shop  buffer
	ledgerColumns *ledgerBlock
	shopColumns   *shopBlock
}

// buffer is the records of one table that wait to be written.
type buffer struct {
	records []topics.Record
	bytes   int
	since   time.Time // arrival of the first one
}

// NewFeed makes a feed of an installation with that many shards.
func NewFeed(store *Store, shards int) *Feed {
	return &Feed{store: store, shards: shards, ledgerColumns: newLedgerBlock(), shopColumns: newShopBlock()}
}

// Handle takes records in, in any mixture of topics, and writes what is due. It keeps the records' bytes until then.
// While ClickHouse does not answer it waits, for as long as ctx lives; it skips nothing. Records that the tables hold
// already are dropped. ErrBroken is final; any other error is ctx's.
func (f *Feed) Handle(ctx context.Context, records []topics.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	for i := range records {
		b := &f.shop
		if records[i].Topic == topics.Ledger {
			if p := records[i].Partition; p < 0 || int(p) >= f.shards {
				return fmt.Errorf("%w: partition %d of %s in an installation of %d shards", ErrBroken, p, topics.Ledger, f.shards)
			}
			b = &f.ledger
		}
		if b.add(&records[i], now); b.full() {
			if err := f.write(ctx, b); err != nil {
				return err
			}
		}
	}
	return f.writeDue(ctx, now)
}

// Flush writes what has waited for its time; a ticker calls it, so that quiet times are not delayed.
func (f *Feed) Flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writeDue(ctx, time.Now())
}

// Drain writes everything, now.
func (f *Feed) Drain(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.write(ctx, &f.ledger); err != nil {
		return err
	}
	return f.write(ctx, &f.shop)
}

func (f *Feed) writeDue(ctx context.Context, now time.Time) error {
	for _, b := range []*buffer{&f.ledger, &f.shop} {
		if b.due(now) {
			if err := f.write(ctx, b); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *buffer) add(r *topics.Record, now time.Time) {
	if len(b.records) == 0 {
		b.since = now
	}
	b.records = append(b.records, *r)
	b.bytes += len(r.Value)
}

func (b *buffer) full() bool { return len(b.records) >= flushRows || b.bytes >= flushBytes }

func (b *buffer) due(now time.Time) bool {
	waited := now.Sub(b.since)
	return len(b.records) > 0 && (waited >= fillAfter || waited >= flushAfter && len(b.records) < goodRows)
}

func (b *buffer) reset() {
	clear(b.records)
	b.records, b.bytes = b.records[:0], 0
}

// write brings a buffer into its table, however long that takes. The same records are tried again, never more of them,
// so that a block whose outcome is not known comes again under its own token.
func (f *Feed) write(ctx context.Context, b *buffer) error {
	if len(b.records) == 0 {
		return nil
	}
	waits := &backoff.ExponentialBackOff{InitialInterval: 100 * time.Millisecond, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: 5 * time.Second}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := f.attempt(ctx, b)
		if errors.Is(err, ErrBroken) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(waits), backoff.WithMaxElapsedTime(0), backoff.WithNotify(f.retrying))
	if err != nil {
		return fmt.Errorf("feed ClickHouse: %w", err)
	}
	b.reset()
	return nil
}

func (f *Feed) retrying(err error, wait time.Duration) {
	if f.Retrying != nil {
		f.Retrying(err, wait)
	}
}

func (f *Feed) attempt(ctx context.Context, b *buffer) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	if b == &f.shop {
		return f.store.insertShop(ctx, f.shopColumns, b.records)
	}
	return f.store.insertLedger(ctx, f.ledgerColumns, b.records)
}
