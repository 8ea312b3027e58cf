package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// backlog is how many records a poll finds where more wait.
	backlog = 100
	// gatherWait is how long more may take to come: a fetch of a backlog takes a few milliseconds, on a busy machine too.
	gatherWait = 10 * time.Millisecond
	// lateWait bounds how long a batch waits for those who came during the last transaction, and lateShare is its part of
	// the time that this one took.
	lateWait  = 30 * time.Millisecond
	lateShare = 3
	// atOnce is how long a poll takes that finds what was fetched before.
	atOnce = 500 * time.Microsecond
)

// gather polls for one transaction. What the first poll finds at once was fetched as the last transaction began, and the
// client fetches again only when that is taken: who came meanwhile is in the second poll, so both are taken whole. Else
// a few records would have a transaction of their own, as long as a large one's, with all the others behind it. While
// nobody waits it polls on, for each transaction has a price of its own.
//
// Losing partitions between two polls aborts the transaction, as losing them later does: the session remembers a loss
// until its End.
func (l *Loop) gather(ctx context.Context, s *kgo.GroupTransactSession, size *sizer) (kgo.Fetches, error) {
	now := time.Now()
	most := size.next(now)
	l.resize(s.Client(), size.waited(now))
	var all kgo.Fetches
	for n, waits, polls, soon := 0, false, 1, time.Duration(0); ; polls++ {
		f, err := poll(ctx, s, l.BatchMax-n, soon)
		n += f.NumRecords()
		all = append(all, f...)
		waits = waits || l.urgent(f)
		late := polls == 1 && time.Since(now) < atOnce && size.last >= lateShare*time.Millisecond
		switch {
		case err != nil, f.NumRecords() == 0, n < backlog && !late, n >= l.BatchMax, polls > 1 && (waits || n >= most):
			return all, err
		case n < backlog:
			soon = min(size.last/lateShare, lateWait)
		default:
			soon = gatherWait
		}
	}
}

// poll is one poll, without end or, where soon is above 0, only for what comes within it.
func poll(ctx context.Context, s *kgo.GroupTransactSession, most int, soon time.Duration) (kgo.Fetches, error) {
	if soon <= 0 {
		f := s.PollRecords(ctx, most)
		return f, fatal(f)
	}
	wait, done := context.WithTimeout(ctx, soon)
	defer done()
	f := s.PollRecords(wait, most)
	if err := f.Err0(); err != nil && errors.Is(err, wait.Err()) {
		return nil, nil
	}
	return f, fatal(f)
}

// resize sets how much the next fetches may take.
func (l *Loop) resize(client *kgo.Client, urgent bool) {
	switch {
	case l.UrgentBytes <= 0 || l.FetchBytes <= 0:
	case urgent:
		client.UpdateFetchMaxBytes(fetchBytesMax, l.UrgentBytes)
	default:
		client.UpdateFetchMaxBytes(fetchBytesMax, l.FetchBytes)
	}
}

// fatal is the first error of a fetch that the client will not mend by itself.
func fatal(f kgo.Fetches) error {
	for _, e := range f.Errors() {
		if errors.Is(e.Err, kgo.ErrClientClosed) {
			return e.Err
		}
		if !errors.Is(e.Err, context.Canceled) { // that is only a stage that stops
			slog.Warn("fetch", "topic", e.Topic, "partition", e.Partition, "error", e.Err)
		}
		var loss *kgo.ErrDataLoss
		if !errors.As(e.Err, &loss) {
			return fmt.Errorf("fetch %s/%d: %w", e.Topic, e.Partition, e.Err)
		}
	}
	return nil
}
