package pipeline_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// simulation is what `jifen simulate -o json` says, as far as these tests look at it.
type simulation struct {
	States struct {
		Known bool
		Seq   int
	}
	Steps []struct {
		Line       int
		Member     string
		Outcome    string
		DeadLetter *struct{ Topic, Reason, Message, Group string } `json:"dead_letter"`
		Entries    []struct {
			ID, Account, Kind, Rule, Version string
			EffectiveAt                      time.Time `json:"effective_at"`
			Postings                         []struct {
				Account string
				Points  int64
				Lot     int
			}
			Arithmetic *struct{ Desired, Awarded int64 }
		}
		After *balance
	}
}

// simulated runs `jifen simulate` where Kafka cannot be reached.
func (in *installation) simulated(args ...string) simulation {
	in.t.Helper()
	out, faults, code := in.callWith([]string{"JIFEN_KAFKA_BROKERS=127.0.0.1:1"}, append([]string{"simulate", "-o", "json", "--rules", testdata(in.t, "book.yaml")}, args...)...)
	if code != 0 {
		in.t.Fatalf("simulate: exit code %d\n%s%s", code, out, faults)
	}
	var s simulation
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		in.t.Fatalf("simulate: %v\n%s", err, out)
	}
	return s
}

// entries are the simulation's by account, in order, as text.
func (s *simulation) entries() map[string][]string {
	all := map[string][]string{}
	for _, step := range s.Steps {
		for _, e := range step.Entries {
			text := fmt.Sprint(e.ID, " ", e.Kind, " ", e.Rule, " ", e.Version, " ", e.EffectiveAt.UnixMilli())
			for _, p := range e.Postings {
				text += fmt.Sprint(" ", p.Account, " ", p.Points, " ", p.Lot)
			}
			if x := e.Arithmetic; x != nil {
				text += fmt.Sprint(" ", x.Desired, " ", x.Awarded)
			}
			all[e.Account] = append(all[e.Account], text)
		}
	}
	return all
}

// letters are the simulation's dead letters, as text, sorted.
func (s *simulation) letters() []string {
	var all []string
	for _, step := range s.Steps {
		if l := step.DeadLetter; l != nil {
			all = append(all, fmt.Sprint(l.Topic, " ", l.Reason, " ", l.Group, " ", l.Message))
		}
	}
	slices.Sort(all)
	return all
}

// ledgered are the ledger's entries after the first so many of each account, in the words of simulation.entries.
func (in *installation) ledgered(after map[string]int) map[string][]string {
	in.t.Helper()
	all := map[string][]string{}
	text := func(v any) string { // protojson leaves zeros out and writes int64 as text
		if v == nil {
			return "0"
		}
		return fmt.Sprint(v)
	}
	name := func(v any) string {
		if v == nil {
			return ""
		}
		return v.(string)
	}
	for _, r := range in.entries() {
		e := r["value"].(map[string]any)
		id, err := base64.StdEncoding.DecodeString(e["id"].(string))
		if err != nil {
			in.t.Fatal(err)
		}
		s := fmt.Sprint(hex.EncodeToString(id), " ", strings.ToLower(e["kind"].(string)), " ", name(e["rule"]), " ", name(e["version"]), " ", text(e["effectiveAt"]))
		postings, _ := e["postings"].([]any)
		for _, p := range postings {
			p := p.(map[string]any)
			s += fmt.Sprint(" ", strings.TrimSuffix(strings.ToLower(p["account"].(string)), "_points"), " ", text(p["points"]), " ", text(p["lot"]))
		}
		if x, ok := e["arithmetic"].(map[string]any); ok {
			s += fmt.Sprint(" ", text(x["desired"]), " ", text(x["awarded"]))
		}
		account := e["account"].(string)
		all[account] = append(all[account], s)
	}
	for account, n := range after {
		if all[account] = all[account][n:]; len(all[account]) == 0 {
			delete(all, account)
		}
	}
	return all
}

