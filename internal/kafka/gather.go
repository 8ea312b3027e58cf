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
)

// gather polls for one transaction. What the first poll finds was fetched while the last transaction was under way, and
// the client fetches again only when that is taken: in a backlog, who came meanwhile is in the second poll, so both are
// taken whole. While nobody waits it polls on, for each transaction has a price of its own.
//
// Losing partitions between two polls aborts the transaction, as losing them later does: the session remembers a loss
// until its End.
func (l *Loop) gather(ctx context.Context, s *kgo.GroupTransactSession, size *sizer) (kgo.Fetches, error) {
	now := time.Now()
	most := size.next(now)
	l.resize(s.Client(), size.waited(now))
	var all kgo.Fetches
	for n, waits, polls := 0, false, 1; ; polls++ {
		f, err := poll(ctx, s, l.BatchMax-n, polls > 1)
		n += f.NumRecords()
		all = append(all, f...)
		waits = waits || l.urgent(f)
		switch {
		case err != nil, f.NumRecords() == 0, n < backlog, n >= l.BatchMax, polls > 1 && (waits || n >= most):
			return all, err
		}
	}
}

// poll is one poll, without end or only for what comes soon.
func poll(ctx context.Context, s *kgo.GroupTransactSession, most int, soon bool) (kgo.Fetches, error) {
	if !soon {
		f := s.PollRecords(ctx, most)
		return f, fatal(f)
	}
	wait, done := context.WithTimeout(ctx, gatherWait)
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
