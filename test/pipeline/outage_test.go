package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/internal/webhook"
	"jifen/topics"
)

// outage is how long the receiver is away: JIFEN_CHAOS_FULL=1 makes it a minute.
func outage() time.Duration {
	if os.Getenv("JIFEN_CHAOS_FULL") == "1" {
		return time.Minute
	}
	return 6 * time.Second
}

// outageSteps are the times at which members cross while the receiver is away.
const outageSteps = 6

// TestAReceiverThatIsAwayGetsOneIDForEachMember: members cross 5000 of the shipped book while nobody listens, then while the
// receiver's proxy answers for it; the process with all stages is killed meanwhile, stopped, and killed once more as it
// delivers. With the retries as they are shipped each member's coupon comes under one id, and nothing is given up.
func TestAReceiverThatIsAwayGetsOneIDForEachMember(t *testing.T) {
	addr := fmt.Sprint("127.0.0.1:", testkit.FreePort(t))
	v := &vectors{installation: install(t, false)}
	v.env = append(v.env, "JIFEN_WEBHOOK_URL=http://"+addr+"/coupons", "JIFEN_WEBHOOK_SECRET="+couponSecret)
	book, err := filepath.Abs("../../rulebooks/retail-full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v.must("rules", "publish", book)
	v.running = v.run(couponNow, couponStages)
	receiver, err := webhook.NewReceiver(couponSecret)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var refused atomic.Int64
	var proxy func()
	members := map[string]bool{}
	for step := range outageSteps {
		v.crossing(step, members)
		switch step {
		case 1, 4:
			v.kill()
		case 2: // half of the time nobody listens at all
			proxy = serve(t, addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				refused.Add(1)
				w.WriteHeader(http.StatusServiceUnavailable)
			}))
		case 3:
			v.stop()
			v.running = v.run(couponNow, couponStages)
		}
		time.Sleep(time.Until(began.Add(time.Duration(step+1) * outage() / outageSteps)))
	}
	v.told(len(members))
	proxy()
	away := time.Since(began)
	serve(t, addr, receiver)
	received := func(n int) func() bool {
		return func() bool { all, _, _ := receiver.Received(); return len(all) >= n }
	}
	v.awaitWithin(2*time.Minute, "the receiver has one", received(1))
	v.kill() // some of what it has is not committed
	v.awaitWithin(2*time.Minute, "the receiver has all", received(len(members)))
	t.Logf("the receiver was away for %s and refused %d posts; %d members had their coupons %s after it was back",
		away.Round(time.Millisecond), refused.Load(), len(members), (time.Since(began) - away).Round(time.Millisecond))
	if refused.Load() == 0 {
		t.Error("nothing was tried while the receiver was away")
	}
	v.oneIDEach(receiver, members)
	v.audited()
}

// kill ends the pipeline with SIGKILL and starts it again.
func (v *vectors) kill() {
	v.t.Helper()
	v.running.Kill()
	<-v.running.Done()
	v.running = v.run(couponNow, couponStages)
}

// crossing has some members cross 5000: at once, by a second order that comes twice, and once more after they spent.
func (v *vectors) crossing(step int, members map[string]bool) {
	v.t.Helper()
	var events history
	order := func(member, id string, net int64) event {
		return paid("2026-03-02 10:00:00", member, member+id, line{"basic", net}).withData("currency", "GBP")
	}
	name := func(i int) string {
		m := fmt.Sprintf("crosses-%d-%d", step, i)
		members[m] = true
		return m
	}
	for i := range 4 {
		events = append(events, order(name(i), "a", 500_000))
	}
	for i := 4; i < 8; i++ {
		m := name(i)
		second := order(m, "b", 100)
		events = append(events, order(m, "a", 499_900), second, second, second.with("id", "another id of "+m))
	}
	events = append(events, order(fmt.Sprintf("below-%d", step), "a", 499_999))
	v.feed(events, "")
	again := name(0)
	v.spend(again, "spend-"+again, 100)
	v.feed(history{order(again, "c", 20_000)}, "")
}

// awaitWithin waits longer than for what this machine does by itself: for the pauses between retries.
func (v *vectors) awaitWithin(most time.Duration, what string, holds func() bool) {
	v.t.Helper()
	for end := time.Now().Add(most); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			v.t.Fatalf("waited too long until %s", what)
		}
	}
}

// oneIDEach checks that the receiver verified one coupon for each member, whatever came twice, and that nothing was given up.
func (v *vectors) oneIDEach(receiver *webhook.Receiver, members map[string]bool) {
	v.t.Helper()
	bodies, posts, unverified := receiver.Received()
	ids := map[string][]string{}
	for id, body := range bodies {
		var e struct {
			ID, Type, Subject string
			Data              struct{ Member string }
		}
		if err := json.Unmarshal(body, &e); err != nil || e.ID != id || e.Type != topics.TypeCouponIssued {
			v.t.Errorf("received %q: %v %s", id, err, body)
		}
		if want := topics.CouponID("coupon-5000", e.Data.Member, "2026", 1); e.Subject != want {
			v.t.Errorf("%s has coupon %s, want %s", e.Data.Member, e.Subject, want)
		}
		ids[e.Data.Member] = append(ids[e.Data.Member], id)
	}
	for m := range members {
		if len(ids[m]) != 1 {
			v.t.Errorf("%s was told of under %d ids: %v", m, len(ids[m]), ids[m])
		}
	}
	equal(v.t, "members that the receiver knows", len(ids), len(members))
	equal(v.t, "posts that were not verified", unverified, 0)
	told, _ := v.told(len(members))
	equal(v.t, "events of the topic", len(told), len(members))
	letters := 0
	err := kafka.Read(v.t.Context(), v.kafka(), topics.DeadLetterPrefix+topics.Coupons, 0, 0, func(*topics.Record, time.Time) error {
		letters++
		return nil
	})
	if err != nil {
		v.t.Fatal(err)
	}
	equal(v.t, "given up", letters, 0)
	v.t.Logf("%d posts brought %d ids", posts, len(bodies))
}
