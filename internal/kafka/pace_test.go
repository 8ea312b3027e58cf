package kafka

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestBatchesAreLargeUntilSomebodyWaits(t *testing.T) {
	z := newSizer(&Loop{BatchMax: 20000, Batch: 5000, Work: 50 * time.Millisecond})
	now := time.Now()
	if n := z.next(now); n != 5000 {
		t.Errorf("at first: %d records, want 5000", n)
	}
	z.took(20000, true, now, time.Second)
	now = now.Add(time.Second)
	if n := z.next(now); n != batchFloor {
		t.Errorf("somebody waits and 20000 records took 1 s: %d, want the floor %d", n, batchFloor)
	}
	for range 20 {
		z.took(z.next(now), true, now, 10*time.Millisecond)
	}
	if n := z.next(now); n != 5000 {
		t.Errorf("transactions are fast: %d, want 5000", n)
	}
	now = now.Add(2 * urgentFor)
	if n := z.next(now); n != 20000 {
		t.Errorf("nobody waits any more: %d, want 20000", n)
	}
	z.took(20000, false, now, time.Second)
	if n := z.next(now); n != 4000 {
		t.Errorf("nobody waits, and 20000 records took 1 s: %d, want the 4000 of 200 ms", n)
	}
	z.took(100, false, now, time.Millisecond)
	if n := z.next(now); n != 4000 {
		t.Errorf("a small transaction says nothing: %d, want 4000", n)
	}
}

func TestGateHoldsAStageBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, passed := newGate(), false
		g.pass(t.Context()) // open at first
		g.set(true)
		g.set(true)
		go func() {
			g.pass(context.Background())
			passed = true
		}()
		synctest.Wait()
		if passed {
			t.Error("passed a shut gate")
		}
		g.set(false)
		g.set(false)
		synctest.Wait()
		if !passed {
			t.Error("an open gate holds back")
		}
	})
}
