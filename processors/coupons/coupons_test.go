package coupons

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

type told map[string]int

func (t told) Told(eventType string, n int) { t[eventType] += n }

func record(t *testing.T, e *pointspb.Entry) topics.Record {
	t.Helper()
	b, err := e.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return topics.Record{Topic: topics.Ledger, Value: b}
}

func TestOnlyCouponsAreToldAndAlwaysTheSame(t *testing.T) {
	facts := &pointspb.MilestoneFacts{
		Milestone: "coupon-5000", Template: "20-percent-off", Coupon: "c-1", Period: "2026", N: 1, Threshold: 5000, Before: 4990, After: 5010,
		Order: topics.OrderKey("m1", "/shops/sh01", "O1"),
	}
	entry := func(k pointspb.Kind, m *pointspb.MilestoneFacts) *pointspb.Entry {
		return &pointspb.Entry{Account: "member:m1", Seq: 300, Kind: k, EffectiveAt: 1779764455000, RecordedAt: 1779764459000, Milestone: m}
	}
	batch := processors.Batch{Records: []topics.Record{
		record(t, entry(pointspb.Kind_GRANTED, nil)), record(t, entry(pointspb.Kind_MILESTONE, facts)),
		record(t, entry(pointspb.Kind_COUPON_USED, nil)), record(t, entry(pointspb.Kind_COUPON_REVOKED, facts)),
		{Topic: topics.Ledger, Value: []byte("\xff\xff")},
	}}
	seen := told{}
	s := New(seen)
	out, err := s.Process(t.Context(), batch)
	if err != nil || len(out.Records) != 2 {
		t.Fatalf("%d records, %v", len(out.Records), err)
	}
	s.Aborted()
	again, err := s.Process(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(again, out); d != "" {
		t.Errorf("the batch again (-got +want):\n%s", d)
	}
	if err := s.Committed(t.Context(), again.Records); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(seen, told{topics.TypeCouponIssued: 1, topics.TypeCouponRevoked: 1}); d != "" {
		t.Errorf("told (-got +want):\n%s", d)
	}
	const want = `{"specversion":"1.0","id":"c-1-issued","source":"/jifen/milestones","type":"coupon.issued.v1","subject":"c-1","time":"2026-05-26T03:00:55Z","datacontenttype":"application/json","data":{"member":"m1","coupon":"c-1","milestone":"coupon-5000","template":"20-percent-off","period":"2026","number":1,"threshold":5000,"available":5010,"order":"O1"}}`
	if d := cmp.Diff(string(out.Records[0].Value), want); d != "" {
		t.Errorf("event (-got +want):\n%s", d)
	}
}

// TestAnEntryThatCannotBeReadStopsTheStage: what the ledger says of a coupon is never passed over.
func TestAnEntryThatCannotBeReadStopsTheStage(t *testing.T) {
	r := record(t, &pointspb.Entry{Account: "member:m1", Seq: 1, Kind: pointspb.Kind_MILESTONE})
	for name, value := range map[string][]byte{"no facts": r.Value, "cut": append(r.Value, 0x3a, 0x7f)} {
		s := New(told{})
		if _, err := s.Process(t.Context(), processors.Batch{Records: []topics.Record{{Topic: topics.Ledger, Value: value}}}); err == nil {
			t.Errorf("%s: passed over", name)
		}
	}
}
