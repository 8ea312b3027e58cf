package credits_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/processors"
	"jifen/processors/credits"
	"jifen/rules"
	"jifen/topics"
	"jifen/topics/pointspb"
)

const shards = 8

var now = time.Date(2026, 6, 10, 4, 0, 0, 0, time.UTC)

// stage is the stage with a book in force since 2026 and a clock that stands.
type stage struct {
	*credits.Stage
	t        *testing.T
	books    topics.Books
	err      error
	credited map[string]int
	rejected map[string]int
}

func (s *stage) Credited(eventType string, n int)            { s.credited[eventType] += n }
func (s *stage) Rejected(topic string, reason topics.Reason) { s.rejected[topic+" "+string(reason)]++ }

func start(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, credited: map[string]int{}, rejected: map[string]int{}}
	s.books = topics.NewBooks(&topics.Rulebook{
		Name: "test", Version: "2026", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Zone: time.UTC, Currency: "CNY",
		MaxMultiplier: topics.NoMaximum(), PointCost: topics.One(),
		Rules: []topics.Rule{{ID: "spend", On: topics.TypeOrderPaid, Mode: topics.ModeStep, Points: 1, Per: 1000}},
	})
	limits := topics.DefaultLimits()
	limits.BackfillSources = []string{"/shops/history"}
	s.Stage = credits.New(credits.Dependencies{
		Books: func() (topics.Books, error) { return s.books, s.err }, Clock: func() time.Time { return now },
		Limits: limits, Shards: shards, Observer: s,
	})
	return s
}

func (s *stage) process(records ...topics.Record) []topics.Record {
	s.t.Helper()
	for i := range records {
		records[i].Partition, records[i].Offset = 3, int64(100+i)
	}
	out, err := s.Process(s.t.Context(), processors.Batch{Records: records})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Records
}

// order is a paid order in binary mode.
func order(id string, at time.Time) topics.Record {
	return topics.Encode(&topics.Event{Source: "/shops/t", ID: id, Type: topics.TypeOrderPaid, Time: at, Data: topics.Data{
		Member: "ana", Order: id, Currency: "CNY", Lines: []topics.Line{{Line: "1", SKU: "S", Quantity: 1, Net: 29900}},
	}})
}

// structured is a paid order in structured mode with one thing replaced.
func structured(from, to string) topics.Record {
	const text = `{"specversion":"1.0","id":"e","source":"/shops/t","type":"shop.order.paid.v1","time":"2026-06-10T04:00:00Z","datacontenttype":"application/json","data":{"order":"O","member":"ana","currency":"CNY","lines":[{"line":"1","sku":"S","net":29900}]}}`
	return topics.Record{
		Topic: topics.Orders, Key: []byte("ana"), Value: []byte(strings.Replace(text, from, to, 1)),
		Headers: []topics.Header{{Key: "content-type", Value: []byte("application/cloudevents+json")}, {Key: "x-trace", Value: []byte("kept")}},
	}
}

func header(r topics.Record, key string) string {
	for _, h := range r.Headers {
		if h.Key == key {
			return string(h.Value)
		}
	}
	return ""
}

func (s *stage) creditOf(r topics.Record) *pointspb.CreditEvent {
	s.t.Helper()
	e := &pointspb.CreditEvent{}
	if r.Topic != topics.Credits {
		s.t.Fatalf("a record on %s: %s", r.Topic, header(r, topics.HeaderMessage))
	}
	if err := e.UnmarshalVT(r.Value); err != nil {
		s.t.Fatal(err)
	}
	return e
}

