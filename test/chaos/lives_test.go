package chaos_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/kafka"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// livesApart is how far apart redemptions begin that go on after they were paid.
const livesApart = 200 * time.Millisecond

// merchant takes the steps of staff.
const merchant = "chaos-merchant"

// life is a redemption of goods from its request to its end; each of its steps is asked for until it is decided, under one
// key, and only then the next.
type life struct {
	redemption
	plan plan
	last answer
}

// plan is how a life goes.
type plan struct {
	good  string
	steps []string
	state string // after the last of them
}

// plans are those that the lives of a stream follow in turn: a cup or a set (two cups and a tray, each on a shard of its own)
// stays with its member, is given back, or is cancelled.
var plans = []plan{
	{"cup", []string{ledger.StepShip, ledger.StepDeliver}, "delivered"},
	{"set", []string{ledger.StepShip, ledger.StepDeliver, ledger.StepReturn, ledger.StepInspect}, "returned"},
	{"cup", []string{ledger.StepShip, ledger.StepReturn, ledger.StepInspect}, "returned"},
	{"set", []string{ledger.StepCancel}, "cancelled"},
	{"set", []string{ledger.StepShip, ledger.StepDeliver}, "delivered"},
	{"cup", []string{ledger.StepCancel}, "cancelled"},
}

// goesBack says that the units and the points come back.
func (p plan) goesBack() bool { return p.state != "delivered" }

// units are those that a good is made of, by good.
func (p plan) units() map[string]int64 {
	if p.good == "set" {
		return map[string]int64{"set": 1, "cup": 2, "tray": 1}
	}
	return map[string]int64{p.good: 1}
}

func (l *load) good(name string) string { return l.shop.name + "-" + name }

// goods are the items of lives.
func (l *load) goods() []map[string]any {
	parts := []any{map[string]any{"item": l.good("cup"), "quantity": 2}, map[string]any{"item": l.good("tray"), "quantity": 1}}
	return []map[string]any{
		{"id": l.good("cup"), "price": 3, "stock": 1_000_000, "kind": "physical"},
		{"id": l.good("tray"), "price": 1, "stock": 1_000_000, "kind": "physical"},
		{"id": l.good("set"), "price": 5, "stock": 1_000_000, "kind": "bundle", "components": parts},
	}
}

// live begins one life after another until ctx ends, and leads all to their ends.
func (l *load) live(ctx context.Context) (lives []*life) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(livesApart)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		x := &life{plan: plans[n%len(plans)]}
		x.member, x.key, x.item, x.asked = l.shop.member(n*7%members), fmt.Sprint("life-", n), l.good(x.plan.good), time.Now()
		lives = append(lives, x)
		all.Go(func() {
			last, stop := context.WithTimeout(context.WithoutCancel(ctx), outage()+2*time.Minute)
			defer stop()
			x.err = l.lead(last, x)
		})
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return lives
}

// lead asks for a redemption and takes its steps.
func (l *load) lead(ctx context.Context, x *life) (err error) {
	r := unit(x.member, x.key, x.item)
	r.body = fmt.Sprintf(`{"item":%q,"quantity":1,"address":{"name":"Wang","phone":"+86 139 9999 8888","city":"上海","street":"Lane 77","country":"CN"}}`, x.item)
	if x.answer, x.tries, err = l.client.insist(ctx, r); err == nil && x.answer.Status != http.StatusCreated {
		err = fmt.Errorf("%d %s", x.answer.Status, x.answer.Body)
	}
	x.decided, x.last = time.Now(), x.answer
	for _, step := range x.plan.steps {
		if err != nil {
			return err
		}
		if x.last, _, err = l.client.insist(ctx, x.step(step)); err == nil && x.last.Status != http.StatusOK {
			err = fmt.Errorf("%s: %d %s", step, x.last.Status, x.last.Body)
		}
	}
	return err
}

