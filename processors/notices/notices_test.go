package notices

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"jifen/ledger"
	"jifen/processors"
	"jifen/topics"
	"jifen/topics/pointspb"
)

var update = flag.Bool("update", false, "write the samples of points.notices.v1")

// told counts what is published.
type told map[string]int

func (t told) Noticed(kind string, n int) { t[kind] += n }

func stage(t *testing.T, items func(context.Context) ([]*ledger.Item, error)) (*Stage, told) {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	seen := told{}
	return New(Dependencies{
		Items: items, Clock: func() time.Time { return time.UnixMilli(1 << 40) }, Zone: func() *time.Location { return zone }, Observer: seen,
	}), seen
}

func catalogue(context.Context) ([]*ledger.Item, error) {
	item := func(id string, price, free int64, tiers ...string) *ledger.Item {
		return &ledger.Item{
			ID: id, NameZh: "商品" + id, NameEn: "Item " + id, OnSale: true, Free: free, Tiers: tiers,
			Prices: ledger.Prices{Base: price, Tiers: []ledger.TierPrice{{Tier: "silver", Points: price - 10}}},
		}
	}
	off := item("off", 50, 9)
	off.OnSale = false
	return []*ledger.Item{
		off, item("a", 110, 1), item("b", 130, 1), item("none", 100, 0), item("gold", 90, 1, "gold"), item("c", 60, 5), item("d", 70, 5), item("e", 80, 5),
	}, nil
}

func record(t *testing.T, kind pointspb.Kind, f *pointspb.NoticeFacts) topics.Record {
	t.Helper()
	e := &pointspb.Entry{
		Account: "member:m1", Seq: 300, Kind: kind, EffectiveAt: 1810051200000, RecordedAt: 1810051200001,
		Id: bytes.Repeat([]byte{0xa1}, 16), Cause: &pointspb.Cause{Source: "jifen", Id: "notice"}, Notice: f,
	}
	if kind == pointspb.Kind_REDEEMED {
		e.Redemption = &pointspb.RedemptionFacts{Id: "r-1", Member: "m1", Item: "a", Quantity: 2, UnitPrice: 60, Outcome: "applied", Tier: "silver"}
	}
	value, err := e.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return topics.Record{Topic: topics.Ledger, Value: value}
}

func facts(kind string) *pointspb.NoticeFacts {
	switch kind {
	case topics.NoticeRedeemed:
		return nil
	case topics.NoticeFrozen:
		return &pointspb.NoticeFacts{Kind: kind, Points: 120, Available: 19, Tier: "silver", Freeze: "b-1", ReviewBy: 1812643200000}
	case topics.NoticeUnfrozen:
		return &pointspb.NoticeFacts{Kind: kind, Available: 119, Tier: "silver", Freeze: "b-1"}
	case topics.NoticeConfirmed:
		return &pointspb.NoticeFacts{Kind: kind, Points: 120, Available: 19, Tier: "silver", Freeze: "b-1"}
	}
	f := &pointspb.NoticeFacts{Kind: kind, Points: 100, Available: 119, Tier: "silver", ExpiresAt: 1812643200000, Days: 30}
	if kind == topics.NoticeTierFall {
		f.Points, f.ToTier, f.Metric, f.Missing = 0, "normal", "spend", 490000
	}
	return f
}

