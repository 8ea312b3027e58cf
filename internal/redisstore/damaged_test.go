package redisstore_test

import (
	"errors"
	"testing"

	"jifen/internal/testkit"
	"jifen/ledger"
)

// TestNoDamageEndsTheProcess: whatever a value becomes, reading it is a state, an Unreadable, or a shard without a mark.
func TestNoDamageEndsTheProcess(t *testing.T) {
	red, rnd := testkit.StartRedis(t), testkit.Rand(t)
	s, client, b := open(t, red), raw(t, red), batch(1, 1, 1)
	apply(t, s, b)
	keys, err := client.Keys(t.Context(), "jifen:{1}:[amlri]*").Result()
	if err != nil {
		t.Fatal(err)
	}
	damaged, noticed := 0, 0
	for _, key := range keys {
		value, err := client.Get(t.Context(), key).Bytes()
		if err != nil {
			continue // no state: the items' names
		}
		for range 300 {
			bad := append([]byte{}, value[:rnd.IntN(len(value)+1)]...)
			if rnd.IntN(2) == 0 {
				bad = append([]byte{}, value...)
			}
			for range 1 + rnd.IntN(3) {
				if len(bad) > 0 {
					bad[rnd.IntN(len(bad))] = byte(rnd.IntN(256))
				}
			}
			client.Set(t.Context(), key, bad, 0)
			damaged++
			_, err := s.Read(t.Context(), []ledger.Want{want(&b)})
			var u *ledger.Unreadable
			switch {
			case errors.As(err, &u):
				noticed++
			case err != nil:
				t.Fatalf("%s %q: %v", key, bad, err)
			}
		}
		client.Set(t.Context(), key, value, 0)
	}
	holds(t, s, b)
	t.Logf("%d of %d were noticed, of %d keys", noticed, damaged, len(keys))
	if noticed == 0 || len(keys) < 5 {
		t.Errorf("%d noticed, of %d keys", noticed, len(keys))
	}
}
