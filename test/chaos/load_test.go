package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"jifen/internal/testkit"
)

// load is orders and redemptions that stream while faults happen.
type load struct {
	stack   *stack
	shop    *shop
	client  *client
	journal *journal
	seed    uint64
	items   []string
	began   time.Time
	stop    context.CancelFunc
	all     sync.WaitGroup
	beside  []*redemption // that a test made itself
	lives   []*life
}

const members = 200

// stream starts orders and redemptions of 200 members, each with 1,000 points to begin with; finish ends them.
func (s *stack) stream(t *testing.T, name string) *load {
	t.Helper()
	l := s.load(t, name)
	l.start(t)
	return l
}

// load makes the members and items of a stream.
func (s *stack) load(t *testing.T, name string) *load {
	t.Helper()
	name = s.fresh(name)
	l := &load{stack: s, shop: newShop(s, name), seed: testkit.Seed(t), began: time.Now()}
	var gifts []map[string]any
	for i := range 4 { // on several shards
		l.items = append(l.items, fmt.Sprintf("%s-gift-%d", name, i))
		gifts = append(gifts, gift(l.items[i], 2))
	}
	s.items(t, append(gifts, l.goods()...)...)
	l.shop.endow(t, members, 100_000)
	l.client = newClient(s)
	l.client.awaitBalance(t, 1000, l.members()...)
	return l
}

func (l *load) members() (all []string) {
	for i := range members {
		all = append(all, l.shop.member(i))
	}
	return all
}

// start starts the streams, and those of others beside them.
func (l *load) start(t *testing.T, beside ...*shop) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	t.Cleanup(func() {
		stop()
		l.all.Wait()
	})
	for _, s := range append(beside, l.shop) {
		l.all.Go(func() { s.stream(ctx, l.seed, members) })
	}
	l.all.Go(func() { l.journal = l.client.redemptions(ctx, l.seed, l.members(), l.items) })
	l.all.Go(func() { l.lives = l.live(ctx) })
}

// certificate is what a test shows to have happened; it is logged as one line of JSON.
type certificate struct {
	Test        string         `json:"test"`
	Seed        uint64         `json:"seed"`
	Seconds     float64        `json:"seconds"`
	Orders      int            `json:"orders"`
	Repeated    int            `json:"events_sent_again"`
	Refunds     int            `json:"refunds"`
	Points      int64          `json:"points_granted"`
	Redemptions int            `json:"redemptions_acknowledged"`
	Retried     int            `json:"redemptions_asked_again"`
	Steps       int            `json:"steps_of_redemptions"`
	SilenceMS   int64          `json:"longest_silence_ms"`
	WaitMS      int64          `json:"longest_wait_ms"`
	Kills       map[string]int `json:"kills,omitempty"`
	Entries     int64          `json:"ledger_entries"`
	States      int            `json:"states_compared"`
	Differences int            `json:"audit_differences"`
	Faults      []string       `json:"faults"`
}

// finish ends the streams, waits until all is decided, and holds everything against everything.
func (l *load) finish(t *testing.T, kills map[string]int, faults ...string) certificate {
	t.Helper()
	l.stop()
	l.all.Wait()
	repeated := l.journal.check(t)
	l.stack.drain(t)
	report := l.stack.audit(t)
	l.stack.fed(t)
	b := l.stack.read(t)
	silence, wait := l.journal.pauses()
	steps := l.ended(t, b)
	l.journal.decided = append(l.journal.decided, l.beside...)
	b.against(t, l.shop, l.journal)
	sold := map[string]int64{}
	for _, x := range l.journal.decided {
		sold[x.item]++
	}
	for _, item := range l.items {
		b.settled(t, item, sold[item])
	}
	c := certificate{
		Test: t.Name(), Seed: l.seed, Seconds: time.Since(l.began).Round(100 * time.Millisecond).Seconds(), Orders: l.shop.orders,
		Repeated: l.shop.repeated, Refunds: l.shop.refunds, Retried: repeated, Steps: steps, SilenceMS: silence.Milliseconds(), WaitMS: wait.Milliseconds(),
		Kills: kills, Entries: report.Entries, States: report.States, Differences: len(report.Differences), Faults: faults,
	}
	for _, n := range l.shop.granted {
		c.Points += n
	}
	for _, x := range l.journal.decided {
		if x.answer.Status == http.StatusCreated {
			c.Redemptions++
		}
	}
	if c.Redemptions == 0 || c.Orders == 0 {
		t.Errorf("nothing streamed: %d orders, %d redemptions", c.Orders, c.Redemptions)
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("certificate %s", text)
	return c
}

// prompt checks that no redemption waited longer for its answer than a takeover may take.
func (c certificate) prompt(t *testing.T) {
	t.Helper()
	if most := pauseMost.Milliseconds(); c.WaitMS > most || c.SilenceMS > most {
		t.Errorf("a redemption waited %d ms, and none was decided for %d ms; at most %d", c.WaitMS, c.SilenceMS, most)
	}
}
