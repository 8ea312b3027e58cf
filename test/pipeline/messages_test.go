package pipeline_test

import (
	"fmt"
	"net/http"
	"testing"

	"jifen/internal/httpapi"
	"jifen/internal/testkit"
	"jifen/topics"
)

const (
	messagesNow    = "2026-03-02T12:00:00+08:00"
	messagesStages = "credits,balances,notices,coupons,messages"
)

// inbox are a member's messages, the newest first, and how many of them are unread.
func (a *api) inbox(member string) (all []string, unread any) {
	a.t.Helper()
	status, answer := a.call(member, httpapi.RoleMember, http.MethodGet, "/v1/me/messages", "")
	if status != http.StatusOK {
		a.t.Fatalf("messages of %s: %d %v", member, status, answer)
	}
	for _, m := range answer["messages"].([]any) {
		m := m.(map[string]any)
		all = append(all, fmt.Sprint(m["title"], ": ", m["text"]))
	}
	return all, answer["unread"]
}

// TestMessagesInTheMall: what members are told is in their inboxes once, through kills of everything and a Redis that is
// emptied; a merged member's messages are the other one's, and an erased one has none.
func TestMessagesInTheMall(t *testing.T) {
	v := program(t, "book-milestones.yaml", false)
	v.running = v.run(messagesNow, messagesStages)
	v.items(map[string]any{"id": "mug", "price": 300, "stock": 9})
	a := v.serve(messagesNow)
	holds := func(what, member string, want ...string) {
		t.Helper()
		var got []string
		v.await(what, v.running, func() bool { got, _ = a.inbox(member); return len(got) >= len(want) })
		equal(t, what, got, want)
	}
	coupon := topics.CouponID("coupon-5000", "ana", "2026", 1)
	told := "You got a coupon: Your points reached 5000: you get the coupon 20-percent-off, number " + coupon + "."
	v.feed(history{gift("2026-03-02 10:00:00", "ana", "a", 5300), gift("2026-03-02 10:00:00", "ben", "b", 1000)}, "")
	holds("a coupon", "ana", told)
	redeem := func(member, key string) {
		t.Helper()
		status, answer := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/redemptions", `{"item":"mug","quantity":1}`, "Idempotency-Key", key)
		if status != http.StatusCreated && status != http.StatusAccepted { // it may be decided after a kill
			t.Fatalf("redeem: %d %v", status, answer)
		}
	}
	const redeemed = "Redeemed: You redeemed Gift for 300 points."
	redeem("ana", "first-key-of-ana")
	holds("a redemption", "ana", redeemed, told)
	if status, _ := a.call("ana", httpapi.RoleMember, http.MethodPost, "/v1/me/messages/read", fmt.Sprintf(`{"until":%q}`, "2026-03-02T11:00:00+08:00")); status != http.StatusNoContent {
		t.Fatalf("read: %d", status)
	}
	_, unread := a.inbox("ana")
	equal(t, "unread", unread, any(1.0))

	v.stop()
	p := testkit.Run(t, append(v.env, "JIFEN_PROGRAM_NOW="+messagesNow, "JIFEN_FAILPOINT=notices:after_produce:1"),
		testkit.Binary(t, "failpoints"), "run", "--stages", messagesStages)
	redeem("ben", "first-key-of-ben")
	v.gone(p, "notices after_produce")
	v.running = v.run(messagesNow, messagesStages)
	holds("after a kill", "ben", redeemed)
	v.redisCommand("FLUSHALL")
	holds("after a loss", "ana", redeemed, told)
	holds("after a loss", "ben", redeemed)
	v.tell(at("2026-03-02 11:00:00", "merged", topics.TypeMerged, map[string]any{"member": "ana", "from": "ben"}))
	holds("merged", "ana", redeemed, redeemed, told)
	if all, _ := a.inbox("ben"); len(all) > 0 {
		t.Errorf("a merged member has %v", all)
	}
	v.tell(at("2026-03-02 11:30:00", "erased", topics.TypeErased, map[string]any{"member": "ana"}))
	v.await("it is erased", v.running, func() bool {
		status, _ := a.call("ana", httpapi.RoleMember, http.MethodGet, "/v1/me/messages", "")
		return status == http.StatusGone
	})
	v.await("its inbox is erased", v.running, func() bool { return len(v.inRedis("number "+coupon)) == 0 })
	equal(t, "redeemed", len(v.inRedis("redeemed")), 0)
	v.audited()
}
