package redisstore_test

import (
	"fmt"
	"regexp"
	"testing"

	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
	"jifen/topics"
)

// bought is the batch after seq: one order more of a member, and its id in the month's bucket.
func bought(w *ledger.World, seq uint64, member string) ledger.Batch {
	m := w.Change(member)
	key := fmt.Sprintf("%s\x1f/s\x1fO-%d", member, seq)
	*m.ChangeOrder(key) = ledger.Order{Paid: true, Written: int64(seq)}
	m.See(ledger.SeenMark{Month: 202611, Mark: topics.MarkOf(key)})
	return ledger.Batch{Shard: 1, From: seq, Head: ledger.Head{Seq: seq, Hash: []byte{1}}, World: w}
}

// read is a world that was told of the member's log, as an owner's is.
func read(t *testing.T, s *redisstore.Store, member string) *ledger.World {
	t.Helper()
	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 1, Members: []string{member}, Logs: []string{member}}})
	if err != nil {
		t.Fatal(err)
	}
	return got[0].World
}

// TestALogThatBeginsIsSetAndOneThatIsThereGrows: whoever knows that there is none sets it, everybody else appends; nothing
// that a log had is ever lost.
func TestALogThatBeginsIsSetAndOneThatIsThereGrows(t *testing.T) {
	r := testkit.StartRedis(t)
	s, client := open(t, r), raw(t, r)
	appends := regexp.MustCompile(`cmdstat_append:calls=(\d+)`)
	seq := uint64(0)
	does := func(b ledger.Batch, want string) {
		t.Helper()
		if err := client.ConfigResetStat(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		apply(t, s, b)
		stats, err := client.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		got := "0"
		if m := appends.FindStringSubmatch(stats); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("batch %d: %s appended, want %s", b.From, got, want)
		}
	}
	next := func() uint64 { seq++; return seq }

	does(bought(ledger.NewWorld(), next(), "unasked"), "1")
	does(bought(ledger.NewWorld(), next(), "unasked"), "1")
	w := read(t, s, "new")
	does(bought(w, next(), "new"), "0")
	m := w.Member("new")
	m.Settle()
	kept := ledger.NewWorld()
	kept.Members["new"] = m
	does(bought(kept, next(), "new"), "1")
	does(bought(read(t, s, "new"), next(), "new"), "1")

	only := ledger.NewWorld()
	only.Change("seen").See(ledger.SeenMark{Month: 202610, Mark: topics.MarkOf("a share")})
	n := next()
	does(ledger.Batch{Shard: 1, From: n, Head: ledger.Head{Seq: n, Hash: []byte{1}}, World: only}, "1")
	does(bought(read(t, s, "seen"), next(), "seen"), "1")

	refunded := ledger.NewWorld() // an order whose own event is seen later
	*refunded.Change("refunded").ChangeOrder("refunded\x1f/s\x1fO-0") = ledger.Order{Written: 1}
	n = next()
	does(ledger.Batch{Shard: 1, From: n, Head: ledger.Head{Seq: n, Hash: []byte{1}}, World: refunded}, "1")
	does(bought(read(t, s, "refunded"), next(), "refunded"), "1")

	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 1, Swept: []string{"new", "seen", "unasked", "refunded"}}})
	if err != nil {
		t.Fatal(err)
	}
	if orders, seen := got[0].World.Orders(), got[0].World.Seen(); len(orders) != 8 || len(seen) != 5 {
		t.Errorf("%d orders, %d buckets, want 8 and 5: %v, %v", len(orders), len(seen), orders, seen)
	}
	for member, want := range map[string]int{"unasked": 2, "new": 3, "seen": 1, "refunded": 1} {
		if b := got[0].World.Member(member).Bucket(202611); b == nil || len(b.Marks()) != want {
			t.Errorf("%s: %+v, want %d seen", member, b, want)
		}
	}
}
