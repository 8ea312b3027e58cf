package redisstore_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
)

// TestReadsThatComeTogetherAreOneRound has many readers, of which each gets what it asked for.
func TestReadsThatComeTogetherAreOneRound(t *testing.T) {
	red := testkit.StartRedis(t)
	s, client := open(t, red), raw(t, red)
	var batches []ledger.Batch
	for shard := range int32(4) {
		batches = append(batches, batch(shard, 1, uint64(shard)+1))
	}
	apply(t, s, batches...)
	b := s.Batcher()
	client.ConfigResetStat(t.Context())
	const readers = 2000
	var all sync.WaitGroup
	for i := range readers {
		of := &batches[i%len(batches)]
		all.Go(func() {
			var got ledger.Got
			var err error
			if i%3 == 0 {
				got, err = b.Read(t.Context(), want(of))
			} else if got, err = b.Item(t.Context(), of.Shard, "cup"); err == nil && got.World.Items["cup"].Free != of.World.Items["cup"].Free {
				t.Errorf("reader %d: %d cups are free", i, got.World.Items["cup"].Free)
			}
			if err != nil || got.Head.Seq != of.Head.Seq {
				t.Errorf("reader %d: seq %d, want %d: %v", i, got.Head.Seq, of.Head.Seq, err)
			}
			if i%3 == 0 && err == nil {
				if d := differs(got.World, of.World); d != "" {
					t.Errorf("reader %d: %s", i, d)
				}
			}
		})
	}
	all.Wait()
	stats := client.Info(t.Context(), "commandstats").Val()
	found := regexp.MustCompile(`cmdstat_mget:calls=(\d+)`).FindStringSubmatch(stats)
	if found == nil {
		t.Fatalf("no calls in %s", stats)
	}
	calls, _ := strconv.Atoi(found[1])
	t.Logf("%d reads were %d calls", readers, calls)
	if alone := (readers + 2) / 3; calls < alone || calls >= readers { // those of an item are shared, the others are not
		t.Errorf("%d calls for %d reads, of which %d are for one reader each", calls, readers, alone)
	}
}

// TestDamageIsTheErrorOfItsReaders, and of nobody who reads beside them.
func TestDamageIsTheErrorOfItsReaders(t *testing.T) {
	red := testkit.StartRedis(t)
	s, client := open(t, red), raw(t, red)
	good, bad := batch(1, 1, 1), batch(2, 1, 1)
	apply(t, s, good, bad)
	keys, err := client.Keys(t.Context(), "jifen:{2}:i:cup").Result()
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	client.Set(t.Context(), keys[0], "no state", 0)
	b := s.Batcher()
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			var u *ledger.Unreadable
			_, err := b.Item(t.Context(), int32(1+i%2), "cup")
			if i%2 == 0 && err != nil || i%2 == 1 && !errors.As(err, &u) {
				t.Errorf("shard %d: %v", 1+i%2, err)
			}
		})
	}
	all.Wait()
}

// TestReaderThatGivesUpGetsItsError, and the next one its answer.
func TestReaderThatGivesUpGetsItsError(t *testing.T) {
	red := testkit.StartRedis(t)
	s, x := open(t, red), batch(1, 1, 1)
	apply(t, s, x)
	b := s.Batcher()
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := b.Read(ended, want(&x)); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if got, err := b.Read(t.Context(), want(&x)); err != nil || got.Head.Seq != 1 {
		t.Errorf("seq %d: %v", got.Head.Seq, err)
	}
	if err := red.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Read(t.Context(), want(&x)); err == nil {
		t.Error("a Redis that is away answered")
	}
}

// TestReadThatPanicsIsItsReadersError: the process goes on.
func TestReadThatPanicsIsItsReadersError(t *testing.T) {
	var none *redisstore.Store
	b := none.Batcher()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := b.Item(t.Context(), 1, "cup"); err == nil || !strings.Contains(err.Error(), "read panicked: ") {
				t.Errorf("a store that is none answered: %v", err)
			}
		})
	}
	all.Wait()
}
