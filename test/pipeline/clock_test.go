package pipeline_test

import (
	"testing"
)

// TestClockDrivenWorkIsBookedWithoutAnyEvent: midnight passes on the program's clock, and what expires then is booked,
// dated at midnight (L1, L4).
func TestClockDrivenWorkIsBookedWithoutAnyEvent(t *testing.T) {
	in := install(t, false)
	in.publish("book.yaml")
	p := in.run("2026-05-26T23:59:55+08:00", "credits,balances")
	in.feed(history{paid("2025-05-26 11:00:55", "ana", "O", line{"basic", 100000})}, "run")
	equal(t, "before midnight", in.balances("2026-05-26T23:59:59+08:00")["ana"].Available, int64(100))
	expiry := func() map[string]any {
		for _, r := range in.entries() {
			if e := r["value"].(map[string]any); e["kind"] == "EXPIRED" {
				return e
			}
		}
		return nil
	}
	in.await("the expiry is booked", p, func() bool { return expiry() != nil })
	equal(t, "dated", expiry()["effectiveAt"], any("1779811200000")) // 2026-05-27T00:00+08:00
	in.drained()
	in.audited()
	equal(t, "booked once", len(in.entries()), 2)
}
