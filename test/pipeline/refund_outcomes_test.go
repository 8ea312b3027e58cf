package pipeline_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"jifen/topics"
)

// refundOutcomes are how so many refunds ended, by the metric of the process that runs.
func (in *installation) refundOutcomes() map[string]string {
	in.t.Helper()
	all := map[string]string{}
	for _, o := range []string{"applied", "too_much", "unknown_line", "waiting", "duplicate", "conflict", "dead_letter"} {
		series := `jifen_balances_outcomes_total{kind="` + topics.TypeOrderRefunded + `",outcome="` + o + `"}`
		if n, ok := strings.CutPrefix(in.metric(series), series+" "); ok {
			all[o] = n
		}
	}
	return all
}

// returns are a member's entries of refunds: under which id, whether applied at once, and by line what was given back and asked.
func (in *installation) returns(member string) (all []string) {
	in.t.Helper()
	for _, e := range in.booked(member, "REFUNDED") {
		f := e["refund"].(map[string]any)
		text := fmt.Sprint(f["refund"])
		lines, _ := f["lines"].([]any)
		for _, l := range lines {
			l := l.(map[string]any)
			text += fmt.Sprint(" ", l["id"], ":", l["net"])
			if l["asked"] != nil {
				text += fmt.Sprint("/", l["asked"])
			}
		}
		all = append(all, text)
	}
	return all
}

// lettersOfOrders are why orders and their refunds became dead letters.
func (in *installation) lettersOfOrders() (all []string) {
	in.t.Helper()
	for _, r := range in.cat(topics.DeadLetterPrefix + topics.Orders) {
		all = append(all, fmt.Sprint(r["headers"].(map[string]any)["dlq.reason"]))
	}
	return all
}

const (
	unfitNow  = "2026-03-03T12:00:00+08:00"
	unfitWhen = "2026-03-02 11:00:00"
)

// unfit is a program in which refunds come that do not fit, and how many ended how so far.
type unfit struct {
	*vectors
	outcomes map[string]string
}

// ended waits until one outcome of refunds has come to n, and no other has changed.
func (u *unfit) ended(what, outcome, n string) {
	u.t.Helper()
	u.outcomes[outcome] = n
	u.await(fmt.Sprint(what, ": ", u.outcomes), u.running, func() bool { return maps.Equal(u.refundOutcomes(), u.outcomes) })
}

func (u *unfit) left(member string, available int64) {
	u.t.Helper()
	u.has(u.t, member, unfitNow, balance{Available: available, Tier: "normal"})
}

// TestRefundsThatDoNotFitSayWhich: of more than was bought, of a line or an order that is not there, of another member's
// order, under a known id, before the order. Each has an outcome of its own, and nothing moves twice.
func TestRefundsThatDoNotFitSayWhich(t *testing.T) {
	u := &unfit{program(t, "book.yaml", false), map[string]string{}}
	u.clock(unfitNow)
	for _, m := range []string{"much", "line", "same", "other", "mine"} {
		u.send(paid("2026-03-02 10:00:00", m, m, line{"basic", 50000}, line{"new", 10000})) // 50 + 20
	}
	u.tooMuch()
	u.known()
	u.send(refunded(unfitWhen, "other", "mine", "o1", 50000, 10000), refunded(unfitWhen, "other", "nobodys", "n1", 10000))
	u.ended("another member's order, and nobody's", "waiting", "2")
	u.left("other", 70)
	u.left("mine", 70)
	u.beforeItsOrder()
	equal(t, "dead letters", u.lettersOfOrders(), slices.Repeat([]string{"CONFLICT"}, 4))
	u.audited()
	u.everythingAgain(t) // the same entries
	u.stop()
	u.must("rebuild")
	u.left("same", 50)
	u.left("much", 10)
	u.audited()
}

// tooMuch are refunds of more than was bought or is left, and of a line that is not there: what there is comes back.
func (u *unfit) tooMuch() {
	u.send(refunded(unfitWhen, "much", "much", "m1", 60000))
	u.ended("more than was bought", "too_much", "1")
	u.left("much", 20)
	u.send(refunded(unfitWhen, "much", "much", "m2", 10000, 5000)) // nothing is left of the first line
	u.ended("more than is left", "too_much", "2")
	u.left("much", 10)
	equal(u.t, "given back of what was asked", u.returns("much"), []string{"m1 1:50000/60000", "m2 1:<nil>/10000 2:5000"})
	u.send(refunded(unfitWhen, "line", "line", "l1", 10000, 0, 9900))
	u.ended("a line that the order does not have", "unknown_line", "1")
	u.left("line", 60)
	equal(u.t, "its line", u.returns("line"), []string{"l1 1:10000 3:<nil>/9900"})
}

// known are refunds under an id that the order has, of the same and of another content: what was asked is compared, not what
// was left to give back.
func (u *unfit) known() {
	back := refunded(unfitWhen, "same", "same", "s1", 10000, 5000)
	u.send(back)
	u.ended("a return", "applied", "1")
	u.send(back, back.with("id", "again"), back.withData("lines", reversedLines(back)).with("id", "in another order"))
	u.ended("a known id", "duplicate", "3")
	u.send(refunded(unfitWhen, "same", "same", "s1", 20000, 5000).with("id", "more"))
	u.ended("a known id with another content", "conflict", "1")
	u.send(refunded(unfitWhen, "much", "much", "m1", 60000).with("id", "m1 again"))
	u.ended("the same as before", "duplicate", "4")
	u.send(refunded(unfitWhen, "much", "much", "m1", 50000).with("id", "m1 mended"))
	u.ended("less than before", "conflict", "2")
	u.left("same", 50)
	u.left("much", 10)
	equal(u.t, "dead letters", u.lettersOfOrders(), []string{"CONFLICT", "CONFLICT"})
}

// beforeItsOrder is a refund that waits for its order, again and with another content, before and after that.
func (u *unfit) beforeItsOrder() {
	early := refunded(unfitWhen, "early", "early", "e1", 50000)
	u.send(early)
	u.ended("before its order", "waiting", "3")
	u.send(early.with("id", "e1 again"))
	u.ended("again before its order", "duplicate", "5")
	u.send(refunded(unfitWhen, "early", "early", "e1", 40000).with("id", "e1 other"))
	u.ended("another content before its order", "conflict", "3")
	u.send(paid("2026-03-02 10:00:00", "early", "early", line{"basic", 50000}, line{"new", 10000}))
	u.left("early", 20)
	u.send(early.with("id", "e1 late"))
	u.ended("after its order", "duplicate", "6")
	u.send(refunded(unfitWhen, "early", "early", "e1", 1).with("id", "e1 late other"))
	u.ended("another content after its order", "conflict", "4")
	u.left("early", 20)
}

// reversedLines are the lines of a refund the other way round.
func reversedLines(e event) []map[string]any {
	all := slices.Clone(e["data"].(map[string]any)["lines"].([]map[string]any))
	slices.Reverse(all)
	return all
}
