package redisstore_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"jifen/internal/devstack"
	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
)

// TestVector holds the vectors of semantics.md that the store owns.
func TestVector(t *testing.T) {
	t.Run("K3", vectorK3)
}

// deaf is a way to Redis on which the reply to a transaction can be lost: it arrives and is executed, then the connection
// ends.
type deaf struct {
	listener net.Listener
	server   string
	lose     atomic.Bool
	lost     atomic.Int64
}

func listen(t *testing.T, r *devstack.Redis) *deaf {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &deaf{listener: l, server: r.Addr()}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(client)
		}
	}()
	return d
}

func (d *deaf) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", d.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client) }()
	reply, before := make([]byte, 64<<10), []byte{}
	for {
		n, err := server.Read(reply)
		if err != nil {
			return
		}
		// What waits in a transaction is answered with QUEUED, and EXEC with a list.
		before = append(before, reply[:n]...)
		if bytes.Contains(before, []byte("+QUEUED\r\n*")) {
			before = nil
			if d.lose.Load() {
				d.lost.Add(1)
				return
			}
		}
		if _, err := client.Write(reply[:n]); err != nil {
			return
		}
	}
}

// vectorK3: the transaction was executed, its reply was lost, the batch is applied again: the balance moved once.
func vectorK3(t *testing.T) {
	r := testkit.StartRedis(t)
	way := listen(t, r)
	s, err := redisstore.Open(redisstore.Config{Addrs: []string{way.listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, second := batch(1, 1, 2), batch(1, 3, 4)
	apply(t, s, first)
	way.lose.Store(true)
	apply(t, s, second) // asks again, and finds it
	if n := way.lost.Load(); n != 1 {
		t.Fatalf("%d replies were lost", n)
	}
	way.lose.Store(false)
	direct := open(t, r)
	holds(t, direct, onTop(first, second))
	// What stands there now must not be written again.
	key := "jifen:{1}:m:m"
	if err := raw(t, r).Set(t.Context(), key, "touched", 0).Err(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		apply(t, s, second)
	}
	if v := raw(t, r).Get(t.Context(), key).Val(); v != "touched" {
		t.Errorf("the batch was applied again: %q", v)
	}
}

func TestGapIsRefusedAndLeavesEverythingAsItWas(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	first := batch(1, 1, 3)
	apply(t, s, first)
	for _, late := range []ledger.Batch{batch(1, 5, 6), batch(1, 3, 4), batch(2, 2, 2)} {
		if err := s.Apply(t.Context(), []ledger.Batch{late}); !errors.Is(err, redisstore.ErrGap) {
			t.Errorf("shard %d from %d: %v", late.Shard, late.From, err)
		}
	}
	if err := s.Apply(t.Context(), []ledger.Batch{batch(2, 1, 1), batch(1, 5, 6)}); !errors.Is(err, redisstore.ErrGap) {
		t.Errorf("one of two shards: %v", err)
	}
	holds(t, s, first)
	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 2, Members: []string{"m"}}})
	if err != nil || got[0].Head.Seq != 0 || len(got[0].World.Members) != 0 {
		t.Errorf("the refused shard holds %+v, %v", got, err)
	}
}

func TestEarlierBatchChangesNothing(t *testing.T) {
	s := open(t, testkit.StartRedis(t))
	first, second := batch(1, 1, 2), batch(1, 3, 5)
	apply(t, s, first)
	apply(t, s, second)
	apply(t, s, first)
	apply(t, s, batch(1, 2, 4)) // overlaps, and ends before what is applied
	holds(t, s, onTop(first, second))
}

// TestAShardOfWhichACommandFailedHasNoMark: lists lie where logs are to grow. The shard between is written, theirs are not
// believed any more, and begin anew after a reset.
func TestAShardOfWhichACommandFailedHasNoMark(t *testing.T) {
	r := testkit.StartRedis(t)
	s := open(t, r)
	one, two, three := batch(1, 1, 1), batch(2, 1, 1), batch(3, 1, 1)
	apply(t, s, one, two, three)
	for _, key := range []string{"jifen:{1}:l:m", "jifen:{3}:l:m"} {
		raw(t, r).Del(t.Context(), key)
		raw(t, r).RPush(t.Context(), key, "x")
	}
	next := batch(2, 2, 2)
	err := s.Apply(t.Context(), []ledger.Batch{batch(1, 2, 2), next, batch(3, 2, 2)}) // their logs were not read: they are appended to
	for _, mark := range []string{"jifen:{1}:applied: WRONGTYPE", "jifen:{3}:applied: WRONGTYPE"} {
		if err == nil || !strings.Contains(err.Error(), mark) {
			t.Errorf("got %v", err)
		}
	}
	got, err := s.Read(t.Context(), []ledger.Want{{Shard: 1}, {Shard: 2}, {Shard: 3}})
	if err != nil || got[0].Head.Seq != 0 || got[1].Head.Seq != 2 || got[2].Head.Seq != 0 {
		t.Fatalf("shards are at %d, %d and %d: %v", got[0].Head.Seq, got[1].Head.Seq, got[2].Head.Seq, err)
	}
	holds(t, s, onTop(two, next))
	if err := s.Reset(t.Context(), map[int32]bool{1: true, 3: true}); err != nil {
		t.Fatal(err)
	}
	apply(t, s, one, three)
	holds(t, s, one)
	holds(t, s, three)
}
