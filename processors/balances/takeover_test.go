package balances_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jifen/internal/audit"
	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// sound audits Redis against the ledger.
func (p *program) sound(when string) {
	p.t.Helper()
	a := audit.Audit{History: p.log, Redis: p.store, Shards: shards}
	report, err := a.Run(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range report.Differences {
		p.t.Errorf("%s: %v", when, d)
	}
}

// flush empties Redis, as FLUSHALL or a restart without its file does.
func (p *program) flush() {
	p.t.Helper()
	every := map[int32]bool{}
	for n := range int32(shards) {
		every[n] = true
	}
	if err := p.store.Reset(p.t.Context(), every); err != nil {
		p.t.Fatal(err)
	}
}

func TestVector(t *testing.T) {
	t.Run("K2", vectorK2)
	t.Run("K4", vectorK4)
	t.Run("X3", vectorX3)
	t.Run("X4", vectorX4)
	t.Run("X5", vectorX5)
	t.Run("X6", vectorX6)
	t.Run("X10", vectorX10)
	t.Run("X11", vectorX11)
}

// vectorK4: Redis is flushed; the spend in the very next batch is decided on the rebuilt state, and all is as before.
func vectorK4(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100), p.gift("ben", "g2", 50))
	before := p.stored("ana")
	p.flush()
	p.batch(p.debit("ana", "r1", 101))
	equal(t, "more than ana had", p.outcomes["debit insufficient_points"], 1)
	equal(t, "rebuilds", p.rebuilds, 1)
	after := p.stored("ana")
	equal(t, "ana", after.Booked(), before.Booked())
	p.flush()
	p.batch(p.debit("ana", "r2", 100))
	equal(t, "all of it", p.outcomes["debit applied"], 1)
	p.flush()
	p.batch(p.debit("ana", "r3", 1), p.debit("ana", "r2", 100))
	equal(t, "a spend that an empty state would refuse for want of its history", p.outcomes, map[string]int{
		"shop.activity.v1 applied": 2, "debit insufficient_points": 2, "debit applied": 1, "debit duplicate": 1,
	})
	p.wakeAll()
	p.sound("at the end")
	equal(t, "ben", p.available("ben"), int64(50))
}

// vectorK2 kills the owner after each step of the processor; the ledger is that of a run without kills.
func vectorK2(t *testing.T) {
	run := func(kill string) (*program, map[string]int) {
		p := start(t)
		feed := func(records ...topics.Record) {
			switch kill {
			case "after decide":
				p.process(records...)
				p.takeover()
				p.batch(records...)
			case "after commit":
				p.commit(p.process(records...))
				p.takeover()
			default:
				p.batch(records...)
				if kill == "after apply" {
					p.takeover()
				}
			}
		}
		feed(p.load("cup", 60, 3))
		feed(p.gift("ana", "g1", 100), p.gift("ben", "g2", 130))
		feed(p.reserve("ana", "cup", "k", 1), p.reserve("ben", "cup", "k", 2))
		for len(p.queue) > 0 {
			r := p.queue[0]
			p.queue = p.queue[1:]
			feed(r)
		}
		p.wakeAll()
		p.sound(kill)
		return p, p.log.kinds(t)
	}
	_, want := run("never")
	for _, kill := range []string{"after decide", "after commit", "after apply"} {
		p, got := run(kill)
		equal(t, kill, got, want)
		equal(t, kill+": ana", p.available("ana"), int64(40))
		equal(t, kill+": ben", p.available("ben"), int64(10))
	}
}

func TestTakeoverCatchesUpWhereRedisIsBehind(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100))
	p.commit(p.process(p.gift("ana", "g2", 20), p.gift("ben", "g3", 7))) // committed, never applied
	equal(t, "before", p.available("ana"), int64(100))
	p.takeover()
	equal(t, "ana", p.available("ana"), int64(120))
	equal(t, "ben", p.available("ben"), int64(7))
	equal(t, "whole rebuilds", p.rebuilds <= 1, true)
	p.sound("after the takeover")
	p.batch(p.gift("ana", "g2", 20))
	equal(t, "the same event again", p.available("ana"), int64(120))
}