// TestBadRecordBecomesADeadLetter: with its reason, the record untouched, and the partition goes on.
func TestBadRecordBecomesADeadLetter(t *testing.T) {
	big := structured("", "")
	big.Value = append(big.Value, bytes.Repeat([]byte(" "), topics.RecordBytesMax)...)
	lines := strings.Repeat(`{"line":"x","net":1},`, topics.LinesMax)
	alone := order("binary", now)
	alone.Headers = nil
	wrongTopic := structured("", "")
	wrongTopic.Topic = topics.Shares
	for _, c := range []struct {
		name   string
		record topics.Record
		reason topics.Reason
	}{
		{"no JSON", structured(`{"specversion"`, `{specversion`), topics.ReasonDecode},
		{"empty", topics.Record{Topic: topics.Orders}, topics.ReasonDecode},
		{"no CloudEvent", alone, topics.ReasonDecode},
		{"not UTF-8", structured("ana", "an\xff"), topics.ReasonDecode},
		{"unknown type", structured("order.paid", "order.lost"), topics.ReasonUnknownType},
		{"no member", structured(`"member":"ana",`, ``), topics.ReasonSchema},
		{"member of another JSON type", structured(`"ana"`, `7`), topics.ReasonSchema},
		{"no lines", structured(`[{"line":"1","sku":"S","net":29900}]`, `[]`), topics.ReasonSchema},
		{"two lines of one id", structured(`[{`, `[{"line":"1","net":1},{`), topics.ReasonSchema},
		{"no id", structured(`"id":"e"`, `"id":""`), topics.ReasonSchema},
		{"id of 129 characters", structured(`"id":"e"`, `"id":"`+strings.Repeat("e", 129)+`"`), topics.ReasonSchema},
		{"id with a control character", structured(`"id":"e"`, `"id":"e\u0007"`), topics.ReasonSchema},
		{"no time", structured(`"time":"2026-06-10T04:00:00Z",`, ``), topics.ReasonSchema},
		{"time without a zone", structured(`04:00:00Z`, `04:00:00`), topics.ReasonSchema},
		{"another specversion", structured(`"1.0"`, `"0.3"`), topics.ReasonSchema},
		{"another topic's type", wrongTopic, topics.ReasonSchema},
		{"currency in small letters", structured("CNY", "cny"), topics.ReasonSchema},
		{"net with a fraction", structured("29900", "299.5"), topics.ReasonSchema},
		{"negative net", structured("29900", "-1"), topics.ReasonRange},
		{"net above 10^12", structured("29900", "1000000000001"), topics.ReasonRange},
		{"net of 20 digits", structured("29900", "99999999999999999999"), topics.ReasonRange},
		{"negative freight", structured(`"currency"`, `"freight":-1,"currency"`), topics.ReasonRange},
		{"more paid with points than paid", structured(`"currency"`, `"paid_with_points":29901,"currency"`), topics.ReasonRange},
		{"1,001 lines", structured(`[{`, `[`+lines+`{`), topics.ReasonRange},
		{"wrong currency", structured("CNY", "GBP"), topics.ReasonRange},
		{"more than 5 minutes ahead", structured("04:00:00Z", "04:05:00.001Z"), topics.ReasonFuture},
		{"more than 7 days ago", structured("2026-06-10T04:00:00Z", "2026-06-03T03:59:59.999Z"), topics.ReasonTooOld},
		{"history of a source that may not", structured("2026-06-10T04:00:00Z", `2026-05-01T04:00:00Z","backfill":"run`), topics.ReasonTooOld},
		{"larger than 1 MiB", big, topics.ReasonOversize},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := start(t)
			out := s.process(order("before", now), c.record, order("after", now))
			if len(out) != 3 {
				t.Fatalf("%d records", len(out))
			}
			equal(t, "before", s.creditOf(out[0]).Cause.Id, "before")
			equal(t, "after", s.creditOf(out[2]).Cause.Id, "after")
			l := out[1]
			equal(t, "topic", l.Topic, topics.DeadLetterPrefix+c.record.Topic)
			equal(t, "reason", header(l, topics.HeaderReason), string(c.reason))
			equal(t, "key, value", []string{string(l.Key), string(l.Value)}, []string{string(c.record.Key), string(c.record.Value)})
			equal(t, "headers", slices.Equal(names(l.Headers[:len(c.record.Headers)]), names(c.record.Headers)), true)
			equal(t, "from", []string{header(l, topics.HeaderTopic), header(l, topics.HeaderPartition), header(l, topics.HeaderOffset), header(l, topics.HeaderGroup)},
				[]string{c.record.Topic, "3", "101", topics.GroupCredits})
			if err := s.Committed(t.Context(), out); err != nil {
				t.Fatal(err)
			}
			equal(t, "counted", s.rejected, map[string]int{c.record.Topic + " " + string(c.reason): 1})
			equal(t, "credited", s.credited, map[string]int{topics.TypeOrderPaid: 2})
		})
	}
}

