package messages

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// inboxes note what is asked of them.
type inboxes struct {
	asked  []string
	moved  map[string]map[int32]int64
	fails  error
	counts map[string]int
}

func (i *inboxes) Positions(context.Context) (map[string]map[int32]int64, error) {
	return i.moved, i.fails
}

func (i *inboxes) Moved(_ context.Context, offsets map[string]map[int32]int64) error {
	i.moved = offsets
	return nil
}

func (i *inboxes) Put(_ context.Context, all []topics.Message, _ time.Time) error {
	for _, m := range all {
		i.asked = append(i.asked, fmt.Sprint(m.Member, " ", m.Kind, " ", m.ID, " ", m.Text.Zh))
	}
	return i.fails
}

func (i *inboxes) Merge(_ context.Context, from, into string, _ time.Time) error {
	i.asked = append(i.asked, from+" into "+into)
	return i.fails
}

func (i *inboxes) Erase(_ context.Context, member string) error {
	i.asked = append(i.asked, member+" erased")
	return i.fails
}

func (i *inboxes) letters(_ context.Context, all []topics.Record) error {
	for _, r := range all {
		l, err := topics.OpenLetter(&r)
		i.asked = append(i.asked, fmt.Sprint(r.Topic, " ", l.Reason, " ", string(r.Value), err))
	}
	return i.fails
}

func (i *inboxes) put(kind string, n int) { i.counts[kind] += n }

type counts func(string, int)

func (c counts) Put(kind string, n int) { c(kind, n) }

func stage() (*Stage, *inboxes) {
	i := &inboxes{counts: map[string]int{}}
	return New(Dependencies{Inboxes: i, Letters: i.letters, Clock: time.Now, Observer: counts(i.put)}), i
}

func entry(t *testing.T, offset int64, e *pointspb.Entry) topics.Record {
	t.Helper()
	value, err := e.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return topics.Record{Topic: topics.Ledger, Partition: 3, Offset: offset, Value: value}
}

func notice(t *testing.T, member, id string) topics.Record {
	t.Helper()
	return noticeOf(t, member, id, topics.NoticeDigest)
}

func noticeOf(t *testing.T, member, id, kind string) topics.Record {
	t.Helper()
	e := topics.NoticeEvent{ID: id, Kind: kind, Time: time.UnixMilli(1), Data: topics.NoticeData{Member: member, Text: topics.Words{Zh: "文"}}}
	r, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func coupon(t *testing.T, eventType string) topics.Record {
	t.Helper()
	e := topics.CouponEvent{Type: eventType, Data: topics.CouponData{Member: "ana", Coupon: "c-1", Template: "off", Threshold: 5000}}
	r, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMessagesAreWhatMembersAreTold, in the order of the records: what came before a member was erased is put before that.
func TestMessagesAreWhatMembersAreTold(t *testing.T) {
	s, i := stage()
	bad := topics.Record{Topic: topics.Notices, Partition: 1, Offset: 9, Value: []byte("{")}
	err := s.Handle(t.Context(), []topics.Record{
		notice(t, "ana", "n1"), coupon(t, topics.TypeCouponIssued), bad,
		noticeOf(t, "item:mug", "n2", topics.NoticeCodesLow),
		entry(t, 4, &pointspb.Entry{Account: "member:ana", Kind: pointspb.Kind_GRANTED}),
		entry(t, 5, &pointspb.Entry{Account: "member:ben", Kind: pointspb.Kind_MERGED_OUT, Merged: &pointspb.MergeFacts{Into: "ana"}}),
		entry(t, 6, &pointspb.Entry{Account: "member:ana", Kind: pointspb.Kind_ERASED}),
		entry(t, 7, &pointspb.Entry{Account: "item:mug", Kind: pointspb.Kind_ERASED}),
		coupon(t, topics.TypeCouponRevoked),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"dlq.points.notices.v1 DECODE {<nil>",
		"ana digest n1 文", "ana coupon_issued c-1-issued 您的积分达到 5000，获得优惠券 off，编号 c-1。",
		"ben into ana", "ana erased", "ana coupon_revoked c-1-revoked 由于订单退款，优惠券 off（编号 c-1）已失效。",
	}
	if d := cmp.Diff(i.asked, want); d != "" {
		t.Errorf("asked (-got +want):\n%s", d)
	}
	if d := cmp.Diff(i.moved, map[string]map[int32]int64{topics.Notices: {-1: 0, 1: 9}, topics.Coupons: {-1: 0}, topics.Ledger: {3: 7}}); d != "" {
		t.Errorf("moved (-got +want):\n%s", d)
	}
	if d := cmp.Diff(i.counts, map[string]int{"digest": 1, "coupon_issued": 1, "coupon_revoked": 1}); d != "" {
		t.Errorf("counted (-got +want):\n%s", d)
	}
}

// TestNothingIsPassedOver: what cannot be put, or read of the ledger, is an error before the position moves.
func TestNothingIsPassedOver(t *testing.T) {
	away := errors.New("redis is away")
	cut := entry(t, 1, &pointspb.Entry{Account: "member:ana", Kind: pointspb.Kind_ERASED, EffectiveAt: 1 << 40})
	cut.Value = cut.Value[:len(cut.Value)-2]
	bad := topics.Record{Topic: topics.Notices, Value: []byte("[]")}
	for name, r := range map[string]topics.Record{
		"a message": notice(t, "ana", "n1"), "a dead letter": bad, "cut": cut,
		"erasure": entry(t, 1, &pointspb.Entry{Account: "member:ana", Kind: pointspb.Kind_ERASED}),
		"merge":   entry(t, 1, &pointspb.Entry{Account: "member:ana", Kind: pointspb.Kind_MERGED_OUT, Merged: &pointspb.MergeFacts{Into: "b"}}),
	} {
		s, i := stage()
		if name != "cut" {
			i.fails = away
		}
		if err := s.Handle(t.Context(), []topics.Record{r}); err == nil || i.moved != nil {
			t.Errorf("%s: %v, moved %v", name, err, i.moved)
		}
	}
}
