package kafka_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

// TestNewestLettersListsEachOnce: more letters in one partition than one look reads, few in another, among foreign records;
// every page goes on where the one before ended, and what comes meanwhile is not in it.
func TestNewestLettersListsEachOnce(t *testing.T) {
	c := config(testkit.StartKfake(t).Addr())
	const source, many, few = "letters.test", 5000, 50
	name := topicNamed(t, c, topics.DeadLetterPrefix+source, 3)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	begin := time.UnixMilli(1_760_000_000_000)
	var records []*kgo.Record
	add := func(partition int32, at int, reason topics.Reason) {
		d := topics.DeadLetter(&topics.Record{Topic: source, Partition: partition, Key: []byte("k"), Value: make([]byte, 20<<10)}, "g", &topics.Reject{Reason: reason})
		r := &kgo.Record{Topic: name, Partition: partition, Key: d.Key, Value: d.Value[:100], Timestamp: begin.Add(time.Duration(at) * time.Second)}
		if at == 7 {
			r.Value = d.Value
		}
		for _, h := range d.Headers {
			r.Headers = append(r.Headers, kgo.RecordHeader{Key: h.Key, Value: h.Value})
		}
		records = append(records, r)
	}
	for i := range many {
		add(0, i, topics.ReasonRange)
	}
	for i := range few {
		add(1, i*100, topics.ReasonDecode)
	}
	records = append(records, &kgo.Record{Topic: name, Partition: 1, Value: []byte("of somebody else"), Timestamp: begin})
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	list := func(keep func(*topics.Letter) bool) (all []kafka.ListedLetter) {
		var at kafka.Bounds
		for pages := 0; pages == 0 || at != nil; pages++ {
			page, next, err := kafka.NewestLetters(t.Context(), c, []string{name}, at, 3000, keep)
			if err != nil || pages > 20 {
				t.Fatalf("page %d: %v", pages, err)
			}
			all, at = append(all, page...), next
			if pages == 0 {
				records = nil
				add(2, many, topics.ReasonRange)
				if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
		}
		return all
	}
	all := list(func(*topics.Letter) bool { return true })
	seen := map[string]bool{}
	for i, l := range all {
		seen[l.Place] = true
		if i > 0 && l.At.After(all[i-1].At) {
			t.Fatalf("%s is newer than %s before it", l.Place, all[i-1].Place)
		}
		if l.Bytes > 100 && (l.Bytes != 20<<10 || len(l.Original.Value) != kafka.LetterValueMax) {
			t.Errorf("%s: %d bytes shown of %d", l.Place, len(l.Original.Value), l.Bytes)
		}
	}
	if d := cmp.Diff(fmt.Sprint(len(all), len(seen)), fmt.Sprint(many+few, many+few)); d != "" {
		t.Errorf("letters, different ones (-got +want):\n%s", d)
	}
	if n := len(list(func(l *topics.Letter) bool { return l.Reason == topics.ReasonDecode })); n != few {
		t.Errorf("%d of a reason, want %d", n, few)
	}
}