func names(headers []topics.Header) []string {
	var all []string
	for _, h := range headers {
		all = append(all, h.Key+"="+string(h.Value))
	}
	return all
}

// TestWhatIsJustWithinTheLimitsIsCredited is the other side of every limit.
func TestWhatIsJustWithinTheLimitsIsCredited(t *testing.T) {
	for name, r := range map[string]topics.Record{
		"as it is":         structured("", ""),
		"5 minutes ahead":  structured("04:00:00Z", "04:05:00Z"),
		"7 days ago":       structured("2026-06-10T04:00:00Z", "2026-06-03T04:00:00Z"),
		"net of 10^12":     structured("29900", "1000000000000"),
		"net of 0":         structured("29900", "0"),
		"id of 128":        structured(`"id":"e"`, `"id":"`+strings.Repeat("积", 128)+`"`),
		"all with points":  structured(`"currency"`, `"paid_with_points":29900,"currency"`),
		"unknown member":   structured(`"currency"`, `"new_in_2027":{"a":[1]},"currency"`),
		"other time zone":  structured("04:00:00Z", "12:00:00+08:00"),
		"allowed backfill": structured(`/shops/t","type":"shop.order.paid.v1","time":"2026-06-10T`, `/shops/history","backfill":"run","type":"shop.order.paid.v1","time":"2026-02-01T`),
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := s.creditOf(s.process(r)[0])
			equal(t, "account", e.Account, "member:ana")
			equal(t, "version", e.Version, "2026")
		})
	}
}

// TestBackfillOfASourceThatMayNotIsAnOrdinaryEvent: its attribute does not count, so nothing downstream takes it for history.
func TestBackfillOfASourceThatMayNotIsAnOrdinaryEvent(t *testing.T) {
	s := start(t)
	e := s.creditOf(s.process(structured(`"id":"e"`, `"id":"e","backfill":"run"`))[0])
	equal(t, "backfill", e.Cause.Backfill, "")
	e = s.creditOf(s.process(structured(`/shops/t`, `/shops/history","backfill":"run`))[0])
	equal(t, "backfill of a source that may", e.Cause.Backfill, "run")
}

// TestStaleRulebookDecidesNothing: the batch is an error, so that it is read again.
func TestStaleRulebookDecidesNothing(t *testing.T) {
	s := start(t)
	s.err = errors.New("stale")
	out, err := s.Process(t.Context(), processors.Batch{Records: []topics.Record{order("O", now), {Topic: topics.Orders}}})
	if !errors.Is(err, s.err) || len(out.Records) != 0 {
		t.Errorf("%v, %d records", err, len(out.Records))
	}
	s.err = nil
	equal(t, "once it is read", len(s.process(order("O", now))), 1)
}

// TestEventsFromBeforeTheFirstBookTravel: they earn nothing, but feed the dedupe.
func TestEventsFromBeforeTheFirstBookTravel(t *testing.T) {
	s := start(t)
	old := structured(`/shops/t","type":"shop.order.paid.v1","time":"2026-06-10T`, `/shops/history","backfill":"run","type":"shop.order.paid.v1","time":"2025-12-31T`)
	e := s.creditOf(s.process(old)[0])
	equal(t, "version", e.Version, "")
	equal(t, "candidates", len(e.Candidates), 0)
	equal(t, "order", e.Order.Order, "O")
	s.books = nil
	equal(t, "without any book", s.creditOf(s.process(structured("", ""))[0]).Version, "")
}

