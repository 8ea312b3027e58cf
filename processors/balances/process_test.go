package balances

import (
	"context"
	"errors"
	"testing"
	"time"

	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// TestAVersionThatWasNotReadIsWaitedFor runs credits ahead of the owner: what they evaluated under a version that the
// owner does not know is not decided, and not lost either, because the batch is aborted.
func TestAVersionThatWasNotReadIsWaitedFor(t *testing.T) {
	var books topics.Books
	s := New(Dependencies{Books: func() (topics.Books, error) { return books, nil }, Clock: time.Now, Shards: 4})
	event := &pointspb.CreditEvent{Account: "member:m", Version: "2026-05", Cause: &pointspb.Cause{Source: "/shops/t", Id: "e", OccurredAt: 1}}
	value, err := event.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	batch := processors.Batch{Records: []topics.Record{{Topic: topics.Credits, Partition: topics.Shard(event.Account, 4), Value: value}}}
	if _, err := s.Process(context.Background(), batch); !errors.Is(err, errNotRead) {
		t.Fatalf("an unread version: %v, want %v", err, errNotRead)
	}
	books = topics.NewBooks(&topics.Rulebook{Version: "2026-05"})
	if _, err := s.Process(context.Background(), batch); !errors.Is(err, errNotOurs) {
		t.Fatalf("a version that was read: %v, want the next obstacle, %v", err, errNotOurs)
	}
}
