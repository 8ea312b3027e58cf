package topics_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

// TestALetterGivesItsRecordBack: key, value and headers as they were, whatever the record's own headers are called; and once
// more when what was replayed has failed again.
func TestALetterGivesItsRecordBack(t *testing.T) {
	h := func(key, value string) topics.Header { return topics.Header{Key: key, Value: []byte(value)} }
	r := topics.Record{
		Topic: topics.Orders, Partition: 5, Offset: 77, Key: []byte("ana"), Value: []byte("{}"),
		Headers: []topics.Header{h("ce_id", "1"), h(topics.HeaderReason, "a shop's own"), h(topics.HeaderTopic, "other"), h("x", "")},
	}
	letter := topics.DeadLetter(&r, topics.GroupCredits, &topics.Reject{Reason: topics.ReasonRange, Message: "why"})
	letter.Offset = 9
	l, err := topics.OpenLetter(&letter)
	if err != nil {
		t.Fatal(err)
	}
	want := r
	want.Offset = -1
	equal := func(what string, got, want any) {
		t.Helper()
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%s (-got +want):\n%s", what, d)
		}
	}
	equal("original", l.Original, want)
	equal("letter", []any{l.Reason, l.Message, l.Group, l.Place, l.Cut, l.Again}, []any{topics.ReasonRange, "why", topics.GroupCredits, "dlq.shop.orders.v1/5/9", false, false})
	back := l.Replay()
	want.Headers = append(want.Headers[:4:4], h(topics.HeaderReplay, "dlq.shop.orders.v1/5/9"))
	equal("replay", back, want)

	second := topics.DeadLetter(&back, topics.GroupCredits, &topics.Reject{Reason: topics.ReasonDecode})
	second.Offset = 30
	l, err = topics.OpenLetter(&second)
	if err != nil {
		t.Fatal(err)
	}
	equal("again", []any{l.Again, l.Reason}, []any{true, topics.ReasonDecode})
	want.Headers[4] = h(topics.HeaderReplay, "dlq.shop.orders.v1/5/30")
	equal("replayed again", l.Replay(), want)
	equal("backfill", l.Backfill("run"), true)
	equal("as history", l.Original.Headers[4], h(topics.BackfillHeader, "run"))
}

func TestWhatIsNoLetterIsRefused(t *testing.T) {
	r := topics.Record{Topic: topics.Orders, Key: []byte("ana")}
	letter := topics.DeadLetter(&r, topics.GroupCredits, &topics.Reject{Reason: topics.ReasonRange})
	elsewhere := letter
	elsewhere.Topic = "dlq." + topics.Shares
	for name, r := range map[string]topics.Record{"without headers": {Topic: "dlq." + topics.Orders}, "of another topic": elsewhere} {
		if _, err := topics.OpenLetter(&r); !errors.Is(err, topics.ErrNoLetter) {
			t.Errorf("%s: %v", name, err)
		}
	}
	event := topics.EncodeStructured(&topics.Event{Source: "/s", ID: "1", Type: topics.TypeRegistered, Data: topics.Data{Member: "ana"}})
	letter = topics.DeadLetter(&event, topics.GroupCredits, &topics.Reject{Reason: topics.ReasonTooOld})
	l, err := topics.OpenLetter(&letter)
	if err != nil || l.Backfill("run") {
		t.Errorf("a structured event became history without a change of its value: %v", err)
	}
}
