package kafka_test

import (
	"context"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/processors"
)

// held is a stage whose transactions take as long as the test wants.
type held struct {
	*copier
	began chan int // how many records a transaction has
	end   chan struct{}
}

func (h *held) Process(ctx context.Context, b processors.Batch) (processors.Output, error) {
	h.began <- len(b.Records)
	<-h.end
	return h.copier.Process(ctx, b)
}

// TestWhoCameDuringATransactionIsInTheNext, also those who came when the client had fetched the first of them already.
func TestWhoCameDuringATransactionIsInTheNext(t *testing.T) {
	c := newCopying(t)
	h := &held{copier: &copier{to: c.to}, began: make(chan int), end: make(chan struct{})}
	stop := c.loop(h.copier, "0", func(l *kafka.Loop) { l.Stage = h })
	whole, rounds := 0, 10
	for range rounds {
		c.send(1)
		if n := <-h.began; n != 1 {
			t.Fatalf("%d records, want 1", n)
		}
		c.send(1)
		time.Sleep(100 * time.Millisecond) // it is fetched meanwhile
		c.send(3)
		h.end <- struct{}{}
		for left := 4; left > 0; {
			n := <-h.began
			if n == 4 {
				whole++
			}
			left -= n
			h.end <- struct{}{}
		}
	}
	stop()
	// A machine that is busy may take longer than the batch waits.
	if t.Logf("%d of %d batches had all", whole, rounds); whole < rounds/2 {
		t.Errorf("%d of %d batches had all that came during the transaction before", whole, rounds)
	}
	if _, committed, _, _ := h.count(); committed != 5*rounds {
		t.Errorf("%d committed, want %d", committed, 5*rounds)
	}
}
