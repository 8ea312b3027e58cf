package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/devstack"
	"jifen/internal/testkit"
	"jifen/topics"
)

// TestCompactionRemovesWhatWasErased: on Apache Kafka, with times of seconds for those of topics.yaml, neither the key of who was
// erased nor what it sealed is left in any segment; what is kept of another member is.
func TestCompactionRemovesWhatWasErased(t *testing.T) {
	k := testkit.StartKafka(t, devstack.Options{Config: map[string]string{"log.cleaner.backoff.ms": "200"}})
	in := &installation{t: t, binary: testkit.Binary(t), redis: testkit.StartRedis(t), admin: fmt.Sprint("127.0.0.1:", testkit.FreePort(t)), broker: k.Addr()}
	in.settle(false)
	v := &vectors{installation: in}
	v.publish("book.yaml")
	in.hurry()
	in.env = append(in.env, "JIFEN_CONTACTS_SEAL_INTERVAL=1s")
	v.running = v.run(eraseNow, "credits,balances,contacts")
	v.tell(paid("2026-06-09 10:00:00", "gone", "O1", line{"basic", 600000}), paid("2026-06-09 10:00:00", "stays", "O3", line{"basic", 100000}))
	v.must("items", "apply", v.file("items.yaml", "apiVersion: jifen/v1\nkind: Items\nitems: [{id: mug, name: {en: Mug}, kind: physical, price: 10, stock: 50}]\n"))
	a := v.serve(eraseNow)
	a.fill("gone")
	second := a.fill("stays")

	v.await("segments end and are compacted", v.running, func() bool { return in.seals() < 200 })
	if sealed, opened := v.opened(v.everything(), topics.MemberMark("gone")); sealed == 0 || opened != sealed {
		t.Fatalf("before the erasure %d of %d open", opened, sealed)
	}
	v.tell(at("2026-06-10 11:00:00", "erased", topics.TypeErased, map[string]any{"member": "gone"}))
	left := func(mark string) (records, values int) {
		for _, r := range v.everything() {
			if of, _, ok := topics.OfPrivateKey(string(r.Key)); ok && of == mark && r.Topic != topics.Ledger {
				records++
				if len(r.Value) > 0 {
					values++
				}
			}
		}
		return records, values
	}
	v.await("compaction has passed", v.running, func() bool {
		_, values := left(topics.MemberMark("gone"))
		return values == 0
	})
	if records, values := left(topics.MemberMark("stays")); values < 5 {
		t.Errorf("of who stays %d records with %d values are left", records, values)
	}
	equal(t, "who stays", a.kept("stays", second), []string{"Hidden Lane 77", "Elsewhere Road 5", "Elsewhere Road 5"})
}

// seals counts the seals that stand in the topics: one a second is written to each partition.
func (in *installation) seals() (n int) {
	for _, r := range in.everything() {
		if string(r.Key) == topics.SealName {
			n++
		}
	}
	return n
}

// hurry gives the private topics seconds for the hours of topics.yaml.
func (in *installation) hurry() {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.broker))
	if err != nil {
		in.t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	var changes []kadm.AlterConfig
	for name, value := range map[string]string{"segment.ms": "2000", "max.compaction.lag.ms": "2000", "delete.retention.ms": "1000"} {
		before, err := admin.DescribeTopicConfigs(in.t.Context(), topics.MemberKeys)
		if err != nil {
			in.t.Fatal(err)
		}
		for _, c := range before[0].Configs {
			if c.Key == name && c.MaybeValue() != map[string]string{"segment.ms": "43200000", "max.compaction.lag.ms": "43200000", "delete.retention.ms": "86400000"}[name] {
				in.t.Errorf("%s was created with %s %s", topics.MemberKeys, name, c.MaybeValue())
			}
		}
		changes = append(changes, kadm.AlterConfig{Op: kadm.SetConfig, Name: name, Value: &value})
	}
	answers, err := admin.AlterTopicConfigs(in.t.Context(), changes, topics.PrivateTopics()...)
	if err != nil {
		in.t.Fatal(err)
	}
	for _, x := range answers {
		if x.Err != nil {
			in.t.Fatal(x.Err)
		}
	}
}
