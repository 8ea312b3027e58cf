package pipeline_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"jifen/topics"
)

// replayed is what `jifen replay dlq -o json` says.
type replayed struct {
	DryRun   bool `json:"dry_run"`
	Replayed int
	Counts   []struct {
		Topic, Reason, Fate string
		Count, Again        int
	}
	Letters []struct{ Place, Fate, Reason, Key, To string }
}

func (in *installation) replay(args ...string) replayed {
	in.t.Helper()
	var r replayed
	out := in.must(append([]string{"replay", "dlq", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		in.t.Fatalf("%v: %s", err, out)
	}
	return r
}

// fates are the counts by reason and fate.
func (r replayed) fates() map[string]int {
	all := map[string]int{}
	for _, c := range r.Counts {
		all[c.Reason+" "+c.Fate] += c.Count
	}
	return all
}

// TestReplayedDeadLettersAreCreditedOnce: events that came too early are credited when their time has come, once however
// often they are replayed; those of other reasons stay where they are; late ones become history.
func TestReplayedDeadLettersAreCreditedOnce(t *testing.T) {
	in := install(t, false)
	in.publish("book.yaml")
	noon := in.run(ownNow, "credits,balances")
	yen := paid("2026-06-09 10:00:00", "eve", "yen", line{"basic", 100000}).withData("currency", "JPY")
	in.feed(history{
		paid("2026-06-10 13:00:00", "eve", "early", line{"basic", 100000}), paid("2026-06-10 13:00:00", "fay", "early-2", line{"basic", 50000}),
		paid("2026-05-01 10:00:00", "eve", "late", line{"basic", 20000}), yen, registered("2026-06-09 10:00:00", "reg-eve", "eve"),
		registered("2026-06-10 18:00:00", "reg-fay", "fay"),
	}, "")
	if err := noon.Stop(patience); err != nil {
		t.Fatal(err)
	}
	const evening = "2026-06-10T19:00:00+08:00"
	in.run(evening, "credits,balances")

	records := in.cat(topics.Orders)
	dry := in.replay("--reason", "FUTURE", "--dry-run")
	equal(t, "dry run", []any{dry.DryRun, dry.Replayed, dry.fates(), len(dry.Letters)}, []any{true, 3, map[string]int{"FUTURE replay": 3}, 3})
	equal(t, "records after a dry run", len(in.cat(topics.Orders)), len(records))
	equal(t, "marks after a dry run", len(in.cat(topics.Replays)), 0)

	equal(t, "one member's, of one topic", in.replay("--topic", topics.Orders, "--reason", "FUTURE", "--key", "eve").fates(), map[string]int{"FUTURE replay": 1})
	in.drained()
	want := map[string]balance{"eve": {Member: "eve", Available: 150, Tier: "normal"}}
	equal(t, "balances", in.balances(evening), want)
	all := in.replay("--all")
	equal(t, "all", all.fates(), map[string]int{"FUTURE replay": 2, "FUTURE replayed_before": 1, "TOO_OLD too_old": 1, "RANGE replay": 1})
	in.drained()
	want["fay"] = balance{Member: "fay", Available: 100, Tier: "normal"}
	equal(t, "balances", in.balances(evening), want)
	for _, args := range [][]string{{"--all"}, {"--since", "1h"}, {"--group", topics.GroupCredits}} {
		again := in.replay(args...)
		// What failed again is a new dead letter.
		if again.fates()["FUTURE replay"] != 0 || again.fates()["FUTURE replayed_before"] != 3 {
			t.Errorf("%v once more: %v", args, again.fates())
		}
		in.drained()
	}
	equal(t, "until an hour ago", len(in.replay("--until", "1h", "--dry-run").Counts), 0)
	equal(t, "balances after all of it", in.balances(evening), want)

	late := in.replay("--reason", "TOO_OLD", "--backfill", "mended")
	equal(t, "late ones", late.fates(), map[string]int{"TOO_OLD replay": 1})
	in.drained()
	want["eve"] = balance{Member: "eve", Available: 170, Tier: "normal"}
	equal(t, "balances with history", in.balances(evening), want)
	in.untouched(t, records)
	in.audited()
}

// untouched holds what was brought back against what had come first: the same but for the mark, and that of the backfill.
func (in *installation) untouched(t *testing.T, first []map[string]any) {
	t.Helper()
	text := func(r map[string]any) string {
		headers := map[string]any{}
		for name, v := range r["headers"].(map[string]any) {
			if name != topics.HeaderReplay && name != topics.BackfillHeader {
				headers[name] = v
			}
		}
		out, _ := json.Marshal([]any{r["partition"], r["key"], r["value"], headers})
		return string(out)
	}
	var known []string
	for _, r := range first {
		known = append(known, text(r))
	}
	back := 0
	for _, r := range in.cat(topics.Orders) {
		if place, marked := r["headers"].(map[string]any)[topics.HeaderReplay]; marked {
			back++
			if !slices.Contains(known, text(r)) || !strings.HasPrefix(place.(string), "dlq."+topics.Orders+"/") {
				t.Errorf("brought back: %v", r)
			}
		}
	}
	if back < 4 {
		t.Errorf("%d were brought back", back)
	}
}

func TestReplayAsksWhichDeadLetters(t *testing.T) {
	in := install(t, false)
	for _, c := range []struct {
		words string
		args  []string
	}{
		{"say which dead letters", nil},
		{"say which dead letters", []string{"--dry-run"}},
		{"has no dead letters", []string{"--topic", topics.Ledger}},
		{"want one --topic", []string{"--from", "3"}},
		{"neither RFC 3339 nor a duration", []string{"--since", "yesterday"}},
	} {
		_, faults, code := in.call(append([]string{"replay", "dlq"}, c.args...)...)
		if code != 2 || !strings.Contains(faults, c.words) {
			t.Errorf("%v: exit code %d, %s", c.args, code, faults)
		}
	}
	equal(t, "an empty installation", in.replay("--all").Replayed, 0)
}
