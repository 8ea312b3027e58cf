package chaos_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

func TestVector(t *testing.T) {
	t.Run("X3", vectorX3)
	t.Run("X4", vectorX4)
	t.Run("X5", vectorX5)
	t.Run("X11", vectorX11)
	t.Run("K2", vectorK2)
}

// parallel makes n requests at once, each until it is decided, and counts the answers by status and code.
func (c *client) parallel(t *testing.T, n int, ask func(i int) (member, key, item string)) (map[string]int, []answer) {
	t.Helper()
	answers := make([]answer, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			member, key, item := ask(i)
			var err error
			if answers[i], _, err = c.insist(t.Context(), unit(member, key, item)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	counts := map[string]int{}
	for _, a := range answers {
		counts[fmt.Sprint(a.Status, a.Code)]++
	}
	return counts, answers
}

// vectorX3: balance 6000, a night costs gold members 6000; of 50 parallel requests one succeeds.
func vectorX3(t *testing.T) {
	s := start(t)
	c, shop := newClient(s), newShop(s, s.fresh("x3"))
	night := shop.name + "-night"
	s.items(t, map[string]any{"id": night, "price": 10000, "tier_prices": map[string]int{"silver": 8000, "gold": 6000}, "stock": 1000})
	shop.endow(t, 1, 600_000)
	member := shop.member(0)
	c.awaitBalance(t, 6000, member)
	counts, _ := c.parallel(t, 50, func(i int) (string, string, string) { return member, fmt.Sprint("k", i), night })
	if counts["201"] != 1 || counts["409insufficient_points"] != 49 {
		t.Errorf("answers: %v", counts)
	}
	if points, tier, err := c.balance(t.Context(), member); err != nil || points != 0 || tier != "gold" {
		t.Errorf("balance %d, tier %s, %v", points, tier, err)
	}
	s.drain(t)
	s.read(t).settled(t, night, 1)
	s.audit(t)
}

// vectorX4: one unit, 50 members: one gets it, the balances of 49 are as before.
func vectorX4(t *testing.T) {
	s := start(t)
	c, shop := newClient(s), newShop(s, s.fresh("x4"))
	last := shop.name + "-last"
	s.items(t, map[string]any{"id": last, "price": 40, "stock": 1})
	shop.endow(t, 50, 10_000)
	var all []string
	for i := range 50 {
		all = append(all, shop.member(i))
	}
	c.awaitBalance(t, 100, all...)
	counts, answers := c.parallel(t, 50, func(i int) (string, string, string) { return all[i], "k", last })
	if counts["201"] != 1 || counts["409sold_out"] != 49 {
		t.Errorf("answers: %v", counts)
	}
	s.drain(t)
	for i, a := range answers {
		want := int64(100)
		if a.Status == http.StatusCreated {
			want = 60
		}
		if got, _, err := c.balance(t.Context(), all[i]); err != nil || got != want {
			t.Errorf("%s has %d, want %d: %v", all[i], got, want, err)
		}
	}
	s.read(t).settled(t, last, 1)
	s.audit(t)
}

// vectorX5: the same key 50 times is one redemption with 50 equal answers; with another item it is refused.
func vectorX5(t *testing.T) {
	s := start(t)
	c, shop := newClient(s), newShop(s, s.fresh("x5"))
	mug, pen := shop.name+"-mug", shop.name+"-pen"
	s.items(t, gift(mug, 30), gift(pen, 10))
	shop.endow(t, 1, 10_000)
	member := shop.member(0)
	c.awaitBalance(t, 100, member)
	counts, answers := c.parallel(t, 50, func(int) (string, string, string) { return member, "one", mug })
	if counts["201"] != 50 {
		t.Errorf("answers: %v", counts)
	}
	for _, a := range answers {
		if a.Body != answers[0].Body {
			t.Errorf("answers differ: %s, %s", answers[0].Body, a.Body)
		}
	}
	if a, err := c.post(t.Context(), unit(member, "one", pen)); err != nil || a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the same key for another item: %+v, %v", a, err)
	}
	c.awaitBalance(t, 70, member)
	s.drain(t)
	b := s.read(t)
	if n := b.redeemed[answers[0].ID]; n != 1 {
		t.Errorf("%d redemptions", n)
	}
	b.settled(t, mug, 1)
	s.audit(t)
}

// vectorX11 has both owners die after each of their commits while three redemptions are on their way through the shards:
// every step is the last one of its owner. Each finishes exactly once.
func vectorX11(t *testing.T) {
	s := start(t)
	c, shop := newClient(s), newShop(s, s.fresh("x11"))
	var gifts []map[string]any
	for i := range 3 {
		gifts = append(gifts, map[string]any{"id": fmt.Sprintf("%s-%d", shop.name, i), "price": 30, "stock": 1})
	}
	s.items(t, gifts...)
	shop.endow(t, 3, 10_000)
	c.awaitBalance(t, 100, shop.member(0), shop.member(1), shop.member(2))
	s.drain(t)
	for _, o := range s.owners {
		o.stop(t)
	}
	var ids []string
	for i := range 3 { // nobody decides: the requests wait
		a, err := c.post(t.Context(), unit(shop.member(i), "k", gifts[i]["id"].(string)))
		if err != nil || a.Status != http.StatusAccepted {
			t.Fatalf("%+v, %v", a, err)
		}
		ids = append(ids, a.ID)
	}
	kills := s.dieAtEachCommit(t, gifts)
	s.drain(t)
	b := s.read(t)
	for i, id := range ids {
		if b.redeemed[id] != 1 {
			t.Errorf("redemption %d stands %d times in the ledger", i, b.redeemed[id])
		}
		b.settled(t, gifts[i]["id"].(string), 1)
		c.awaitBalance(t, 70, shop.member(i))
	}
	if kills < 3 {
		t.Errorf("the owners died %d times: not between all steps", kills)
	}
	s.audit(t)
}

// dieAtEachCommit runs owners that die at their first commit, again and again, until the items are sold.
func (s *stack) dieAtEachCommit(t *testing.T, gifts []map[string]any) (kills int) {
	t.Helper()
	sold := func() bool {
		b := s.read(t)
		return !slices.ContainsFunc(gifts, func(g map[string]any) bool { return b.items[g["id"].(string)][pointspb.Kind_SOLD] == 0 })
	}
	armed := map[*slot]bool{}
	for end := time.Now().Add(90 * time.Second); !sold() && time.Now().Before(end); {
		for _, o := range s.owners {
			if armed[o] && o.died(t, 200*time.Millisecond) {
				kills++
				armed[o] = false
			}
			if !armed[o] {
				o.start(t, "owner:after_commit:1")
				armed[o] = true
			}
		}
	}
	for _, o := range s.owners {
		if armed[o] && o.running() == nil {
			o.died(t, 0)
			kills++
		}
		o.stop(t)
		o.start(t, "")
	}
	return kills
}

// entryOf is what an entry is, whenever it was decided.
func entryOf(e *pointspb.Entry) string {
	return fmt.Sprintf("%x %s %s %v", e.Id, e.Kind, e.Cause.Id, e.Postings)
}

// history sends the same events in every run: orders and refunds of 40 members, some twice.
func (s *shop) history(at time.Time) []*topics.Event {
	var events []*topics.Event
	for n := range 400 {
		e := s.order(s.member(n%40), n, int64(500+n*n%40_000))
		e.Time = at.Add(time.Duration(n) * time.Millisecond)
		events = append(events, e)
		if n%5 == 0 {
			back := s.refund(e, e.Data.Lines[1].Net/2+1)
			back.Time = e.Time.Add(time.Millisecond)
			events = append(events, back)
		}
		if n%7 == 0 {
			events = append(events, e)
		}
	}
	return events
}