// TestNoticesAreEventsOfTheirSchema: each kind is frozen as a sample, has the schema's shape, names what the points could buy
// at the member's tier, and no other entry is one.
func TestNoticesAreEventsOfTheirSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile("../../topics/schema/notice.json")
	if err != nil {
		t.Fatal(err)
	}
	s, seen := stage(t, catalogue)
	kinds := map[string]pointspb.Kind{
		topics.NoticeExpiry: pointspb.Kind_NOTICED, topics.NoticeDigest: pointspb.Kind_NOTICED, topics.NoticeTierFall: pointspb.Kind_NOTICED,
		topics.NoticeRedeemed: pointspb.Kind_REDEEMED,
		topics.NoticeFrozen:   pointspb.Kind_FROZEN, topics.NoticeUnfrozen: pointspb.Kind_UNFROZEN, topics.NoticeConfirmed: pointspb.Kind_ADJUSTED,
	}
	for kind, of := range kinds {
		batch := processors.Batch{Records: []topics.Record{
			record(t, pointspb.Kind_GRANTED, nil), record(t, pointspb.Kind_ADJUSTED, nil), record(t, of, facts(kind)),
		}}
		out, err := s.Process(t.Context(), batch)
		if err != nil || len(out.Records) != 1 {
			t.Fatalf("%s: %d records, %v", kind, len(out.Records), err)
		}
		r := out.Records[0]
		if r.Topic != topics.Notices || string(r.Key) != "m1" || r.Partition != -1 {
			t.Errorf("%s: to %s, key %s", kind, r.Topic, r.Key)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(r.Value))
		if err == nil {
			err = schema.Validate(v)
		}
		if err != nil {
			t.Errorf("%s: %v: %s", kind, err, r.Value)
		}
		sample(t, "notice."+kind+".v1.json", r.Value)
		if err := s.Committed(t.Context(), out.Records); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(seen, told{"expiry": 1, "digest": 1, "tier_fall": 1, "frozen": 1, "unfrozen": 1, "confirmed": 1, "redeemed": 1}); d != "" {
		t.Errorf("counted (-got +want):\n%s", d)
	}
}

// TestWhoeverKeepsCodesIsTold by an event of the item, of the same schema.
func TestWhoeverKeepsCodesIsTold(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile("../../topics/schema/notice.json")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := stage(t, catalogue)
	e := &pointspb.Entry{
		Account: "item:a", Kind: pointspb.Kind_CODES_LOW, EffectiveAt: 1810051200000, Id: bytes.Repeat([]byte{0xa1}, 16),
		Item: &pointspb.ItemFacts{CodesLow: 5},
	}
	value, err := e.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Process(t.Context(), processors.Batch{Records: []topics.Record{{Topic: topics.Ledger, Value: value}}})
	if err != nil || len(out.Records) != 1 || string(out.Records[0].Key) != "item:a" {
		t.Fatalf("%+v, %v", out.Records, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(out.Records[0].Value))
	if err == nil {
		err = schema.Validate(v)
	}
	if err != nil {
		t.Errorf("%v: %s", err, out.Records[0].Value)
	}
	sample(t, "notice.codes_low.v1.json", out.Records[0].Value)
}

func sample(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("../../topics/testdata", topics.Notices, name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(got)+"\n", string(want)); d != "" {
		t.Errorf("%s (-got +want):\n%s", name, d)
	}
}

// TestNoticesDoNotWaitForTheCatalogue: without it they name no items; the same batch again makes the same events.
func TestNoticesDoNotWaitForTheCatalogue(t *testing.T) {
	s, seen := stage(t, func(context.Context) ([]*ledger.Item, error) { return nil, errors.New("redis is away") })
	batch := processors.Batch{Records: []topics.Record{record(t, pointspb.Kind_NOTICED, facts(topics.NoticeExpiry))}}
	first, err := s.Process(t.Context(), batch)
	if err != nil || !bytes.Contains(first.Records[0].Value, []byte(`"items":[]`)) {
		t.Fatalf("%v: %v", first, err)
	}
	s.Aborted()
	again, err := s.Process(t.Context(), batch)
	if err != nil || !bytes.Equal(first.Records[0].Value, again.Records[0].Value) || len(seen) > 0 {
		t.Errorf("again %v, %v, counted %v", again, err, seen)
	}
}

// TestEntryThatCannotBeReadStopsTheStage, instead of being left out.
func TestEntryThatCannotBeReadStopsTheStage(t *testing.T) {
	s, _ := stage(t, catalogue)
	r := record(t, pointspb.Kind_NOTICED, facts(topics.NoticeExpiry))
	r.Value = r.Value[:len(r.Value)-3]
	if _, err := s.Process(t.Context(), processors.Batch{Records: []topics.Record{r}}); err == nil {
		t.Error("a cut entry was passed over")
	}
}
