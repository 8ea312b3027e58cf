package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestACoordinatorThatComesUpIsWaitedFor: a new cluster has none at first, and that is no reason to start a stage afresh.
func TestACoordinatorThatComesUpIsWaitedFor(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	asked, up := 0, time.Now().Add(time.Second)
	cluster.ControlKey(kmsg.FindCoordinator.Int16(), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if time.Now().After(up) {
			return nil, nil, false
		}
		asked++
		req, _ := r.(*kmsg.FindCoordinatorRequest)
		res, _ := r.ResponseKind().(*kmsg.FindCoordinatorResponse)
		for _, key := range req.CoordinatorKeys {
			c := kmsg.NewFindCoordinatorResponseCoordinator()
			c.Key, c.ErrorCode = key, kerr.CoordinatorNotAvailable.Code
			res.Coordinators = append(res.Coordinators, c)
		}
		return res, nil, true
	})
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.RequestRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	known, err := settled(t.Context(), kadm.NewClient(client), []string{"nobody's"})
	if err != nil || len(known) > 0 || asked < 2 {
		t.Errorf("%v %v after %d refusals", known, err, asked)
	}
}