// TestVersionFollowsTheEventsTime: the version in force when it happened, whenever it arrives (V1, V2 at this stage).
func TestVersionFollowsTheEventsTime(t *testing.T) {
	s := start(t)
	later := *s.books[0]
	later.Version, later.From = "june", time.Date(2026, 6, 9, 0, 0, 0, 0, time.UTC)
	s.books = topics.NewBooks(s.books[0], &later)
	out := s.process(order("old", later.From.Add(-time.Millisecond)), order("new", later.From))
	equal(t, "versions", []string{s.creditOf(out[0]).Version, s.creditOf(out[1]).Version}, []string{"2026", "june"})
}

// TestCreditsGoToTheirMembersShard whatever the source's partition was.
func TestCreditsGoToTheirMembersShard(t *testing.T) {
	s := start(t)
	for i := range 50 {
		member := fmt.Sprint("m", i)
		e := topics.Event{Source: "/s", ID: member, Type: topics.TypeRegistered, Time: now, Data: topics.Data{Member: member}}
		r := topics.Encode(&e)
		r.Key = []byte("a key that is not the member")
		out := s.process(r)[0]
		equal(t, member, []any{out.Partition, string(out.Key)}, []any{topics.Shard("member:"+member, shards), "member:" + member})
	}
}

// TestCompletionTravelsWithItsOrder: what waits for it is known to the owner only.
func TestCompletionTravelsWithItsOrder(t *testing.T) {
	s := start(t)
	e := topics.Event{Source: "/shops/t", ID: "c", Type: topics.TypeOrderCompleted, Time: now, Data: topics.Data{Member: "ana", Order: "O"}}
	paid, done := order("O", now), topics.Encode(&e)
	for i := range 2 { // the desk keeps nothing of the event before
		out := s.process(done, paid, done)
		got := []string{s.creditOf(out[0]).Completed, s.creditOf(out[1]).Completed, s.creditOf(out[2]).Completed}
		equal(t, fmt.Sprint("completed order, batch ", i), got, []string{"O", "", "O"})
		equal(t, "order facts", s.creditOf(out[2]).Order == nil, true)
		equal(t, "account", s.creditOf(out[2]).Account, "member:ana")
	}
}

// TestAbortedBatchCountsNothing: the batch comes again, and is counted once.
func TestAbortedBatchCountsNothing(t *testing.T) {
	s := start(t)
	batch := []topics.Record{order("O", now), {Topic: topics.Orders}}
	first := slices.Clone(s.process(batch...))
	s.Aborted()
	second := s.process(batch...)
	equal(t, "decided again", second, first)
	if err := s.Committed(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	equal(t, "credited", s.credited, map[string]int{topics.TypeOrderPaid: 1})
	equal(t, "rejected", s.rejected, map[string]int{topics.Orders + " DECODE": 1})
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("%s (-got +want):\n%s", what, d)
	}
}

// TestConditionThatCannotBeToldIsADeadLetter: the event neither earns too much nor is silently nothing, and one without a
// fault goes on.
func TestConditionThatCannotBeToldIsADeadLetter(t *testing.T) {
	s := start(t)
	s.Conditions = func(on, when string) (rules.Condition, error) {
		equal(t, "condition", []string{on, when}, []string{topics.TypeOrderPaid, "w"})
		return func(e *topics.Event) (bool, error) {
			if e.ID == "bad" {
				return false, errors.New("division by zero")
			}
			return e.ID == "good", nil
		}, nil
	}
	s.books[0].Rules[0].When = "w"
	out := s.process(order("good", now), order("bad", now), order("no", now))
	equal(t, "good", len(s.creditOf(out[0]).Candidates), 1)
	equal(t, "reason", []string{header(out[1], topics.HeaderReason), header(out[1], topics.HeaderMessage)},
		[]string{string(topics.ReasonRuleError), "rule spend@2026: division by zero"})
	equal(t, "no", len(s.creditOf(out[2]).Candidates), 0)
	s = start(t)
	s.books[0].Rules[0].When = "w"
	equal(t, "nobody compiles it", header(s.process(order("good", now))[0], topics.HeaderReason), string(topics.ReasonRuleError))
}
