package kafka_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"jifen/internal/kafka"
	"jifen/topics"
)

// TestFoldThatIsBehindIsLookedAtOnce by all who ask at the same time; they are told that it lacks a record, and which has all.
func TestFoldThatIsBehindIsLookedAtOnce(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "folded"))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	var fetches atomic.Int64
	cluster.ControlKey(kmsg.Fetch.Int16(), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		fetches.Add(1)
		return nil, nil, false
	})
	c := config(cluster.ListenAddrs()[0])
	for range 5 {
		produce(t, c, topics.Record{Topic: "folded", Value: []byte("x")})
	}
	tail := kafka.NewTail(c, "folded")
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { _ = tail.Run(ctx) })
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if ok, err := tail.Reached(ctx, 0, 4); ok && err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the tail never heard the broker")
		}
	}
	const asking = 200
	var asked sync.WaitGroup
	for range asking {
		asked.Go(func() {
			if ok, err := tail.Reached(ctx, 0, 0); ok || err != nil {
				t.Errorf("a fold that holds one record of five has all: %v %v", ok, err)
			}
		})
	}
	asked.Wait()
	if n := fetches.Load(); n == 0 || n > asking/4 {
		t.Errorf("%d fetches for %d who asked at once", n, asking)
	}
	stop()
	all.Wait()
}
