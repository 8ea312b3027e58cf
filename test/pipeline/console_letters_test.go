package pipeline_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jifen/internal/httpapi"
)

// TestDeadLettersAreListedAndReplayedOverTheAPI: newest first, page by page without a gap or a double, whatever topics and
// partitions they lie in; brought back once each, what would be refused again stays.
func TestDeadLettersAreListedAndReplayedOverTheAPI(t *testing.T) {
	in := install(t, false)
	in.publish("book.yaml")
	noon := in.run(ownNow, "credits,balances")
	in.feed(history{paid("2026-05-01 10:00:00", "eve", "late", line{"basic", 20000})}, "")
	var early history
	for i := range 12 {
		early = append(early, paid("2026-06-10 13:00:00", fmt.Sprint("m", i), fmt.Sprint("early-", i), line{"basic", 100000}))
	}
	in.feed(append(early, registered("2026-06-10 13:00:00", "reg", "fay")), "")
	in.feed(history{paid("2026-06-09 10:00:00", "eve", "yen", line{"basic", 100000}).withData("currency", "JPY")}, "")
	if err := noon.Stop(patience); err != nil {
		t.Fatal(err)
	}
	const evening = "2026-06-10T19:00:00+08:00"
	in.run(evening, "credits,balances")
	a := in.serve(evening)
	list := func(query string) (all []map[string]any, pages int) {
		t.Helper()
		for cursor := ""; ; pages++ {
			status, got := a.call("ann", httpapi.RoleSupport, http.MethodGet, "/v1/dead-letters?limit=4&"+query+cursor, "")
			if status != http.StatusOK {
				t.Fatalf("%d %v", status, got)
			}
			for _, l := range got["dead_letters"].([]any) {
				all = append(all, l.(map[string]any))
			}
			next, _ := got["next_cursor"].(string)
			if next == "" {
				return all, pages + 1
			}
			cursor = "&cursor=" + next
		}
	}
	all, pages := list("")
	seen := map[string]bool{}
	for i, l := range all {
		seen[l["id"].(string)] = true
		if i > 0 && instant(t, l["at"]).After(instant(t, all[i-1]["at"])) && l["topic"] != all[i-1]["topic"] {
			t.Errorf("%v is newer than the one before", l["id"])
		}
	}
	equal(t, "letters, different ones", []int{len(all), len(seen)}, []int{15, 15})
	if pages < 4 || all[0]["reason"] != "RANGE" || all[14]["reason"] != "TOO_OLD" {
		t.Errorf("%d pages, from %v to %v", pages, all[0]["reason"], all[14]["reason"])
	}
	if value := fmt.Sprint(all[0]["value"]); all[0]["encoding"] != "text" || !strings.Contains(value, `"JPY"`) || all[0]["key"] != "eve" {
		t.Errorf("value %v", all[0])
	}
	future, _ := list("reason=FUTURE")
	orders, _ := list("reason=FUTURE&topic=shop.orders.v1")
	none, _ := list("topic=shop.nothing.v1")
	equal(t, "by reason, and topic", []int{len(future), len(orders), len(none)}, []int{13, 12, 0})

	replay := func(letters ...map[string]any) (fates []string) {
		t.Helper()
		body := map[string]any{"reason": "T-1", "ids": []string{"shop.orders.v1:0:99999", "points.ledger.v1:0:0"}}
		for _, l := range letters {
			body["ids"] = append(body["ids"].([]string), l["id"].(string))
		}
		sent, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		status, got := a.call("op", httpapi.RoleOperator, http.MethodPost, "/v1/dead-letters/replay", string(sent))
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, got)
		}
		for _, r := range got["results"].([]any)[2:] {
			fates = append(fates, r.(map[string]any)["fate"].(string))
		}
		equal(t, "fate of what is not there", got["results"].([]any)[0].(map[string]any)["fate"], any("not_found"))
		equal(t, "fate of what is none", got["results"].([]any)[1].(map[string]any)["fate"], any("not_found"))
		return fates
	}
	equal(t, "fates", replay(orders[0], orders[1], orders[0], all[14]), []string{"replayed", "replayed", "replayed_before", "too_old"})
	in.drained()
	equal(t, "again", replay(orders[0], orders[1]), []string{"replayed_before", "replayed_before"})
	in.drained()
	balances := in.balances(evening)
	for _, l := range orders[:2] {
		member := l["key"].(string)
		equal(t, "balance of "+member, balances[member], balance{Member: member, Available: 100, Tier: "normal"})
	}
	equal(t, "members with points", len(balances), 2)
	after, _ := list("reason=FUTURE&topic=shop.orders.v1")
	equal(t, "replayed", []any{after[0]["replayed"], after[1]["replayed"], after[2]["replayed"]}, []any{true, true, false})
	in.audited()
}

// instant is a time of an answer: as texts .12 would come after .123.
func instant(t *testing.T, at any) time.Time {
	t.Helper()
	text, _ := at.(string)
	x, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