func TestStoreOfAnotherLedgerIsRebuilt(t *testing.T) {
	for name, spoil := range map[string]func(p *program){
		"ahead": func(p *program) { // the ledger was cut behind an applied entry
			shard := topics.Shard("member:ana", shards)
			p.batch(p.gift("ana", "later", 5))
			p.log.records[shard] = p.log.records[shard][:len(p.log.records[shard])-1]
			p.log.next[shard] = p.log.records[shard][len(p.log.records[shard])-1].Offset + 2
		},
		"other hash": func(p *program) {
			mine := p.log
			p.log = &log{map[int32][]topics.Record{}, map[int32]int64{}}
			p.flush()
			p.takeover()
			p.batch(p.gift("ana", "other", 1000)) // the same seq and offset in another ledger
			p.log = mine
		},
		"ahead in another ledger": func(p *program) {
			mine := p.log
			p.log = &log{map[int32][]topics.Record{}, map[int32]int64{}}
			p.flush()
			p.takeover()
			for i := range 9 {
				p.batch(p.gift("ana", fmt.Sprint("other", i), 1000))
			}
			p.log = mine
		},
		"behind in another ledger": func(p *program) {
			p.batch(p.gift("ana", "more", 20))
			mine := p.log
			p.log = &log{map[int32][]topics.Record{}, map[int32]int64{}}
			p.flush()
			p.takeover()
			p.batch(p.gift("ana", "other", 1000))
			p.log = mine
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.batch(p.gift("ana", "g1", 100))
			spoil(p)
			before := len(p.log.entries(t))
			p.takeover()
			p.sound("after the takeover")
			p.batch(p.debit("ana", "r", 500))
			equal(t, "outcome", p.outcomes["debit insufficient_points"], 1)
			equal(t, "entries", len(p.log.entries(t)), before+1)
			p.sound("at the end")
		})
	}
}

// TestRunningOwnerRebuildsAStoreThatLostItsPlace: Redis came back older, newer or strange under an owner that keeps accounts in memory.
func TestRunningOwnerRebuildsAStoreThatLostItsPlace(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100))
	shard := topics.Shard("member:ana", shards)
	foreign := ledger.Batch{
		Shard: shard, From: 2, Head: ledger.Head{Seq: 50, Offset: 80, Hash: []byte("strange"), Now: p.now.UnixMilli()},
		World: ledger.NewWorld(),
	}
	foreign.World.Change("ana").Debt = 5
	if err := p.store.Apply(t.Context(), []ledger.Batch{foreign}); err != nil {
		t.Fatal(err)
	}
	p.batch(p.debit("ana", "r", 100))
	equal(t, "outcomes", p.outcomes["debit applied"], 1)
	p.sound("after it")
}

func TestBrokenChainStopsTheShard(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100))
	p.batch(p.gift("ana", "g2", 100))
	shard := topics.Shard("member:ana", shards)
	value := []byte(string(p.log.records[shard][0].Value))
	value[len(value)/2] ^= 1
	p.log.records[shard][0].Value = value
	p.flush()
	err := p.owner().Takeover(t.Context(), everyShard())
	if !errors.Is(err, ledger.ErrChain) {
		t.Fatalf("takeover of a broken ledger: %v", err)
	}
	if _, err := p.stage.Process(t.Context(), processors.Batch{Records: []topics.Record{p.debit("ana", "r", 1)}}); !errors.Is(err, ledger.ErrChain) {
		t.Errorf("a decision on it: %v", err)
	}
}

func TestAbortedBatchForgetsEverything(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100), p.load("cup", 10, 2))
	batch := []topics.Record{
		p.gift("ana", "g2", 20), p.gift("new", "g3", 7), p.debit("ana", "r1", 30), p.reserve("ana", "cup", "k", 2), p.gift("ana", "g1", 100),
	}
	first := p.process(batch...)
	for range 3 {
		p.stage.Aborted()
		equal(t, "decided again", values(p.process(batch...)), values(first))
	}
	equal(t, "Redis meanwhile", p.available("ana"), int64(100))
	p.commit(first)
	if err := p.stage.Committed(t.Context(), first.Records); err != nil {
		t.Fatal(err)
	}
	p.drain()
	equal(t, "ana", p.available("ana"), int64(70)) // 100 + 20 − 30 − 20
	p.wakeAll()
	p.sound("at the end")
}

