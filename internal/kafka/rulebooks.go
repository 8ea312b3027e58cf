package kafka

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/topics"
)

// ErrStaleRulebook says that the reading of the rulebook topic is too old to decide by.
var ErrStaleRulebook = errors.New("the rulebook topic has not been read for too long")

// Rulebooks follows the rulebook topic.
type Rulebooks struct {
	Config Config
	Parse  func(name string, data []byte) (*topics.Rulebook, error)
	AgeMax time.Duration
	// Seen is told of every version read; nil: nobody.
	Seen func(*topics.Rulebook)

	mu       sync.Mutex
	versions map[string]*topics.Rulebook
	books    topics.Books
	read     time.Time // when the reading last was at the end
}

// Books returns the published versions, or ErrStaleRulebook.
func (r *Rulebooks) Books() (topics.Books, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.read) > r.AgeMax {
		return nil, ErrStaleRulebook
	}
	return r.books, nil
}

// Run reads until ctx ends.
func (r *Rulebooks) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.follow(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("rulebook topic", "error", err)
			sleep(ctx, time.Second)
		}
	}
	return nil
}

func (r *Rulebooks) follow(ctx context.Context) error {
	return followOne(ctx, r.Config, topics.RulebookV1, r.mark, r.add)
}

func (r *Rulebooks) mark() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = time.Now()
}

// add takes over one version. A version that does not parse was not published by us; it is named and left out.
func (r *Rulebooks) add(rec *kgo.Record) {
	book, err := r.Parse(string(rec.Key), rec.Value)
	if err != nil {
		slog.Error("rulebook version cannot be read", "version", string(rec.Key), "offset", rec.Offset, "error", err)
		return
	}
	r.mu.Lock()
	if r.versions == nil {
		r.versions = map[string]*topics.Rulebook{}
	}
	if _, known := r.versions[book.Version]; known {
		r.mu.Unlock()
		return // a version never changes once published
	}
	r.versions[book.Version] = book
	r.books = topics.NewBooks(append(r.books, book)...)
	r.mu.Unlock()
	if r.Seen != nil {
		r.Seen(book)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ReadRulebooks reads the rulebook topic to its present end, once.
func ReadRulebooks(ctx context.Context, r *Rulebooks) (topics.Books, error) {
	err := Read(ctx, r.Config, topics.RulebookV1, 0, 0, func(rec *topics.Record, _ time.Time) error {
		r.add(&kgo.Record{Key: rec.Key, Value: rec.Value, Offset: rec.Offset})
		return nil
	})
	r.mark()
	return r.books, err
}