// counts are how many entries each account has.
func (in *installation) counts() map[string]int {
	in.t.Helper()
	n := map[string]int{}
	for account, entries := range in.ledgered(nil) {
		n[account] = len(entries)
	}
	return n
}

// given are the dead letters of the pipeline, in the words of simulation.letters.
func (in *installation) given(topics ...string) []string {
	in.t.Helper()
	var all []string
	for _, topic := range topics {
		for _, r := range in.cat("dlq." + topic) {
			h := r["headers"].(map[string]any)
			all = append(all, fmt.Sprint(r["topic"], " ", h["dlq.reason"], " ", h["__dlq.errors.group"], " ", h["__dlq.errors.message"]))
		}
	}
	slices.Sort(all)
	return all
}

// byTopic feeds events so that each member's come in their order: what goes to one topic at once, then the next.
func (in *installation) byTopic(events history) {
	in.t.Helper()
	family := func(e event) string { return strings.Join(strings.Split(e["type"].(string), ".")[:2], ".") }
	for len(events) > 0 {
		n := slices.IndexFunc(events, func(e event) bool { return family(e) != family(events[0]) })
		if n < 0 {
			n = len(events)
		}
		in.feed(events[:n], "")
		events = events[n:]
	}
}

// states are all keys of Redis with their values.
func (in *installation) states() map[string]string {
	in.t.Helper()
	all := map[string]string{}
	client := in.rawRedis()
	for _, key := range client.Keys(in.t.Context(), "*").Val() {
		value, err := client.Dump(in.t.Context(), key).Result()
		if err != nil {
			in.t.Fatal(err)
		}
		all[key] = value
	}
	return all
}

// TestSimulationIsWhatThePipelineDoes: the same events through Kafka, both stages and Redis give the same entries, dead
// letters and balances, from nothing and on the states of a member; and nothing is written by the asking.
func TestSimulationIsWhatThePipelineDoes(t *testing.T) {
	in := install(t, false)
	events, want, _ := ownHistory()
	file := in.file("own.jsonl", events.text())
	s := in.simulated("--event", file, "--now", ownNow)
	if len(in.states()) != 0 {
		t.Error("a simulation wrote to Redis")
	}
	in.publish("book.yaml")
	june := in.run(ownNow, "credits,balances")
	in.byTopic(events)
	equal(t, "entries", s.entries(), in.ledgered(nil))
	equal(t, "dead letters", s.letters(), in.given("shop.orders.v1"))
	after := map[string]balance{}
	for _, step := range s.Steps {
		if b := step.After; b != nil {
			b.Member = step.Member
			after[step.Member] = *b
		}
	}
	equal(t, "balances", after, want)
	for _, c := range []struct {
		member string
		events history
	}{
		{"ben", history{
			refunded("2026-06-09 09:00:00", "ben", "B1", "R2", 10000), refunded("2026-05-30 09:00:00", "ben", "B1", "R1", 0, 45500).with("id", "R1 again"),
			paid("2026-06-09 10:00:00", "ben", "B2", line{"new", 45500}), paid("2026-06-09 10:00:00", "ben", "B2", line{"new", 45500}),
		}},
		{"fay", history{refunded("2026-06-09 09:00:00", "fay", "F0", "R10", 10000), registered("2026-06-09 10:00:00", "reg-fay", "fay")}},
		{"kim", history{paid("2026-06-09 10:00:00", "kim", "K0", line{"basic", 29900})}}, // of whom nothing is known
		{"ana", history{paid("2026-06-01 10:00:00", "ana", "late", line{"basic", 100})}},
	} {
		t.Run(c.member, func(t *testing.T) { in.asked(t, c.member, c.events, ownNow) })
	}
	if err := june.Stop(patience); err != nil {
		t.Fatal(err)
	}
	const later = "2027-07-01T12:00:00+08:00"
	booked, states := in.counts(), in.states()
	due := in.simulated("--member", "ben", "--now", later)
	clock := due.entries()
	equal(t, "states after asking about the clock", in.states(), states)
	in.run(later, "balances")
	in.await("what is due is booked", nil, func() bool { return len(in.ledgered(booked)["member:ben"]) >= len(clock["member:ben"]) })
	equal(t, "by the clock", clock, map[string][]string{"member:ben": in.ledgered(booked)["member:ben"]})
	if len(clock["member:ben"]) < 3 {
		t.Errorf("a year later only %v is due", clock)
	}
	in.audited()
}

