package kafka_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/topics"
)

// letters are dead letters of orders with the given values.
func letters(t *testing.T, values ...string) []topics.Letter {
	t.Helper()
	var all []topics.Letter
	for i, v := range values {
		r := topics.Record{Topic: topics.Orders, Partition: int32(i % 3), Key: []byte("ana"), Value: []byte(v), Headers: []topics.Header{{Key: "ce_id", Value: []byte(v)}}}
		d := topics.DeadLetter(&r, topics.GroupCredits, &topics.Reject{Reason: topics.ReasonRange})
		d.Offset = int64(i)
		l, err := topics.OpenLetter(&d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// broughtBack are the committed records of the orders' topic, sorted: partition, value, headers.
func broughtBack(t *testing.T, c kafka.Config) []string {
	t.Helper()
	var got []string
	if err := kafka.Read(t.Context(), c, topics.Orders, 0, 0, func(r *topics.Record, _ time.Time) error {
		text := fmt.Sprint(r.Partition, " ", string(r.Key), " ", string(r.Value[:min(len(r.Value), 9)]))
		for _, h := range r.Headers {
			text += fmt.Sprint(" ", h.Key, "=", string(h.Value[:min(len(h.Value), 30)]))
		}
		got = append(got, text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	return got
}

func openReplays(t *testing.T, c kafka.Config) *kafka.Replays {
	t.Helper()
	r, err := kafka.OpenReplays(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// onBothKafkas runs a test on the embedded Kafka and on Apache's, whose transactions are the real ones.
func onBothKafkas(t *testing.T, test func(t *testing.T, c kafka.Config)) {
	t.Helper()
	t.Run("kfake", func(t *testing.T) { test(t, replaysConfig(t, testkit.StartKfake(t).Addr())) })
	t.Run("kafka", func(t *testing.T) { test(t, replaysConfig(t, testkit.StartKafka(t).Addr())) })
}

func replaysConfig(t *testing.T, addr string) kafka.Config {
	t.Helper()
	c := config(addr)
	if _, err := kafka.Apply(t.Context(), c, 4); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDeadLettersComeBackOnce: to their partitions, with the place of their letter; not again, by the same or another run.
func TestDeadLettersComeBackOnce(t *testing.T) {
	c := replaysConfig(t, testkit.StartKfake(t).Addr())
	all := letters(t, "a", "b", "c")
	first := openReplays(t, c)
	for range 2 {
		if err := first.Replay(t.Context(), all[:2]); err != nil {
			t.Fatal(err)
		}
	}
	second := openReplays(t, c)
	equal(t, "known", []string{second.Marks().State(all[0].Place), second.Marks().State(all[1].Place), second.Marks().State(all[2].Place)}, []string{kafka.LetterReplayed, kafka.LetterReplayed, ""})
	if err := second.Replay(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	equal(t, "brought back", broughtBack(t, c), []string{
		"0 ana a ce_id=a dlq.replay=dlq.shop.orders.v1/0/0", "1 ana b ce_id=b dlq.replay=dlq.shop.orders.v1/1/1", "2 ana c ce_id=c dlq.replay=dlq.shop.orders.v1/2/2",
	})
	marks, err := kafka.ReadReplays(t.Context(), c)
	equal(t, "marks", []any{len(marks), err}, []any{3, nil})
}

// TestTwoReplaysAtOnceBringNothingBackTwice: who opens later fences who came before.
func TestTwoReplaysAtOnceBringNothingBackTwice(t *testing.T) {
	onBothKafkas(t, twoReplaysAtOnce)
}

func twoReplaysAtOnce(t *testing.T, c kafka.Config) {
	all := letters(t, "a")
	first := openReplays(t, c)
	second := openReplays(t, c)
	if err := first.Replay(t.Context(), all); err == nil {
		t.Error("the earlier of two goes on")
	}
	if err := second.Replay(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	equal(t, "brought back", len(broughtBack(t, c)), 1)
	third := openReplays(t, c)
	equal(t, "known to a third", third.Marks().State(all[0].Place), kafka.LetterReplayed)
}

// TestFailedReplayBringsNothingBack: neither the records before the one that failed nor their marks; a later run does.
func TestFailedReplayBringsNothingBack(t *testing.T) {
	c := replaysConfig(t, testkit.StartKfake(t).Addr())
	all := letters(t, "a", string(bytes.Repeat([]byte("x"), 17<<20)))
	if err := openReplays(t, c).Replay(t.Context(), all); err == nil {
		t.Fatal("a record of 17 MiB was written")
	}
	equal(t, "brought back", broughtBack(t, c), []string(nil))
	marks, err := kafka.ReadReplays(t.Context(), c)
	equal(t, "marks", []any{len(marks), err}, []any{0, nil})
	if err := openReplays(t, c).Replay(t.Context(), all[:1]); err != nil {
		t.Fatal(err)
	}
	equal(t, "brought back later", len(broughtBack(t, c)), 1)
}
