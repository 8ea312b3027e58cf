package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jifen/internal/audit"
	"jifen/internal/kafka"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// drain waits until everything that was sent has been decided.
func (s *stack) drain(t *testing.T) {
	t.Helper()
	ctx, done := context.WithTimeout(t.Context(), 90*time.Second)
	defer done()
	// A redemption's requests follow each other, so the last topic is looked at once for each.
	owners := []string{topics.GroupBalances}
	path := []struct {
		groups []string
		topic  string
	}{
		{topics.ShopGroups(), topics.Orders},
		{topics.ShopGroups(), topics.Activities},
		{owners, topics.Credits},
		{owners, topics.Requests},
		{owners, topics.Requests},
		{owners, topics.Requests},
	}
	for i := 0; i < len(path); {
		lag, err := kafka.NewLag(s.config, path[i].groups...)
		if err != nil {
			t.Fatal(err)
		}
		drained, err := lag.Drained(ctx, path[i].topic)
		lag.Close()
		switch {
		case ctx.Err() != nil:
			t.Fatalf("%v have not read all of %s: %v", path[i].groups, path[i].topic, err)
		case err == nil && drained:
			i++
		default:
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// audit holds the ledger against Redis and ClickHouse: nothing may differ.
func (s *stack) audit(t *testing.T) *audit.Report {
	t.Helper()
	out, err := s.try("audit", "-o", "json", "--wait", "60s")
	r := &audit.Report{}
	if e := json.Unmarshal(out, r); e != nil {
		t.Fatalf("audit: %v, %v", err, e)
	}
	for i, d := range r.Differences {
		if i < 20 {
			t.Errorf("audit: %s", d)
		}
	}
	if len(r.Differences) > 0 || err != nil {
		t.Fatalf("audit: %d differences", len(r.Differences))
	}
	return r
}

// fed fails unless ClickHouse has every event that shops published.
func (s *stack) fed(t *testing.T) {
	t.Helper()
	published := 0
	for _, topic := range topics.Shop() {
		if err := kafka.Read(t.Context(), s.config, topic, 0, 0, func(*topics.Record, time.Time) error { published++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	want, got := fmt.Sprintln(published), ""
	for deadline := time.Now().Add(60 * time.Second); got != want; time.Sleep(100 * time.Millisecond) {
		if got = s.count(t, "SELECT uniqExact(topic, partition, record_offset) FROM shop_events WHERE startsWith(topic, 'shop.')"); time.Now().After(deadline) {
			t.Fatalf("ClickHouse has %s of %s events", got, want)
		}
	}
}

func (s *stack) count(t *testing.T, query string) string {
	t.Helper()
	res, err := http.Post("http://"+s.engine.Addr()+"/?database=jifen", "text/plain", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", query, res.Status, text, err)
	}
	return string(text)
}

// book is the ledger as a reader of the topic sees it.
type book struct {
	entries  int
	granted  map[string]int64                   // points by member, without what budgets gave
	reversed map[string]int64                   // points by member, without what budgets got back
	budgets  map[string][]*pointspb.Entry       // those of a campaign, in their order
	redeemed map[string]int                     // times by redemption
	ids      map[string]int                     // times by entry
	members  map[string][]*pointspb.Entry       // in their order
	items    map[string]map[pointspb.Kind]int64 // units by item
	reserved []*pointspb.Entry                  // in the order of each item's
}

// read reads the whole ledger, committed entries only.
func (s *stack) read(t *testing.T) *book {
	t.Helper()
	return readLedger(t, s.config)
}

func readLedger(t *testing.T, c kafka.Config) *book {
	t.Helper()
	b := &book{
		granted: map[string]int64{}, reversed: map[string]int64{}, redeemed: map[string]int{}, ids: map[string]int{},
		members: map[string][]*pointspb.Entry{}, items: map[string]map[pointspb.Kind]int64{},
		budgets: map[string][]*pointspb.Entry{},
	}
	from := map[int32]int64{}
	for n := range int32(shards) {
		from[n] = 0
	}
	r := &kafka.Replayer{Config: c}
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	if err := r.Replay(ctx, topics.Ledger, from, func(_ int32, _ int64, value []byte) error {
		e := &pointspb.Entry{}
		if err := e.UnmarshalVT(value); err != nil {
			return err
		}
		b.add(e)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *book) add(e *pointspb.Entry) {
	b.entries++
	if item, ok := topics.ItemOf(e.Account); ok {
		if b.items[item] == nil {
			b.items[item] = map[pointspb.Kind]int64{}
		}
		b.items[item][e.Kind] += e.Redemption.GetQuantity()
		if e.Kind == pointspb.Kind_RESERVED {
			b.reserved = append(b.reserved, e)
		}
		return // a unit may be held for a repeated request twice, one after the other
	}
	b.ids[string(e.Id)]++
	if campaign, ok := topics.CampaignOf(e.Account); ok {
		b.budgets[campaign] = append(b.budgets[campaign], e)
		return
	}
	member, _ := topics.MemberOf(e.Account)
	b.members[member] = append(b.members[member], e)
	if e.Budget.GetAwarded() != 0 {
		return // on top of what the shop counts
	}
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_ISSUED:
			b.granted[member] -= p.Points
		case pointspb.Account_REVERSED_POINTS:
			b.reversed[member] += p.Points
		}
	}
	if e.Kind == pointspb.Kind_REDEEMED {
		b.redeemed[e.Redemption.Id]++
	}
}

// against compares the ledger with what the shop knows its members to have earned, and with the journal.
func (b *book) against(t *testing.T, s *shop, j *journal) {
	t.Helper()
	for id, n := range b.ids {
		if n > 1 {
			t.Errorf("entry %x stands %d times in the ledger", id, n)
		}
	}
	for _, m := range slices.Sorted(maps.Keys(s.granted)) {
		if b.granted[m] != s.granted[m] || b.reversed[m] != s.reversed[m] {
			t.Errorf("%s: granted %d, reversed %d; earned %d, gave back %d", m, b.granted[m], b.reversed[m], s.granted[m], s.reversed[m])
		}
	}
	asked := map[string]bool{}
	for _, x := range j.decided {
		asked[x.answer.ID] = true
		if x.answer.Status == 201 && b.redeemed[x.answer.ID] != 1 {
			t.Errorf("redemption %s (%s, key %s) was acknowledged and stands %d times in the ledger", x.answer.ID, x.member, x.key, b.redeemed[x.answer.ID])
		}
	}
	for m, entries := range b.members {
		if !strings.HasPrefix(m, s.name+"-m") {
			continue
		}
		for _, e := range entries {
			if e.Kind == pointspb.Kind_REDEEMED && !asked[e.Redemption.Id] {
				t.Errorf("redemption %s of %s was never asked for", e.Redemption.Id, m)
			}
		}
	}
}

// settled checks that no unit of an item is held any more, and how many were sold.
func (b *book) settled(t *testing.T, item string, sold int64) {
	t.Helper()
	k := b.items[item]
	if k[pointspb.Kind_RESERVED] != k[pointspb.Kind_SOLD]+k[pointspb.Kind_RELEASED] || k[pointspb.Kind_SOLD] != sold {
		t.Errorf("%s: %d reserved, %d sold, %d released; want %d sold and the rest released", item,
			k[pointspb.Kind_RESERVED], k[pointspb.Kind_SOLD], k[pointspb.Kind_RELEASED], sold)
	}
}