func TestFailedApplyIsMendedByTheNextTakeover(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 100))
	out := p.process(p.gift("ana", "g2", 20))
	p.commit(out)
	p.flush() // what is applied is gone: the batch does not follow it
	if err := p.stage.Committed(t.Context(), out.Records); err == nil {
		t.Fatal("a batch was applied behind a gap")
	}
	equal(t, "shards owned", p.stage.Owned(), map[int32]uint64{})
	if _, err := p.stage.Process(t.Context(), processors.Batch{Records: []topics.Record{p.debit("ana", "r", 1)}}); err == nil {
		t.Error("it decided without a takeover")
	}
	if err := p.stage.Takeover(t.Context(), everyShard()); err != nil {
		t.Fatal(err)
	}
	equal(t, "ana", p.available("ana"), int64(120))
	p.sound("after it")
	p.batch(p.gift("ana", "g3", 5)) // nothing of the batch before comes again
	equal(t, "ana", p.available("ana"), int64(125))
	p.sound("at the end")
}

func TestInputsThatAreNotAssignedTogetherAreRefused(t *testing.T) {
	p := start(t)
	for _, assigned := range []map[string][]int32{
		{topics.Credits: {0, 1}, topics.Requests: {0}},
		{topics.Credits: {0}, topics.Requests: {1}},
		{topics.Credits: {0}},
	} {
		err := p.owner().Takeover(t.Context(), assigned)
		if err == nil || !strings.Contains(err.Error(), "not assigned together") {
			t.Errorf("%v: %v", assigned, err)
		}
	}
	if err := p.owner().Takeover(t.Context(), map[string][]int32{topics.Credits: {1, 0}, topics.Requests: {0, 1}}); err != nil {
		t.Errorf("the same shards in another order: %v", err)
	}
}

func TestRecordsOfAShardThatIsNotOursAreNotDecided(t *testing.T) {
	p := start(t)
	mine := p.owner()
	if err := mine.Takeover(t.Context(), map[string][]int32{topics.Credits: {0}, topics.Requests: {0}}); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.Process(t.Context(), processors.Batch{Records: []topics.Record{p.wake(1)}}); err == nil {
		t.Error("records of another owner's shard were decided")
	}
	p.stage.Loss()
	if _, err := p.stage.Process(t.Context(), processors.Batch{Records: []topics.Record{p.wake(0)}}); err == nil {
		t.Error("records were decided after the loss")
	}
}

// TestShardTimeNeverGoesBack: another owner's clock was ahead.
func TestShardTimeNeverGoesBack(t *testing.T) {
	p := start(t)
	p.batch(p.gift("ana", "g1", 1))
	ahead := p.now
	p.now = p.now.Add(-30 * time.Second)
	p.takeover()
	p.batch(p.debit("ana", "r", 1))
	for _, e := range p.log.entries(t) {
		if e.RecordedAt < ahead.UnixMilli() {
			t.Errorf("%v recorded before its predecessor", e.Kind)
		}
	}
	equal(t, "spent", p.log.kinds(t)[pointspb.Kind_REDEEMED.String()], 1)
}

// TestMoreAccountsThanTheCacheHolds: an account that fell out of memory is read again, never taken for an empty one.
func TestMoreAccountsThanTheCacheHolds(t *testing.T) {
	p := start(t)
	const members = 3500 // the cache's least limit is 1000 a generation
	for round := range 3 {
		var batch []topics.Record
		for i := range members {
			batch = append(batch, p.gift(fmt.Sprint("m", (i*11+round*500)%members), fmt.Sprint("g", round, "-", i), 10))
		}
		p.batch(batch...)
	}
	p.sound("at the end")
	for i := range members {
		if n := p.available(fmt.Sprint("m", i)); n != 30 {
			t.Fatalf("m%d has %d", i, n)
		}
	}
}
