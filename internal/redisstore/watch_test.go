package redisstore

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/redis/go-redis/v9"

	"jifen/internal/testkit"
	"jifen/ledger"
)

// intruder writes a shard's mark between the moment at which it was compared and the transaction.
type intruder struct {
	key, mark string
	client    redis.UniversalClient
	came      int
}

func (i *intruder) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (i *intruder) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (i *intruder) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "multi" && i.came == 0 {
			i.came++
			if err := i.client.Set(ctx, i.key, i.mark, 0).Err(); err != nil {
				return err
			}
		}
		return next(ctx, cmds)
	}
}

// TestNobodyWritesBetween: an owner that lost its shard writes nothing over what the next one wrote, nor twice what that one
// wrote for it.
func TestNobodyWritesBetween(t *testing.T) {
	r := testkit.StartRedis(t)
	for seq, want := range map[uint64]error{3: nil, 2: ErrGap} { // the same entries were applied; others were
		s, other := connect(t, r.Addr()), connect(t, r.Addr())
		do(t, other.client.FlushAll(t.Context()).Err())
		i := &intruder{key: "jifen:{1}:applied", mark: encodeHead(ledger.Head{Seq: seq, Hash: []byte{1}}), client: other.client}
		s.client.AddHook(i)
		w := ledger.NewWorld()
		w.Change("m").Debt = 7
		err := s.Apply(t.Context(), []ledger.Batch{{Shard: 1, From: 1, Head: ledger.Head{Seq: 3, Hash: []byte{3}}, World: w}})
		if i.came != 1 || !errors.Is(err, want) {
			t.Errorf("seq %d: %v", seq, err)
		}
		got, err := other.Read(t.Context(), []ledger.Want{{Shard: 1, Members: []string{"m"}}})
		if err != nil || got[0].Head.Seq != seq || got[0].World.Member("m").Debt != 0 {
			t.Errorf("seq %d: it holds %+v, %v", seq, got, err)
		}
	}
}

func connect(t *testing.T, addr string) *Store {
	t.Helper()
	s, err := Open(Config{Addrs: []string{addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
