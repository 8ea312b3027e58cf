package balances

import (
	"context"
	"errors"
	"testing"
	"time"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// empty is a store that nothing was written to.
type empty struct{ Store }

func (empty) Read(_ context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	got := make([]ledger.Got, len(wants))
	for i := range wants {
		got[i].World = wants[i].Into
	}
	return got, nil
}

// TestAVersionThatWasNotReadIsWaitedFor runs credits ahead of the owner: what they evaluated under a version that the
// owner does not know is not decided, and not lost either, because the batch is aborted.
func TestAVersionThatWasNotReadIsWaitedFor(t *testing.T) {
	var books topics.Books
	s := New(Dependencies{Store: empty{}, Books: func() (topics.Books, error) { return books, nil }, Clock: time.Now, Shards: 4})
	event := &pointspb.CreditEvent{Account: "member:m", Version: "2026-05", Cause: &pointspb.Cause{Source: "/shops/t", Id: "e", OccurredAt: 1}}
	value, err := event.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	batch := processors.Batch{Records: []topics.Record{{Topic: topics.Credits, Partition: topics.Shard(event.Account, 4), Value: value}}}
	s.heads.set(batch.Records[0].Partition, &ledger.Head{})
	if _, err := s.Process(context.Background(), batch); !errors.Is(err, errNotRead) {
		t.Fatalf("an unread version: %v, want %v", err, errNotRead)
	}
	books = topics.NewBooks(&topics.Rulebook{Version: "2026-05"})
	out, err := s.Process(context.Background(), batch)
	if err != nil || len(out.Records) != 1 || out.Records[0].Topic != topics.Ledger {
		t.Fatalf("a version that was read: %d records, %v", len(out.Records), err)
	}
}
