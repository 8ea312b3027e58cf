package redisstore_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"jifen/internal/devstack"
	"jifen/internal/redisstore"
	"jifen/internal/testkit"
	"jifen/ledger"
)

// TestACluster holds several shards' states, each in a transaction of its own: where one is refused the others are written.
func TestACluster(t *testing.T) {
	s := cluster(t)
	var all []ledger.Batch
	for shard := range int32(40) {
		all = append(all, batch(shard, 1, uint64(shard)+1))
	}
	apply(t, s, all...)
	apply(t, s, all...) // once more changes nothing
	for _, b := range all {
		holds(t, s, b)
	}
	next := batch(7, 9, 9)
	if err := s.Apply(t.Context(), []ledger.Batch{batch(6, 20, 20), next}); !errors.Is(err, redisstore.ErrGap) {
		t.Errorf("a gap in shard 6: %v", err)
	}
	holds(t, s, all[6])
	if err := s.Reset(t.Context(), map[int32]bool{3: true}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Read(t.Context(), []ledger.Want{want(&all[3]), want(&all[4])})
	if err != nil || got[0].Head.Seq != 0 || got[1].Head.Seq != 5 {
		t.Errorf("after a reset shards 3 and 4 are at %d and %d: %v", got[0].Head.Seq, got[1].Head.Seq, err)
	}
}

// cluster is the store on a cluster of one node that has all slots.
func cluster(t *testing.T) *redisstore.Store {
	t.Helper()
	bus, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(bus.Addr().String())
	_ = bus.Close()
	r := testkit.StartRedis(t, devstack.Options{Config: map[string]string{"cluster-enabled": "yes", "cluster-port": port}})
	client := raw(t, r)
	if err := client.Do(t.Context(), "CLUSTER", "ADDSLOTSRANGE", 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	for tries := 0; client.ClusterInfo(t.Context()).Val()[:len("cluster_state:ok")] != "cluster_state:ok"; tries++ {
		if tries == 100 {
			t.Fatalf("the cluster does not come up: %s", client.ClusterInfo(t.Context()).Val())
		}
		time.Sleep(50 * time.Millisecond)
	}
	s, err := redisstore.Open(redisstore.Config{Addrs: []string{r.Addr()}, Cluster: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
