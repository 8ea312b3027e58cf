package pipeline_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"jifen/internal/httpapi"
	"jifen/internal/testkit"
)

const raceNow = "2026-03-03T12:00:00+08:00"

// items loads items, each {"id", "price", "stock", …}.
func (in *installation) items(specs ...map[string]any) {
	in.t.Helper()
	for _, i := range specs {
		i["name"] = map[string]string{"zh": "礼品", "en": "Gift"}
		if i["kind"] == nil {
			i["kind"] = "service"
		}
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "jifen/v1", "kind": "Items", "items": specs}) // JSON is YAML
	if err != nil {
		in.t.Fatal(err)
	}
	in.must("items", "apply", in.file("items.yaml", string(text)))
	in.drained()
}

// stock is what the entries of an item come to: free, reserved and sold units.
func (in *installation) stock(item string) string {
	in.t.Helper()
	sums := map[string]int64{}
	for _, r := range in.entries() {
		e := r["value"].(map[string]any)
		facts, ok := e["item"].(map[string]any)
		if !ok || e["account"] != "item:"+item {
			continue
		}
		for _, name := range []string{"free", "reserved", "sold"} {
			var n int64
			if v, ok := facts[name]; ok {
				if _, err := fmt.Sscan(fmt.Sprint(v), &n); err != nil {
					in.t.Fatal(err)
				}
			}
			sums[name] += n
		}
	}
	return fmt.Sprintf("%d free, %d reserved, %d sold", sums["free"], sums["reserved"], sums["sold"])
}

// answered is an answer to a redemption.
type answered struct {
	status int
	code   string
	body   string
}

// redeem asks for one unit of an item under a key, again until it is decided.
func (a *api) redeem(member, key, item string) (answered, error) {
	return a.redeemed(member, key, fmt.Sprintf(`{"item":%q,"quantity":1}`, item))
}

// redeemed asks for a redemption under a key, again until it is decided.
func (a *api) redeemed(member, key, body string) (got answered, err error) {
	token, err := a.issuer.Token(member, time.Hour, httpapi.RoleMember)
	if err != nil {
		return got, err
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.url+"/v1/redemptions", strings.NewReader(body))
		if err != nil {
			return got, err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		if got, err = read(r); err != nil || got.status != http.StatusAccepted && got.status != http.StatusServiceUnavailable {
			return got, err
		}
	}
	return got, fmt.Errorf("never decided: %+v", got)
}

func read(r *http.Request) (got answered, err error) {
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return got, err
	}
	var problem struct{ Code string }
	err = json.Unmarshal(text, &problem)
	return answered{res.StatusCode, problem.Code, string(text)}, err
}

// parallel asks n times at once and counts the answers.
func (a *api) parallel(n int, ask func(i int) (member, key, item string)) (map[string]int, []answered) {
	a.t.Helper()
	answers := make([]answered, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			var err error
			if answers[i], err = a.redeem(ask(i)); err != nil {
				a.t.Error(err)
			}
		})
	}
	all.Wait()
	counts := map[string]int{}
	for _, x := range answers {
		counts[fmt.Sprint(x.status, x.code)]++
	}
	return counts, answers
}

// raceVectors are those of redemptions that come at once, over HTTP (§5).
func raceVectors(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock(raceNow)
	v.send(paid("2026-01-02 10:00:00", "X3", "gold", line{"other", 2000000}))
	nightly := history{nights("2026-03-01 10:00:00", "X3", "X3", 30), nights("2026-03-01 10:00:00", "X5", "X5", 1)} // at gold: 6000
	for i := range 50 {
		nightly = append(nightly, nights("2026-03-01 10:00:00", fmt.Sprint("X4-", i), fmt.Sprint("X4-", i), 1))
	}
	v.send(nightly...)
	v.items(
		map[string]any{"id": "night", "price": 10000, "tier_prices": map[string]int{"silver": 8000, "gold": 6000}, "stock": 1000},
		map[string]any{"id": "last", "price": 40, "stock": 1}, map[string]any{"id": "mug", "price": 30, "stock": 100},
		map[string]any{"id": "pen", "price": 10, "stock": 100},
	)
	a := v.serve(raceNow)
	t.Run("X3", func(t *testing.T) {
		v.has(t, "X3", raceNow, balance{Available: 6000, Tier: "gold"})
		counts, _ := a.parallel(50, func(i int) (string, string, string) { return "X3", fmt.Sprint("k", i), "night" })
		equal(t, "answers", counts, map[string]int{"201": 1, "409insufficient_points": 49})
		v.drained()
		v.has(t, "X3", raceNow, balance{Tier: "gold"})
		equal(t, "stock", v.stock("night"), "999 free, 0 reserved, 1 sold")
	})
	t.Run("X4", func(t *testing.T) { lastUnit(t, v, a) })
	t.Run("X5", func(t *testing.T) {
		counts, answers := a.parallel(50, func(int) (string, string, string) { return "X5", "one", "mug" })
		equal(t, "answers", counts, map[string]int{"201": 50})
		for _, x := range answers {
			equal(t, "answer", x.body, answers[0].body)
		}
		other, err := a.redeem("X5", "one", "pen")
		if err != nil || other.status != http.StatusUnprocessableEntity {
			t.Errorf("the same key for another item: %+v, %v", other, err)
		}
		v.drained()
		v.has(t, "X5", raceNow, balance{Available: 70, Tier: "normal"})
		equal(t, "redeemed", v.postings("X5", "REDEEMED", "REDEEMED_POINTS"), []string{"30"})
		equal(t, "stock", v.stock("mug"), "99 free, 0 reserved, 1 sold")
	})
	v.audited()
}

