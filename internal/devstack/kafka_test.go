package devstack_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/testkit"
)

// produceAndRead writes the record n in a transaction and reads 1 to n, committed, in this order.
func produceAndRead(ctx context.Context, t *testing.T, addr string, n int) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(addr, ",")...), kgo.DefaultProduceTopic("t"),
		kgo.TransactionalID("devstack"), kgo.ConsumeTopics("t"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	if topics, err := admin.ListTopics(ctx, "t"); err != nil {
		t.Fatal(err)
	} else if !topics.Has("t") {
		if _, err := admin.CreateTopic(ctx, 1, -1, nil, "t"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := c.ProduceSync(ctx, kgo.StringRecord(strconv.Itoa(n))).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := c.EndTransaction(ctx, kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	for read := 0; read < n; {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if read++; string(r.Value) != strconv.Itoa(read) {
				t.Fatalf("record %d is %q", read, r.Value)
			}
		})
	}
}

func TestKfakeKeepsItsDataOverRestart(t *testing.T) {
	ctx := deadline(t)
	k := testkit.StartKfake(t)
	for n := 1; n <= 3; n++ {
		produceAndRead(ctx, t, k.Addr(), n)
		if err := k.Restart(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKafkaKeepsItsDataOverKillAndRestart(t *testing.T) {
	ctx := deadline(t)
	k := testkit.StartKafka(t)
	for n := 1; n <= 3; n++ {
		produceAndRead(ctx, t, k.Addr(), n)
		if n == 1 {
			if err := k.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		if err := k.Restart(ctx); err != nil {
			t.Fatal(err)
		}
		t.Logf("restart %d took %v", n, time.Since(begin)) // after a kill 9 s more: the quorum waits for the old session to end
	}
}

func TestNoTopicAppearsByItself(t *testing.T) {
	ctx := deadline(t)
	c, err := kgo.NewClient(kgo.SeedBrokers(testkit.Kfake(t).Addr()), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.ProduceSync(ctx, &kgo.Record{Topic: "nobody.made.it", Value: []byte("x")}).FirstErr(); err == nil {
		t.Error("a record was taken for a topic that nobody made")
	}
}
