package kafka_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

// TestSettingsThatDrifted are seen, refused where records would be lost, and set by Apply; a shop's topics are its own.
func TestSettingsThatDrifted(t *testing.T) {
	t.Run("kfake", func(t *testing.T) { drifted(t, config(testkit.StartKfake(t).Addr())) })
	t.Run("kafka", func(t *testing.T) { drifted(t, config(testkit.StartKafka(t).Addr())) })
}

func drifted(t *testing.T, c kafka.Config) {
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	set := func(topic, name, value string) {
		t.Helper()
		done, err := admin.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: name, Value: &value}}, topic)
		if err == nil {
			_, err = done.On(topic, func(r *kadm.AlterConfigsResponse) error { return r.Err })
		}
		if err != nil {
			t.Fatalf("%s of %s: %v", name, topic, err)
		}
	}
	plan := func() []string {
		t.Helper()
		steps, err := kafka.Plan(t.Context(), c, 4)
		if err != nil {
			t.Fatal(err)
		}
		all := []string{}
		for _, s := range steps {
			if s.Action != "keep" || s.Why != "" {
				all = append(all, fmt.Sprint(s.Action, " ", s.Topic, ": ", s.Why))
			}
		}
		return all
	}
	equal(t, "as declared", plan(), []string{})
	set(topics.Orders, "retention.ms", "1000")
	equal(t, "a shop's own", plan(), []string{})
	set(topics.Notices, "retention.ms", "86400000")
	equal(t, "harmless", plan(), []string{"alter " + topics.Notices + ": retention.ms is 86400000 and should be 2592000000"})
	set(topics.RulebookV1, "retention.ms", "1000") // it is compacted, so nothing is deleted by that
	if err := kafka.Check(t.Context(), c, 4); err != nil {
		t.Errorf("it does not start: %v", err)
	}
	for _, x := range [][3]string{
		{topics.Ledger, "retention.ms", "604800000"},
		{topics.Requests, "retention.bytes", "1000000"},
		{topics.Credits, "cleanup.policy", "compact"},
		{topics.MemberKeys, "cleanup.policy", "delete"},
	} {
		set(x[0], x[1], x[2])
		err := kafka.Check(t.Context(), c, 4)
		if err == nil || !strings.Contains(err.Error(), x[0]+": "+x[1]+" is "+x[2]) || !strings.Contains(err.Error(), "jifen topics apply") {
			t.Errorf("%s %s: %v", x[0], x[1], err)
		}
		if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
			t.Fatal(err)
		}
		equal(t, "applied", plan(), []string{})
	}
	if err := kafka.Check(t.Context(), c, 4); err != nil {
		t.Error(err)
	}
}

// TestSettingsThatMayNotBeRead stop nobody: each topic says why it was not compared, and is kept.
func TestSettingsThatMayNotBeRead(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := config(cluster.ListenAddrs()[0])
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	cluster.ControlKey(int16(kmsg.DescribeConfigs), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := r.ResponseKind().(*kmsg.DescribeConfigsResponse)
		for _, x := range r.(*kmsg.DescribeConfigsRequest).Resources {
			response.Resources = append(response.Resources, kmsg.DescribeConfigsResponseResource{
				ResourceType: x.ResourceType, ResourceName: x.ResourceName, ErrorCode: kerr.TopicAuthorizationFailed.Code,
			})
		}
		return response, nil, true
	})
	steps, err := kafka.Plan(t.Context(), c, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if ours := !slices.Contains(topics.Shop(), s.Topic); s.Action != "keep" || strings.Contains(s.Why, "TOPIC_AUTHORIZATION_FAILED") != ours {
			t.Errorf("%s %s: %q", s.Action, s.Topic, s.Why)
		}
	}
	if err := kafka.Check(t.Context(), c, 4); err != nil {
		t.Errorf("it does not start: %v", err)
	}
}
