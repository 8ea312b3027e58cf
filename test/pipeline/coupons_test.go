package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"jifen/internal/kafka"
	"jifen/internal/testkit"
	"jifen/internal/webhook"
	"jifen/topics"
)

const (
	couponNow    = "2026-03-02T12:00:00+08:00"
	couponStages = "credits,balances,coupons,webhooks"
	couponSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

func gift(time, member, id string, points int) event {
	return at(time, "gift-"+id, "shop.activity.v1", map[string]any{"member": member, "activity": "gift", "quantity": points})
}

func couponUsed(time, member, coupon, id string) event {
	return at(time, "used-"+id, "shop.coupon.used.v1", map[string]any{"member": member, "coupon": coupon, "order": "by " + id})
}

// told waits for so many events of points.coupons.v1 and returns their ids, in no order, with their types by coupon.
func (v *vectors) told(n int) (ids map[string]bool, types map[string][]string) {
	v.t.Helper()
	var all []map[string]any
	v.await("coupons are told", v.running, func() bool { all = v.cat(topics.Coupons); return len(all) >= n })
	ids, types = map[string]bool{}, map[string][]string{}
	for _, r := range all {
		e := r["value"].(map[string]any)
		ids[e["id"].(string)] = true
		types[e["subject"].(string)] = append(types[e["subject"].(string)], e["type"].(string))
	}
	equal(v.t, "events of their own ids", len(ids), len(all))
	return ids, types
}

// milestoneVectors is B4: 4990, +20, −100, +100 give one coupon, at 5010; and a copy of all of it as history gives none.
func milestoneVectors(t *testing.T) {
	v := program(t, "book-milestones.yaml", false)
	v.running = v.run(couponNow, couponStages)
	t.Run("B4", func(t *testing.T) {
		v.feed(history{gift("2026-03-02 10:00:00", "B4", "a", 4990), gift("2026-03-02 10:01:00", "B4", "b", 20)}, "")
		v.feed(history{gift("2026-03-02 10:00:00", "past", "c", 4990), gift("2026-03-02 10:01:00", "past", "d", 20)}, "import")
		v.spend("B4", "B4-spend", 100)
		v.feed(history{gift("2026-03-02 10:02:00", "B4", "e", 100)}, "")
		got := v.booked("B4", "MILESTONE")
		equal(t, "coupons", len(got), 1)
		facts := got[0]["milestone"].(map[string]any)
		equal(t, "at", facts["after"], any("5010"))
		coupon := topics.CouponID("coupon-5000", "B4", "2026", 1)
		_, types := v.told(1)
		equal(t, "told", types, map[string][]string{coupon: {topics.TypeCouponIssued}})
		equal(t, "history", len(v.booked("past", "MILESTONE")), 0)
		v.has(t, "B4", couponNow, balance{Available: 5010, Tier: "normal"})
	})
	v.audited()
}

// serve starts a receiver at an address; stop is its going down.
func serve(t *testing.T, addr string, h http.Handler) (stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return func() { _ = s.Close() }
}

// TestCouponsReachTheirReceiverUnderOneIDEach: whatever goes down meanwhile, the receiver or the stages, it verifies every
// event with the public library and sees each id that the topic has, and no other. A refund revokes, use forbids that.
func TestCouponsReachTheirReceiverUnderOneIDEach(t *testing.T) {
	addr := fmt.Sprint("127.0.0.1:", testkit.FreePort(t))
	v := &vectors{installation: install(t, false)}
	v.env = append(v.env, "JIFEN_WEBHOOK_URL=http://"+addr+"/coupons", "JIFEN_WEBHOOK_SECRET="+couponSecret,
		"JIFEN_WEBHOOK_RETRY_WAIT_MIN=20ms", "JIFEN_WEBHOOK_RETRY_WAIT_MAX=100ms", "JIFEN_WEBHOOK_TRIES_MAX=100000")
	v.publish("book-milestones.yaml")
	v.running = v.run(couponNow, couponStages)
	receiver, err := webhook.NewReceiver(couponSecret)
	if err != nil {
		t.Fatal(err)
	}
	received := func(n int) {
		t.Helper()
		v.await("the receiver has them", v.running, func() bool { all, _, _ := receiver.Received(); return len(all) >= n })
	}
	v.feed(history{
		paid("2026-03-02 10:00:00", "ana", "A", line{"basic", 600000}), paid("2026-03-02 10:00:00", "ben", "B", line{"basic", 500000}),
		paid("2026-03-02 10:00:00", "cat", "C", line{"basic", 499999}),
	}, "")
	v.told(2) // the receiver is down
	v.stop()
	v.running = v.run(couponNow, couponStages)
	down := serve(t, addr, receiver)
	received(2)
	down()
	used := topics.CouponID("coupon-5000", "ben", "2026", 1)
	v.feed(history{
		couponUsed("2026-03-02 11:00:00", "ben", used, "1"), couponUsed("2026-03-02 11:00:00", "ben", "c-none", "2"),
		gift("2026-03-02 11:00:00", "cat", "cat", 1), // 4999 + 1
	}, "")
	v.feed(history{
		refunded("2026-03-02 11:30:00", "ana", "A", "RA", 600000), refunded("2026-03-02 11:30:00", "ben", "B", "RB", 500000),
		paid("2026-03-02 11:40:00", "ana", "A2", line{"basic", 700000}),
	}, "")
	ids, types := v.told(5)
	first := topics.CouponID("coupon-5000", "ana", "2026", 1)
	equal(t, "types", types, map[string][]string{
		first: {topics.TypeCouponIssued, topics.TypeCouponRevoked}, used: {topics.TypeCouponIssued},
		topics.CouponID("coupon-5000", "ana", "2026", 2): {topics.TypeCouponIssued}, topics.CouponID("coupon-5000", "cat", "2026", 1): {topics.TypeCouponIssued},
	})
	v.stop()
	v.running = v.run(couponNow, couponStages)
	serve(t, addr, receiver)
	received(5)
	bodies, _, refused := receiver.Received()
	equal(t, "not verified", refused, 0)
	for id, body := range bodies {
		var e struct{ ID string }
		if err := json.Unmarshal(body, &e); err != nil || e.ID != id || !ids[id] {
			t.Errorf("received %q: %v %s", id, err, body)
		}
	}
	equal(t, "received", len(bodies), len(ids))
	var outcomes []any
	for _, e := range v.booked("ben", "COUPON_USED") {
		outcomes = append(outcomes, e["coupon"].(map[string]any)["outcome"])
	}
	equal(t, "uses", outcomes, []any{"applied", "unknown_coupon"})
	v.audited()
}

// TestWhatNoReceiverTakesIsADeadLetter after the last try, and does not hold up those behind it.
func TestWhatNoReceiverTakesIsADeadLetter(t *testing.T) {
	addr := fmt.Sprint("127.0.0.1:", testkit.FreePort(t))
	serve(t, addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	v := &vectors{installation: install(t, false)}
	v.env = append(v.env, "JIFEN_WEBHOOK_URL=http://"+addr, "JIFEN_WEBHOOK_SECRET="+couponSecret, "JIFEN_WEBHOOK_RETRY_WAIT_MIN=1ms", "JIFEN_WEBHOOK_TRIES_MAX=3")
	v.publish("book-milestones.yaml")
	v.running = v.run(couponNow, couponStages)
	v.feed(history{gift("2026-03-02 10:00:00", "ana", "a", 5000), gift("2026-03-02 10:00:00", "ben", "b", 5000)}, "")
	v.told(2)
	letters := func() (n int) {
		err := kafka.Read(t.Context(), v.kafka(), topics.DeadLetterPrefix+topics.Coupons, 0, 0, func(r *topics.Record, _ time.Time) error {
			l, err := topics.OpenLetter(r)
			if err == nil && l.Reason == topics.ReasonUndelivered && l.Message == "3 tries, the last: the receiver answered 418" {
				n++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	v.await("both are dead letters", v.running, func() bool { return letters() == 2 })
}
