package pipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
)

const eraseNow = "2026-06-10T12:00:00+08:00"

// inRedis are the keys at which a text stands, in their names or in what they hold.
func (in *installation) inRedis(text string) (places []string) {
	in.t.Helper()
	ctx, c := in.t.Context(), in.rawRedis()
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		in.t.Fatal(err)
	}
	for _, key := range keys {
		var held []string
		switch kind := c.Type(ctx, key).Val(); kind {
		case "string":
			held = []string{c.Get(ctx, key).Val()}
		case "zset":
			held = c.ZRange(ctx, key, 0, -1).Val()
		case "set":
			held = c.SMembers(ctx, key).Val()
		case "hash":
			for field, value := range c.HGetAll(ctx, key).Val() {
				held = append(held, field, value)
			}
		case "none": // it was deleted since
			continue
		default:
			in.t.Fatalf("%s is a %s", key, kind)
		}
		if strings.Contains(key, text) {
			places = append(places, key)
		}
		for _, value := range held {
			if strings.Contains(value, text) {
				places = append(places, "within "+key)
			}
		}
	}
	slices.Sort(places)
	return places
}

// inClickHouse are the tables in whose texts a text stands.
func (in *installation) inClickHouse(text string) (tables []string) {
	in.t.Helper()
	columns := in.rows("SELECT table, name FROM system.columns WHERE database = 'jifen' AND table NOT LIKE 'v\\_%' AND type LIKE '%String%' ORDER BY table, name FORMAT TSV")
	if len(strings.Fields(columns)) < 20 {
		in.t.Fatalf("columns:\n%s", columns)
	}
	for line := range strings.Lines(columns) {
		table, column, _ := strings.Cut(strings.TrimSpace(line), "\t")
		n := strings.TrimSpace(in.rows(fmt.Sprintf("SELECT count() FROM jifen.`%s` WHERE position(toString(`%s`), '%s') > 0 FORMAT TSV", table, column, text)))
		if n != "0" && !slices.Contains(tables, table) {
			tables = append(tables, table)
		}
	}
	return tables
}

// tell sends events as they happen: history would lead to no coupons.
func (v *vectors) tell(events ...event) { v.feed(events, "") }

// TestErasedMemberStandsInTheLedgerAlone: of two ids that were one member nothing is left in Redis but that they were
// erased, and in ClickHouse nothing but the ledger's rows; later events do not change that, nor does a rebuild.
func TestErasedMemberStandsInTheLedgerAlone(t *testing.T) {
	const gone, once, mark = "gone-7f3a", "once-7f3a", "7f3a"
	v := program(t, "book-milestones.yaml", true)
	v.running = v.run(eraseNow, "credits,balances,analytics,coupons,messages")
	early := paid("2026-06-09 10:00:00", gone, "O1", line{"basic", 600000})
	v.tell(early, paid("2026-06-09 10:00:00", once, "O2", line{"basic", 100000}), paid("2026-06-09 10:00:00", "stays", "O3", line{"basic", 100000}),
		refunded("2026-06-09 11:00:00", gone, "O9", "early", 100))
	v.spend(gone, "r-1", 10)
	v.spend(once, "r-2", 10)
	v.spend(gone, "r-refused", 1<<40)
	v.ask(freeze(gone, "a-freeze", ledger.ScopeLots, reviewBy))
	v.tell(at("2026-06-10 10:00:00", "merged", topics.TypeMerged, map[string]any{"member": gone, "from": once}))
	v.drained()
	v.spend(once, "r-late", 10)
	v.await("ClickHouse has the events", v.running, func() bool { return len(v.inClickHouse(mark)) == 2 })
	if got := v.inRedis(mark); len(got) < 6 {
		t.Fatalf("before it stands in %v", got)
	}
	v.tell(at("2026-06-10 11:00:00", "erased", topics.TypeErased, map[string]any{"member": once}))
	v.drained()
	tombstones := []string{
		fmt.Sprintf("jifen:{%d}:m:%s", topics.Shard(topics.MemberAccount(gone), shards), gone),
		fmt.Sprintf("jifen:{%d}:m:%s", topics.Shard(topics.MemberAccount(once), shards), once),
	}
	slices.Sort(tombstones)
	check := func(what string) {
		t.Helper()
		v.drained()
		equal(t, what+": Redis", v.inRedis(mark), tombstones)
		v.await(what+": ClickHouse has forgotten", v.running, func() bool { return slices.Equal(v.inClickHouse(mark), []string{"ledger"}) })
		equal(t, what+": balances", v.balances(eraseNow), map[string]balance{"stays": {Member: "stays", Available: 1000, Tier: "normal"}})
		v.audited()
	}
	check("erased")
	_, types := v.told(2)
	equal(t, "its coupon", types, map[string][]string{topics.CouponID("coupon-5000", gone, "2026", 1): {topics.TypeCouponIssued, topics.TypeCouponRevoked}})
	v.tell(early.with("id", "again"), refunded("2026-06-10 11:30:00", once, "O2", "late", 100000),
		at("2026-06-10 11:40:00", "anew", topics.TypeRegistered, map[string]any{"member": gone}),
		at("2026-06-10 11:50:00", "erased-again", topics.TypeErased, map[string]any{"member": gone}))
	check("later events")
	var reasons []string
	for _, topic := range []string{topics.Orders, topics.Members} {
		for _, r := range v.cat(topics.DeadLetterPrefix + topic) {
			reasons = append(reasons, fmt.Sprint(r["headers"].(map[string]any)[topics.HeaderReason]))
		}
	}
	equal(t, "dead letters", reasons, []string{"ERASED", "ERASED", "ERASED"})
	if err := v.rawRedis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{gone, once, "stays"} { // each shard is rebuilt before it decides
		v.tell(at("2026-06-10 11:55:00", "and-again-"+member, topics.TypeSignedIn, map[string]any{"member": member}))
	}
	check("Redis was emptied")
	v.stop()
	v.must("rebuild")
	v.running = v.run(eraseNow, "credits,balances,analytics,coupons,messages")
	check("rebuilt")
	v.answersGone(gone)
}

// answersGone asks the API about an erased member.
func (v *vectors) answersGone(member string) {
	a := v.serve(eraseNow)
	for _, c := range []struct {
		who          string
		role         httpapi.Role
		method, path string
		body         string
		status       int
	}{
		{member, httpapi.RoleMember, http.MethodGet, "/v1/me/balance", "", 410},
		{member, httpapi.RoleMember, http.MethodGet, "/v1/me/entries", "", 410},
		{"sue", httpapi.RoleSupport, http.MethodGet, "/v1/members/" + member + "/balance", "", 410},
		{"sue", httpapi.RoleSupport, http.MethodPost, "/v1/members/" + member + "/adjustments", `{"points":5,"reason":"goodwill","evidence":"t"}`, 410},
		{"sue", httpapi.RoleSupport, http.MethodGet, "/v1/members/" + member + "/entries?limit=1", "", 200},
	} {
		status, answer := a.call(c.who, c.role, c.method, c.path, c.body, "Idempotency-Key", "k")
		if status != c.status || status == 410 && answer["code"] != "erased" {
			v.t.Errorf("%s %s: %d %v", c.method, c.path, status, answer)
		}
		if entries, ok := answer["entries"].([]any); ok {
			equal(v.t, "explained", entries[0].(map[string]any)["explanation"], any("the member was erased; 5990 of lot 1 are void; 990 of lot 2 are void"))
		}
	}
}