// lastUnit is vector X4: one unit, 50 members.
func lastUnit(t *testing.T, v *vectors, a *api) {
	counts, answers := a.parallel(50, func(i int) (string, string, string) { return fmt.Sprint("X4-", i), "k", "last" })
	equal(t, "answers", counts, map[string]int{"201": 1, "409sold_out": 49})
	v.drained()
	balances := v.balances(raceNow)
	for i, x := range answers {
		want := int64(100)
		if x.status == http.StatusCreated {
			want = 60
		}
		m := fmt.Sprint("X4-", i)
		equal(t, m, balances[m], balance{Member: m, Available: want, Tier: "normal"})
	}
	equal(t, "stock", v.stock("last"), "0 free, 0 reserved, 1 sold")
}

// points are where a stage can be killed with -9 (internal/kafka, failpoint).
var points = []string{"after_poll", "after_produce", "before_commit", "after_commit", "after_apply"}

// deadly starts credits alone, or an owner that evaluates itself, so that it kills itself at a point, the first time that it
// comes by.
func (v *vectors) deadly(now, stage, point string) *testkit.Program {
	v.t.Helper()
	stages := "credits"
	if stage == "owner" {
		stages = "credits,balances"
	}
	return testkit.Run(v.t, append(v.env, "JIFEN_PROGRAM_NOW="+now, "JIFEN_FAILPOINT="+stage+":"+point+":1"), testkit.Binary(v.t, "failpoints"), "run", "--stages", stages)
}

// gone waits until the program has ended by itself.
func (v *vectors) gone(p *testkit.Program, what string) {
	v.t.Helper()
	select {
	case <-p.Done():
	case <-time.After(patience):
		v.t.Fatalf("nobody died at %s", what)
	}
	v.t.Logf("died at %s", what)
}

// killVectors are those of owners and credits killed with -9 (§5, §6).
func killVectors(t *testing.T) {
	t.Run("K2", func(t *testing.T) {
		calm, shaken := program(t, "book.yaml", false), program(t, "book.yaml", false)
		calm.clock(raceNow)
		var sent int
		for _, stage := range []string{"credits", "owner"} {
			for _, point := range points {
				h := unrest(sent)
				sent++
				calm.feed(h, "vectors")
				p := shaken.deadly(raceNow, stage, point)
				shaken.must("produce", shaken.file("events.jsonl", h.text()), "--backfill", "vectors")
				shaken.gone(p, stage+" "+point)
			}
		}
		shaken.clock(raceNow)
		shaken.drained()
		equal(t, "entries", shaken.entryIDs(), calm.entryIDs())
		equal(t, "balances", shaken.balances(raceNow), calm.balances(raceNow))
		shaken.audited()
	})
	t.Run("X11", killedRedemption)
}

// unrest is some of a history, of one topic, as topics are read beside each other in no order: orders, their returns, and
// something that comes twice.
func unrest(n int) history {
	m, o := fmt.Sprint("m", n%4), fmt.Sprint("O", n)
	twice := paid("2026-03-02 12:00:00", m, "t"+o, line{"basic", 30000})
	return history{
		paid("2026-03-02 10:00:00", m, o, line{"basic", 29900}, line{"new", 45500}), refunded("2026-03-02 11:00:00", m, o, o, 0, 45500),
		twice, twice, paid("2026-03-02 12:00:00", fmt.Sprint("n", n%3), "n"+o, line{"basic", 100000}),
	}
}

// killedRedemption is vector X11: the owner of all shards dies after each of its commits, so that each of the three decisions
// is the last of somebody; and before each, so that each is made again.
func killedRedemption(t *testing.T) {
	v := program(t, "book.yaml", false)
	v.clock(raceNow)
	v.send(nights("2026-03-02 10:00:00", "a", "ana", 1), nights("2026-03-02 10:00:00", "b", "ben", 1))
	v.items(map[string]any{"id": "mug", "price": 30, "stock": 5})
	a := v.serve(raceNow)
	v.stop()
	for n, member := range []string{"ana", "ben"} {
		point := []string{"after_commit", "before_commit"}[n]
		status, answer := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/redemptions", `{"item":"mug","quantity":1}`, "Idempotency-Key", "k")
		equal(t, "nobody decides", status, http.StatusAccepted)
		kills := 0
		for ; kills < 3; kills++ {
			v.gone(v.deadly(raceNow, "owner", point), "owner "+point)
			if point == "before_commit" {
				equal(t, "undone", len(v.booked(member, "REDEEMED")), 0)
			}
		}
		v.clock(raceNow)
		v.drained()
		got, err := a.redeem(member, "k", "mug")
		if err != nil || got.status != http.StatusCreated || !strings.Contains(got.body, answer["id"].(string)) {
			t.Errorf("%s: %+v, %v; first %v", member, got, err, answer)
		}
		equal(t, "redeemed", v.postings(member, "REDEEMED", "REDEEMED_POINTS"), []string{"30"})
		v.has(t, member, raceNow, balance{Available: 70, Tier: "normal"})
		equal(t, "stock", v.stock("mug"), fmt.Sprintf("%d free, 0 reserved, %d sold", 4-n, 1+n))
		v.stop()
	}
	v.audited()
}
