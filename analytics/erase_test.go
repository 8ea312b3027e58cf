package analytics_test

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"jifen/analytics"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// told is an event as a shop sends it.
func told(topic string, offset int64, typ, key, data string) topics.Record {
	return topics.Record{Topic: topic, Offset: offset, Key: []byte(key), Value: []byte(data), Headers: []topics.Header{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: []byte(topic + typ + key)},
		{Key: "ce_source", Value: []byte("/s")},
		{Key: "ce_type", Value: []byte(typ)},
		{Key: "ce_time", Value: []byte("2026-05-26T23:30:00+08:00")},
	}}
}

// token is a share token of somebody; nobody here asks who signed it.
func token(sharer string) string {
	return "js1.k." + base64.RawURLEncoding.EncodeToString([]byte(sharer+"\x1fA-1\x1f1700000000000")) + ".sum"
}

func erased(t *testing.T, member string) []topics.Record {
	return ledgerRecords(t, 0, append(history(member), &pointspb.Entry{
		Account: topics.MemberAccount(member), Seq: uint64(len(history(member)) + 1), Kind: pointspb.Kind_ERASED, Id: make([]byte, 16),
		Cause: &pointspb.Cause{Source: "/s", Id: "erased", Type: topics.TypeErased},
	}))
}

func shopOf(erased string) []topics.Record {
	return []topics.Record{
		told(topics.Members, 0, topics.TypeRegistered, erased, `{"member":"`+erased+`"}`),
		told(topics.Members, 1, topics.TypeMerged, "other", `{"member":"other","from":"`+erased+`"}`),
		told(topics.Members, 2, topics.TypeRegistered, "other", `{"member":"other"}`),
		told(topics.Shares, 0, topics.TypeShareClicked, "other", `{"token":"t","member":"other","visitor":"`+erased+`"}`),
		told(topics.Shares, 1, topics.TypeShareClicked, "other", `{"token":"t","member":"other","visitor":"device"}`),
		told(topics.Orders, 0, topics.TypeOrderPaid, "other", `{"order":"1","member":"other","referral": "`+token(erased)+`","freight":7}`),
		told(topics.Orders, 1, topics.TypeOrderPaid, "other", `{"order":"2","member":"other","referral":"`+token("other")+`"}`),
		told(topics.Orders, 2, topics.TypeOrderPaid, "other", `{"order":"3","member":"`+erased+`"}`), // a dead letter, by its key
	}
}

// left is what stands in shop_events after an erasure.
const left = `shop.members.v1 2 {"member":"other"}
shop.orders.v1 0 {"order":"1","member":"other","referral":"","freight":7}
shop.orders.v1 1 {"order":"2","member":"other","referral":"js1.k.b3RoZXIfQS0xHzE3MDAwMDAwMDAwMDA.sum"}
shop.shares.v1 1 {"token":"t","member":"other","visitor":"device"}`

func (f *fixture) shop(t *testing.T) string {
	t.Helper()
	return f.text(t, "topic, record_offset, data", "shop_events ORDER BY topic, record_offset")
}

// TestEventsOfErasedMembersAreForgotten: those of the table, those that come later, and those that name the member; the
// ledger's rows stay.
func TestEventsOfErasedMembersAreForgotten(t *testing.T) {
	f, ctx := start(t), t.Context()
	feed := analytics.NewFeed(f.Store, shards)
	drain(t, feed, shopOf("gone"))
	if rows, err := f.ForgetErased(ctx); err != nil || rows != 0 {
		t.Fatalf("nobody was erased: %d %v", rows, err)
	}
	before := f.shop(t)
	drain(t, feed, erased(t, "gone"))
	ledger := f.number(t, "SELECT count() FROM ledger WHERE member = 'gone'")
	if f.shop(t) != before {
		t.Error("the insert itself deleted something")
	}
	if rows, err := f.ForgetErased(ctx); err != nil || rows != 5 {
		t.Fatalf("%d rows, %v; want 5", rows, err)
	}
	if got := f.shop(t); got != left {
		t.Errorf("got\n%s\nwant\n%s", got, left)
	}
	if rows, err := f.ForgetErased(ctx); err != nil || rows != 0 {
		t.Errorf("again: %d %v", rows, err)
	}
	late := told(topics.Members, 3, topics.TypeSignedIn, "gone", `{"member":"gone"}`)
	click := told(topics.Shares, 2, topics.TypeShareClicked, "other", `{"token":"t","member":"other","visitor":"gone"}`)
	drain(t, feed, []topics.Record{late, click})
	drain(t, analytics.NewFeed(f.reopen(t), shards), append(append(shopOf("gone"), late, click), erased(t, "gone")...)) // restarted
	if got := f.number(t, "SELECT count() FROM shop_events WHERE member = 'gone' OR data LIKE '%gone%' AND topic != 'shop.orders.v1'"); got != 0 {
		t.Errorf("%d events of an erased member were inserted", got)
	}
	if got := f.number(t, "SELECT count() FROM ledger WHERE member = 'gone'"); got != ledger || got == 0 {
		t.Errorf("%d rows of the ledger, before %d", got, ledger)
	}
}

// forgets runs what deletes, until everything of the erased member is gone.
func (f *fixture) forgets(t *testing.T, s *analytics.Store, during func(*analytics.Feed)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	feed := analytics.NewFeed(s, shards)
	go func() { ended <- feed.Forget(ctx) }()
	during(feed)
	for deadline := time.Now().Add(20 * time.Second); f.shop(t) != left; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still there:\n%s", f.shop(t))
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func drain(t *testing.T, feed *analytics.Feed, records []topics.Record) {
	t.Helper()
	if err := feed.Handle(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	if err := feed.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestErasureIsDoneOnceItsRowIsThere, while the feed goes on.
func TestErasureIsDoneOnceItsRowIsThere(t *testing.T) {
	f := start(t)
	f.forgets(t, f.Store, func(feed *analytics.Feed) {
		drain(t, feed, shopOf("gone"))
		drain(t, feed, erased(t, "gone"))
	})
}

// TestErasureThatAnotherFeedLeftIsDoneAfterARestart, without anybody's telling.
func TestErasureThatAnotherFeedLeftIsDoneAfterARestart(t *testing.T) {
	f := start(t)
	feed := analytics.NewFeed(f.Store, shards)
	drain(t, feed, shopOf("gone"))
	drain(t, feed, erased(t, "gone"))
	s := f.reopen(t)
	if _, err := s.ShopPositions(t.Context()); err != nil { // as every start asks
		t.Fatal(err)
	}
	f.forgets(t, s, func(*analytics.Feed) {})
}