// step is the request of a step, of the member or the merchant.
func (x *life) step(step string) request {
	r := request{who: x.member, role: httpapi.RoleMember, path: "/v1/redemptions/" + x.answer.ID, key: x.key + step}
	byMerchant := func(path string) {
		r.who, r.role, r.path = merchant, httpapi.RoleMerchant, r.path+path+"?member="+x.member
	}
	switch step {
	case ledger.StepShip:
		byMerchant("/shipment")
		r.body = fmt.Sprintf(`{"carrier":"sf","number":%q}`, x.key)
	case ledger.StepDeliver:
		byMerchant("/delivery")
	case ledger.StepReturn:
		r.path, r.body = r.path+"/returns", `{"kind":"return","quantity":1,"reason":"unwanted"}`
	case ledger.StepInspect:
		byMerchant("/returns/" + x.last.Returns[0].ID + "/inspection")
		r.body = `{"accept":true,"restock":true}`
	case ledger.StepCancel:
		r.path += "/cancel"
	}
	return r
}

// ended checks that every life went as planned, each step exactly once, those of staff in the audit, too, and that all units
// and points are where they should be then. It adds the lives to the redemptions that were asked for, and counts the steps.
func (l *load) ended(t *testing.T, b *book) (steps int) {
	t.Helper()
	sold, back := map[string]int64{}, map[string]int64{}
	entries, audited := b.ofRedemptions(), l.stack.auditedSteps(t)
	for _, x := range l.lives {
		l.beside = append(l.beside, &x.redemption)
		if x.err != nil || x.last.State != x.plan.state {
			t.Errorf("redemption %s (%s) is %q and should be %q: %v", x.answer.ID, x.key, x.last.State, x.plan.state, x.err)
			continue
		}
		steps += len(x.plan.steps)
		for good, n := range x.plan.units() {
			sold[good] += n
			if x.plan.goesBack() {
				back[good] += n
			}
		}
		x.against(t, entries[x.answer.ID])
		byStaff := slices.DeleteFunc(slices.Clone(x.plan.steps), func(step string) bool { return step == ledger.StepReturn || step == ledger.StepCancel })
		if got := audited[x.answer.ID]; !slices.Equal(got, byStaff) {
			t.Errorf("redemption %s (%s): the audit has %v, want %v", x.answer.ID, x.key, got, byStaff)
		}
	}
	for _, good := range slices.Sorted(maps.Keys(sold)) {
		b.settled(t, l.good(good), sold[good])
		if got := b.items[l.good(good)][pointspb.Kind_RESTOCKED]; got != back[good] {
			t.Errorf("%s: %d units came back, want %d", good, got, back[good])
		}
	}
	return steps
}

// against compares a life with its entries: its steps in their order, and what was given back.
func (x *life) against(t *testing.T, entries []*pointspb.Entry) {
	t.Helper()
	var steps []string
	var paid, restored int64
	for _, e := range entries {
		if e.Kind == pointspb.Kind_STEPPED {
			steps = append(steps, e.Step.GetStep())
		}
		for _, p := range e.Postings {
			if p.Account != pointspb.Account_REDEEMED_POINTS {
				continue
			}
			if p.Points > 0 {
				paid += p.Points
			} else {
				restored -= p.Points
			}
		}
	}
	want := int64(0)
	if x.plan.goesBack() {
		want = x.answer.Points
	}
	if !slices.Equal(steps, x.plan.steps) || paid != x.answer.Points || paid == 0 || restored != want {
		t.Errorf("redemption %s (%s): steps %v, paid %d, back %d; want %v, %d, %d", x.answer.ID, x.key, steps, paid, restored, x.plan.steps, x.answer.Points, want)
	}
}

// ofRedemptions are the members' entries by redemption, in their order.
func (b *book) ofRedemptions() map[string][]*pointspb.Entry {
	all := map[string][]*pointspb.Entry{}
	for _, entries := range b.members {
		for _, e := range entries {
			if id := e.Redemption.GetId(); id != "" {
				all[id] = append(all[id], e)
			}
		}
	}
	return all
}

// auditedSteps are the steps that staff took, by redemption, in the order of their entries.
func (s *stack) auditedSteps(t *testing.T) map[string][]string {
	t.Helper()
	ctx, done := context.WithTimeout(t.Context(), time.Minute)
	defer done()
	var all []topics.AuditedStep
	err := kafka.Read(ctx, s.config, topics.Audit, 0, 0, func(r *topics.Record, _ time.Time) error {
		var a topics.AuditedStep
		err := json.Unmarshal(r.Value, &a)
		all = append(all, a)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b topics.AuditedStep) int { return cmp.Compare(a.Entry.Seq, b.Entry.Seq) })
	steps := map[string][]string{}
	for _, a := range all {
		steps[a.Of] = append(steps[a.Of], a.What)
	}
	return steps
}
