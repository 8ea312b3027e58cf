package balances_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"jifen/internal/redisstore"
	"jifen/ledger"
	"jifen/processors"
	"jifen/processors/balances"
	"jifen/topics"
)

// raw is a client beside the store.
func (p *program) raw() *redis.Client {
	c := redis.NewClient(&redis.Options{
		Addr: p.redis.Addr(), MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// scribble writes over what Redis has under a key that ends so, of any shard.
func (p *program) scribble(key string, value func(string) string) {
	p.t.Helper()
	c := p.raw()
	keys, err := c.Keys(p.t.Context(), "jifen:{*}:"+key).Result()
	if err != nil || len(keys) == 0 {
		p.t.Fatalf("no key %s: %v", key, err)
	}
	for _, k := range keys {
		old, err := c.Get(p.t.Context(), k).Result()
		if err == nil {
			err = c.Set(p.t.Context(), k, value(old), 0).Err()
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

func scrawl(string) string { return "\xff\xff\xff scribbled" }

// damage makes a shop with a redemption on its way, whose owner keeps no accounts in memory.
func damage(t *testing.T) *program {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100), p.gift("ben", "g2", 50), p.gift("due", "g3", 5), p.paid("ana", "O", 100), p.load("cup", 60, 3))
	p.takeover()
	return p
}

// TestWhatIsNoStateIsFoldedFromTheLedger: its shard is rebuilt before the batch that comes upon it is decided, and all is as if
// nothing had happened.
func TestWhatIsNoStateIsFoldedFromTheLedger(t *testing.T) {
	half := func(s string) string { return s[:len(s)/2] }
	spend := func(p *program) topics.Record { return p.debit("ana", "r", 101) }
	for name, c := range map[string]struct {
		key     string
		value   func(string) string
		next    func(p *program) topics.Record
		outcome string
	}{
		"an account":      {"m:ana", scrawl, spend, "debit applied"},
		"half an account": {"m:ana", half, spend, "debit applied"},
		"orders": {
			"l:ana", scrawl, func(p *program) topics.Record { return p.refund("ana", "O", "R", 100) }, topics.TypeOrderRefunded + " applied",
		},
		"an item":       {"i:cup", scrawl, func(p *program) topics.Record { return p.reserve("ana", "cup", "k", 1) }, "reserve applied"},
		"applied marks": {"applied", scrawl, spend, "debit applied"},
		"what is due": {"m:due", scrawl, func(p *program) topics.Record {
			p.now = p.now.AddDate(1, 0, 7)
			return p.wake(topics.Shard("member:due", shards))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := damage(t)
			p.scribble(c.key, c.value)
			p.batch(c.next(p))
			if p.damaged == 0 {
				t.Error("nobody was told")
			}
			if c.outcome != "" {
				equal(t, c.outcome, p.outcomes[c.outcome], 1)
			}
			p.drain()
			p.wakeAll()
			p.sound("after it")
		})
	}
}

// TestAnOrderThatIsNoState: it is read when its refund is decided, after the requests of the batch, which is decided anew then.
func TestAnOrderThatIsNoState(t *testing.T) {
	p := damage(t)
	p.scribble("l:ana", func(log string) string { return log[:len(log)-2] + "\xff\xff" })
	p.batch(p.gift("ben", "g4", 3), p.debit("ana", "r", 60), p.refund("ana", "O", "R", 100))
	equal(t, "damaged", p.damaged, 1)
	equal(t, "outcomes", []int{p.outcomes["debit applied"], p.outcomes[topics.TypeOrderRefunded+" applied"]}, []int{1, 1})
	equal(t, "ana", p.available("ana"), int64(40))
	p.sound("after it")
}

// TestATakeoverThatComesUponWhatIsNoState folds the ledger from its start.
func TestATakeoverThatComesUponWhatIsNoState(t *testing.T) {
	p := damage(t)
	p.commit(p.process(p.gift("ana", "g4", 7), p.gift("ben", "g5", 1))) // committed, never applied
	p.scribble("m:ana", scrawl)
	p.takeover()
	equal(t, "damaged", p.damaged, 1)
	equal(t, "ana", p.available("ana"), int64(108))
	equal(t, "ben", p.available("ben"), int64(51))
	p.sound("after it")
}

// TestAKeyOfAnotherType: what is to be appended to is a list now. The owner starts afresh, and its shard is rebuilt.
func TestAKeyOfAnotherType(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100), p.gift("ben", "g2", 50))
	key := fmt.Sprintf("jifen:{%d}:l:ana", topics.Shard(topics.MemberAccount("ana"), shards))
	if c := p.raw(); c.Del(t.Context(), key).Val() != 1 || c.RPush(t.Context(), key, "x").Val() != 1 {
		t.Fatalf("%s is no list", key)
	}
	out := p.process(p.gift("ana", "g3", 5), p.gift("ben", "g4", 1))
	p.commit(out)
	if err := p.stage.Committed(t.Context(), out.Records); err == nil {
		t.Error("it was applied")
	}
	rebuilt := p.rebuilds
	p.takeover()
	equal(t, "rebuilds", p.rebuilds-rebuilt, 1)
	equal(t, "ana", p.available("ana"), int64(105))
	equal(t, "ben", p.available("ben"), int64(51))
	p.sound("after it")
}

// blind is a store that cannot read ana, whoever wrote her.
type blind struct{ *redisstore.Store }

func (b blind) Read(ctx context.Context, wants []ledger.Want) ([]ledger.Got, error) {
	for _, w := range wants {
		if slices.Contains(w.Members, "ana") {
			return nil, &ledger.Unreadable{Shards: map[int32]error{w.Shard: errBlind}}
		}
	}
	return b.Store.Read(ctx, wants)
}

var errBlind = errors.New("ana cannot be read")

// TestWhatWeWroteAndCannotReadIsNotFoldedForEachBatch: a rebuild that does not help is not repeated, and the batches wait.
func TestWhatWeWroteAndCannotReadIsNotFoldedForEachBatch(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ben", "g2", 50))
	store := balances.Dependencies{
		Store: blind{p.store}, History: p.log, Observer: p, Books: p.books, Clock: func() time.Time { return p.now }, Shards: shards,
	}
	p.stage = balances.New(store)
	if err := p.stage.Takeover(t.Context(), everyShard()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, err := p.stage.Process(t.Context(), processors.Batch{Records: []topics.Record{p.gift("ana", "g1", 100)}})
		if !errors.Is(err, errBlind) {
			t.Fatalf("got %v", err)
		}
	}
	equal(t, "damaged", p.damaged, 1)
}