// asked simulates events of a member on the states in Redis, sends them, and compares.
func (in *installation) asked(t *testing.T, member string, events history, now string) {
	states, booked, letters := in.states(), in.counts(), len(in.given("shop.orders.v1"))
	file := in.file("asked.json", "["+strings.Join(strings.Split(strings.TrimSpace(events.text()), "\n"), ",\n")+"]")
	s := in.simulated("--member", member, "--event", file, "--now", now)
	equal(t, "states after asking", in.states(), states)
	equal(t, "entries after asking", in.counts(), booked)
	equal(t, "known", s.States.Known, booked["member:"+member] > 0)
	in.byTopic(events)
	equal(t, "entries", s.entries(), in.ledgered(booked))
	equal(t, "dead letters", len(s.letters()), len(in.given("shop.orders.v1"))-letters)
	if b := s.Steps[len(s.Steps)-1].After; b != nil {
		b.Member = member
		equal(t, "balance", *b, in.balances(now)[member])
	}
}

// TestSimulateSaysWhatIsWrong: with the file, the rulebook, the call, and with a Redis that has no states.
func TestSimulateSaysWhatIsWrong(t *testing.T) {
	in := install(t, false)
	book := testdata(t, "book.yaml")
	events := in.file("e.jsonl", history{registered("2026-06-09 10:00:00", "r", "ana")}.text())
	broken := in.file("broken.yaml", "apiVersion: jifen/v1\nkind: Rulebook\nmetadata: {name: x}\n")
	for _, c := range []struct {
		code  int
		words []string
		args  []string
	}{
		{1, []string{"broken.yaml:3:11"}, []string{"--rules", broken, "--event", events}},
		{1, []string{"version 2024-01 is given twice"}, []string{"--rules", book, "--rules", book, "--event", events}},
		{1, []string{"no.jsonl"}, []string{"--rules", book, "--event", "no.jsonl"}},
		{1, []string{"bad.json:2:1"}, []string{"--rules", book, "--event", in.file("bad.json", "{\n]")}},
		{1, []string{`line 1: the event is one of member "ana", not of "ben"`}, []string{"--rules", book, "--event", events, "--member", "ben"}},
		{2, []string{"--event, --member or both"}, []string{"--rules", book}},
		{2, []string{"--now"}, []string{"--rules", book, "--event", events, "--now", "tomorrow"}},
		{2, []string{"rules"}, []string{"--event", events}},
		{2, []string{"want en or zh-CN"}, []string{"--rules", book, "--event", events, "--language", "fr"}},
	} {
		_, faults, code := in.call(append([]string{"simulate"}, c.args...)...)
		equal(t, strings.Join(c.args, " ")+": exit code", code, c.code)
		for _, words := range c.words {
			if !strings.Contains(faults, words) {
				t.Errorf("%v does not say %q:\n%s", c.args, words, faults)
			}
		}
	}
	in.rawRedis().FlushAll(t.Context())
	_, faults, code := in.call("simulate", "--rules", book, "--member", "ana")
	if keys := in.rawRedis().DBSize(t.Context()).Val(); keys != 0 || code != 0 || !strings.Contains(faults, "redis has nothing of the member's shard") {
		t.Errorf("on an empty Redis: exit code %d, %s, %d keys", code, faults, keys)
	}
}
