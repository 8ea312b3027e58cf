package redisstore

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/internal/testkit"
	"jifen/topics"
)

var inboxNow = time.Date(2026, 6, 1, 2, 0, 0, 0, time.UTC)

func openInboxes(t *testing.T) *Inboxes {
	t.Helper()
	s, err := Open(Config{Addrs: []string{testkit.StartRedis(t).Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Inboxes()
}

func message(member, id string, at time.Time) topics.Message {
	return topics.Message{ID: id, Member: member, Kind: topics.NoticeExpiry, At: at, Text: topics.Words{Zh: "文 " + id, En: "text " + id}, Item: "mug"}
}

func (i *Inboxes) ids(t *testing.T, member string) (out []string) {
	t.Helper()
	all, _, err := i.Inbox(t.Context(), member, inboxNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		out = append(out, m.ID)
	}
	return out
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

// TestAMessageIsInItsInboxOnce by its id, whatever it says the second time; the newest come first.
func TestAMessageIsInItsInboxOnce(t *testing.T) {
	i := openInboxes(t)
	first, second := message("ana", "a", inboxNow), message("ana", "b", inboxNow)
	do(t, i.Put(t.Context(), []topics.Message{first, message("ana", "old", inboxNow.Add(-time.Hour)), second, message("ben", "c", inboxNow)}, inboxNow))
	other := first
	other.Text.En = "another text"
	do(t, i.Put(t.Context(), []topics.Message{other, second}, inboxNow))
	same(t, "ana", i.ids(t, "ana"), []string{"b", "a", "old"})
	same(t, "ben", i.ids(t, "ben"), []string{"c"})
	all, read, err := i.Inbox(t.Context(), "ana", inboxNow)
	do(t, err)
	same(t, "a", all[1], first)
	same(t, "read", read, int64(0))
	do(t, i.ReadUntil(t.Context(), "ana", inboxNow))
	do(t, i.ReadUntil(t.Context(), "ana", inboxNow.Add(-time.Minute)))
	_, read, err = i.Inbox(t.Context(), "ana", inboxNow)
	do(t, err)
	same(t, "read", read, inboxNow.UnixMilli())
}

// TestAnInboxKeepsTheNewest 200 of at most 400 days, in whatever order they come.
func TestAnInboxKeepsTheNewest(t *testing.T) {
	i := openInboxes(t)
	var all []topics.Message
	for n := range 230 {
		all = append(all, message("ana", fmt.Sprintf("n%03d", n), inboxNow.Add(-time.Duration(n)*time.Hour)))
	}
	all = append(all, message("ben", "kept", inboxNow.Add(-inboxAge)), message("ben", "aged", inboxNow.Add(-inboxAge-time.Millisecond)))
	for range 2 {
		do(t, i.Put(t.Context(), all, inboxNow))
	}
	got := i.ids(t, "ana")
	same(t, "kept", []any{len(got), got[0], got[len(got)-1]}, []any{200, "n000", "n199"})
	same(t, "ben", i.ids(t, "ben"), []string{"kept"})
	read, _, err := i.Inbox(t.Context(), "ben", inboxNow.Add(time.Millisecond))
	do(t, err)
	same(t, "a moment later", len(read), 0)
}

// TestMergedInboxesFollowAndErasedOnesGo, with what comes later, in any order of the topics.
func TestMergedInboxesFollowAndErasedOnesGo(t *testing.T) {
	i := openInboxes(t)
	ctx := t.Context()
	at := func(n int) time.Time { return inboxNow.Add(time.Duration(n) * time.Second) }
	do(t, i.Put(ctx, []topics.Message{message("old", "1", at(1)), message("new", "2", at(2))}, inboxNow))
	do(t, i.ReadUntil(ctx, "old", at(1)))
	for range 2 {
		do(t, i.Merge(ctx, "old", "new", inboxNow))
	}
	do(t, i.Merge(ctx, "older", "old", inboxNow))
	do(t, i.Put(ctx, []topics.Message{message("older", "3", at(3))}, inboxNow))
	same(t, "old", i.ids(t, "old"), []string(nil))
	same(t, "new", i.ids(t, "new"), []string{"3", "2", "1"})
	do(t, i.Erase(ctx, "new"))
	do(t, i.Put(ctx, []topics.Message{message("older", "4", at(4)), message("new", "5", at(5))}, inboxNow))
	do(t, i.ReadUntil(ctx, "new", at(9)))
	same(t, "erased", i.ids(t, "new"), []string(nil))
	keys, err := i.store.client.Keys(ctx, "*").Result()
	do(t, err)
	for _, k := range keys {
		if i.store.client.Type(ctx, k).Val() != "string" {
			t.Errorf("%s is left", k)
		}
	}
	same(t, "keys", len(keys), 3)
}

// TestLostInboxesAreNoticed: who fills them is told, and reads the topics from their start again.
func TestLostInboxesAreNoticed(t *testing.T) {
	i := openInboxes(t)
	ctx := t.Context()
	positions := func(want map[string]map[int32]int64) {
		t.Helper()
		got, err := i.Positions(ctx)
		do(t, err)
		same(t, "positions", got, want)
	}
	positions(map[string]map[int32]int64{})
	do(t, i.Moved(ctx, map[string]map[int32]int64{topics.Notices: {0: 7, 3: 9}, topics.Ledger: {1: 0}}))
	do(t, i.Moved(ctx, map[string]map[int32]int64{topics.Notices: {0: 5}}))
	do(t, i.Moved(ctx, nil))
	positions(map[string]map[int32]int64{topics.Notices: {0: 8, 3: 10}, topics.Ledger: {1: 1}})
	other := i.store.Inboxes()
	if _, err := other.Positions(ctx); err != nil {
		t.Fatal(err)
	}
	do(t, other.Moved(ctx, nil))
	do(t, i.store.client.FlushAll(context.WithoutCancel(ctx)).Err())
	for _, of := range []map[string]map[int32]int64{nil, {topics.Notices: {0: 8}}} {
		if err := i.Moved(ctx, of); !errors.Is(err, ErrInboxesLost) {
			t.Errorf("after a loss: %v", err)
		}
	}
	positions(map[string]map[int32]int64{})
	if err := other.Moved(ctx, nil); !errors.Is(err, ErrInboxesLost) {
		t.Errorf("the other one: %v", err)
	}
	do(t, i.Moved(ctx, nil))
}

func TestFunctionsAreLoadedAgainAfterTheyWereLost(t *testing.T) {
	i := openInboxes(t)
	for _, id := range []string{"1", "2"} {
		do(t, i.store.client.FunctionFlush(t.Context()).Err())
		do(t, i.Put(t.Context(), []topics.Message{message("ana", id, inboxNow)}, inboxNow))
	}
	same(t, "messages", i.ids(t, "ana"), []string{"2", "1"})
}
