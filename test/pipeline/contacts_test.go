package pipeline_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"jifen/internal/httpapi"
	"jifen/internal/vault"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// secrets are what only their member and who sends goods to them may read.
var secrets = []string{"Secretname", "139 9999 8888", "Hidden Lane", "nobody@hidden.example", "137 7777 6666", "Elsewhere Road"}

const (
	homeAddress  = `{"name":"Wang Secretname","phone":"+86 139 9999 8888","city":"上海","street":"Hidden Lane 77","country":"CN"`
	otherAddress = `{"name":"Wang Secretname","phone":"137 7777 6666","city":"上海","street":"Elsewhere Road 5","country":"CN"}`
)

// everything is all that the topics hold, from their starts, committed or not, dead letters too.
func (in *installation) everything() (all []*kgo.Record) {
	in.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(in.kafka().Brokers...))
	if err != nil {
		in.t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(in.t.Context())
	if err != nil {
		in.t.Fatal(err)
	}
	ends, err := admin.ListEndOffsets(in.t.Context())
	if err != nil {
		in.t.Fatal(err)
	}
	from, left := map[string]map[int32]kgo.Offset{}, map[string]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		start, _ := starts.Lookup(o.Topic, o.Partition)
		if start.Offset >= o.Offset {
			return
		}
		if from[o.Topic] == nil {
			from[o.Topic] = map[int32]kgo.Offset{}
		}
		from[o.Topic][o.Partition] = kgo.NewOffset().At(start.Offset)
		left[fmt.Sprint(o.Topic, "/", o.Partition)] = o.Offset
	})
	reader, err := kgo.NewClient(kgo.SeedBrokers(in.kafka().Brokers...), kgo.ConsumePartitions(from), kgo.FetchIsolationLevel(kgo.ReadUncommitted()), kgo.KeepControlRecords())
	if err != nil {
		in.t.Fatal(err)
	}
	defer reader.Close()
	ctx, cancel := context.WithTimeout(in.t.Context(), patience)
	defer cancel()
	for len(left) > 0 {
		fetches := reader.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			in.t.Fatalf("%v: left %v", err, left)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			place := fmt.Sprint(r.Topic, "/", r.Partition)
			if r.Offset+1 >= left[place] {
				delete(left, place)
			}
			if !r.Attrs.IsControl() {
				all = append(all, r)
			}
		})
	}
	return all
}

// clear are the records in which a secret can be read.
func clear(all []*kgo.Record) (places []string) {
	for _, r := range all {
		text := string(r.Key) + string(r.Value)
		for _, h := range r.Headers {
			text += string(h.Value)
		}
		for _, s := range secrets {
			if strings.Contains(text, s) {
				places = append(places, fmt.Sprint(s, " in ", r.Topic, "/", r.Offset))
			}
		}
	}
	return places
}

// compacted leaves of ratings, which are not sealed, what compaction leaves: the last of each key.
func compacted(all []*kgo.Record) (left []*kgo.Record) {
	last := map[string]*kgo.Record{}
	for _, r := range all {
		if r.Topic == topics.Ratings {
			last[string(r.Key)] = r
		}
	}
	for _, r := range all {
		if r.Topic != topics.Ratings || last[string(r.Key)] == r {
			left = append(left, r)
		}
	}
	return left
}

// opened counts how many of the sealed contacts that ever stood in the topic open with the keys that are left: those that
// compaction keeps, which is the last of each, and the ring's.
func (in *installation) opened(all []*kgo.Record, mark string) (sealed, opened int) {
	in.t.Helper()
	ring, err := vault.Parse(in.vault())
	if err != nil {
		in.t.Fatal(err)
	}
	last := map[string][]byte{}
	for _, r := range all {
		if r.Topic == topics.MemberKeys {
			last[string(r.Key)] = r.Value
		}
	}
	keys := map[string]vault.Key{}
	for key, value := range last {
		_, id, ok := topics.OfPrivateKey(key)
		if !ok || len(value) == 0 {
			continue
		}
		k := &pointspb.MemberKey{}
		if err := k.UnmarshalVT(value); err != nil {
			in.t.Fatal(err)
		}
		secret, err := ring.Open(k.Sealed, []byte(key))
		if err != nil {
			in.t.Fatal(err)
		}
		if keys[id], err = vault.NewKey(id, secret); err != nil {
			in.t.Fatal(err)
		}
	}
	for _, r := range all {
		of, _, _ := topics.OfPrivateKey(string(r.Key))
		if r.Topic != topics.Contacts || len(r.Value) == 0 || of != mark {
			continue
		}
		c := &pointspb.Contact{}
		if err := c.UnmarshalVT(r.Value); err != nil {
			in.t.Fatal(err)
		}
		sealed++
		for id, k := range keys {
			k, err := k, error(nil)
			if id == c.Key {
				_, err = k.Open(c.Sealed, r.Key)
			}
			if id == c.Key && err == nil {
				opened++
			}
		}
		if _, err := ring.Open(c.Sealed, r.Key); err == nil {
			in.t.Error("the ring itself opens a contact")
		}
	}
	return sealed, opened
}

// mailing is a running installation where members redeem what is sent to them.
func mailing(t *testing.T, v *vectors) *api {
	t.Helper()
	v.running = v.run(eraseNow, "credits,balances,analytics,contacts")
	v.tell(paid("2026-06-09 10:00:00", "gone", "O1", line{"basic", 600000}), paid("2026-06-09 10:00:00", "once", "O2", line{"basic", 100000}),
		paid("2026-06-09 10:00:00", "stays", "O3", line{"basic", 100000}))
	v.must("items", "apply", v.file("items.yaml", "apiVersion: jifen/v1\nkind: Items\nitems: [{id: mug, name: {en: Mug}, kind: physical, price: 10, stock: 50}, {id: gem, name: {en: Gem}, kind: physical, price: 1000000, stock: 5}]\n"))
	return v.serve(eraseNow)
}

// fill has a member keep two addresses and how they are reached, and redeem a mug; it returns the redemption's id.
func (a *api) fill(member string) string {
	a.t.Helper()
	for i, body := range []string{homeAddress + `,"default":true}`, otherAddress} {
		status, answer := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/me/addresses", body)
		if status != http.StatusCreated || answer["default"] != (i == 0) {
			a.t.Fatalf("%d %v", status, answer)
		}
	}
	status, answer := a.call(member, httpapi.RoleMember, http.MethodPut, "/v1/me/contact", `{"email":"nobody@hidden.example","phone":"137 7777 6666","language":"en","channels":["email"]}`)
	if status != http.StatusOK {
		a.t.Fatalf("%d %v", status, answer)
	}
	id := a.get(member, "/v1/me/addresses")["addresses"].([]any)[1].(map[string]any)["id"].(string)
	return a.post(member, httpapi.RoleMember, "mug", "/v1/redemptions", fmt.Sprintf(`{"item":"mug","quantity":1,"address":{"id":%q}}`, id), http.StatusCreated)["id"].(string)
}

// kept are the addresses of a member's book, and where a redemption goes to.
func (a *api) kept(member, redemption string) (streets []string) {
	a.t.Helper()
	for _, x := range a.get(member, "/v1/me/addresses")["addresses"].([]any) {
		streets = append(streets, x.(map[string]any)["street"].(string))
	}
	if redemption != "" {
		streets = append(streets, a.get(member, "/v1/redemptions/"+redemption+"/address")["street"].(string))
	}
	return streets
}

// TestErasedMembersContactsCannotBeRead: what was kept of somebody who is erased, under both of the ids that they had, stands
// nowhere in clear, and what is left of it opens with nothing that is left.
func TestErasedMembersContactsCannotBeRead(t *testing.T) {
	v := program(t, "book.yaml", true)
	a := mailing(t, v)
	first, second := a.fill("once"), a.fill("stays")
	equal(t, "kept", a.kept("once", first), []string{"Hidden Lane 77", "Elsewhere Road 5", "Elsewhere Road 5"})
	a.refused(t, v)

	a.rated(t, v, first, second)

	v.tell(at("2026-06-10 10:00:00", "merged", topics.TypeMerged, map[string]any{"member": "gone", "from": "once"}))
	v.await("the account came", v.running, func() bool { return slices.Contains(a.kept("gone", ""), "Hidden Lane 77") })
	equal(t, "of both ids", a.kept("gone", first), []string{"Hidden Lane 77", "Elsewhere Road 5", "Elsewhere Road 5"})
	third := a.fill2("gone")
	equal(t, "of both ids", a.kept("gone", third), []string{"Hidden Lane 77", "Hidden Lane 77", "Elsewhere Road 5", "Hidden Lane 77"})
	a.readByStaff(t, v, first)

	if err := v.rawRedis().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	v.await("Redis is filled", v.running, func() bool {
		status, _ := a.call("stays", httpapi.RoleMember, http.MethodGet, "/v1/me/addresses", "")
		return status == http.StatusOK
	})
	v.tell(at("2026-06-10 10:30:00", "wake", topics.TypeSignedIn, map[string]any{"member": "gone"}), at("2026-06-10 10:30:00", "wake2", topics.TypeSignedIn, map[string]any{"member": "stays"}))
	equal(t, "after Redis was emptied", a.kept("stays", second), []string{"Hidden Lane 77", "Elsewhere Road 5", "Elsewhere Road 5"})
	for _, member := range []string{"gone", "once"} {
		if sealed, opened := v.opened(v.everything(), topics.MemberMark(member)); sealed < 2 || opened != sealed {
			t.Fatalf("before the erasure %d of %d open of %s", opened, sealed, member)
		}
	}

	v.tell(at("2026-06-10 11:00:00", "erased", topics.TypeErased, map[string]any{"member": "gone"}))
	v.await("nothing is left in Redis", v.running, func() bool {
		return len(v.inRedis(topics.MemberMark("gone"))) == 1 && len(v.inRedis(topics.MemberMark("once"))) == 1 // that they are gone
	})
	v.late("once")
	for _, path := range []string{"/v1/me/addresses", "/v1/me/contact", "/v1/redemptions/" + first + "/address"} {
		if status, answer := a.call("gone", httpapi.RoleMember, http.MethodGet, path, ""); status != http.StatusGone {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	equal(t, "low ratings", a.low(), []string(nil))
	all := v.everything()
	equal(t, "in Kafka", clear(compacted(all)), []string(nil))
	for _, member := range []string{"gone", "once"} {
		if sealed, opened := v.opened(all, topics.MemberMark(member)); sealed < 2 || opened != 0 {
			t.Errorf("%d of %d open of %s", opened, sealed, member)
		}
	}
	if sealed, opened := v.opened(all, topics.MemberMark("stays")); opened != sealed || sealed == 0 {
		t.Errorf("%d of %d open of who stays", opened, sealed)
	}
	for _, s := range secrets {
		equal(t, s+" in Redis", v.inRedis(s), []string(nil))
		equal(t, s+" in ClickHouse", v.inClickHouse(s), []string(nil))
		if log := v.running.Output() + a.server.Output(); strings.Contains(log, s) {
			t.Errorf("%s in the logs", s)
		}
	}
	equal(t, "who stays", a.kept("stays", second), []string{"Hidden Lane 77", "Elsewhere Road 5", "Elsewhere Road 5"})
	v.audited()
}

// rated: the item shows what members think of it, staff see who was not pleased, and a rating that is changed counts once.
func (a *api) rated(t *testing.T, v *vectors, first, second string) {
	t.Helper()
	rate := func(member, id, body string) {
		if status, answer := a.call(member, httpapi.RoleMember, http.MethodPut, "/v1/redemptions/"+id+"/rating", body); status != http.StatusNoContent {
			t.Fatalf("%d %v", status, answer)
		}
	}
	for member, id := range map[string]string{"once": first, "stays": second} {
		if status, _ := a.call(member, httpapi.RoleMember, http.MethodPut, "/v1/redemptions/"+id+"/rating", `{"stars":5}`); status != http.StatusConflict {
			t.Errorf("rated before it came: %d", status)
		}
		a.step(t, member, id, "shipment", `{"carrier":"sf","number":"1"}`)
		a.step(t, member, id, "delivery", "")
	}
	rate("once", first, `{"stars":5}`)
	rate("once", first, `{"stars":1,"comment":"not for Secretname"}`)
	rate("stays", second, `{"stars":4,"comment":"good"}`)
	v.await("both are shown", v.running, func() bool {
		return fmt.Sprint(a.get("stays", "/v1/items/mug/ratings")["count"]) == "2"
	})
	answer := a.get("stays", "/v1/items/mug/ratings")
	a.has(answer, "average count", "2.5", 2)
	equal(t, "low", a.low(), []string{"once 1 not for Secretname"})
}

// step is one that the merchant takes.
func (a *api) step(t *testing.T, member, id, step, body string) {
	t.Helper()
	status, answer := a.call("max", httpapi.RoleMerchant, http.MethodPost, "/v1/redemptions/"+id+"/"+step+"?member="+member, body, "Idempotency-Key", step)
	if status >= http.StatusBadRequest {
		t.Fatalf("%s: %d %v", step, status, answer)
	}
}

// low are the low ratings, as staff see them.
func (a *api) low() (all []string) {
	a.t.Helper()
	_, answer := a.call("max", httpapi.RoleMerchant, http.MethodGet, "/v1/ratings?stars_max=2", "")
	for _, x := range answer["ratings"].([]any) {
		r := x.(map[string]any)
		all = append(all, fmt.Sprint(r["member"], " ", r["stars"], " ", r["comment"]))
	}
	return all
}

// fill2 has a member keep one more address, and redeem a mug that goes there.
func (a *api) fill2(member string) string {
	a.t.Helper()
	status, answer := a.call(member, httpapi.RoleMember, http.MethodPost, "/v1/me/addresses", homeAddress+"}")
	if status != http.StatusCreated {
		a.t.Fatalf("%d %v", status, answer)
	}
	return a.post(member, httpapi.RoleMember, "mug2", "/v1/redemptions", fmt.Sprintf(`{"item":"mug","quantity":1,"address":{"id":%q}}`, answer["id"]), http.StatusCreated)["id"].(string)
}

// refused: the address of a redemption that a shard refuses goes with the refusal.
func (a *api) refused(t *testing.T, v *vectors) {
	t.Helper()
	v.ask(freeze("stays", "hold", ledger.ScopeLots, reviewBy))
	v.drained()
	before := len(v.inRedis(topics.RedemptionNames("")))
	a.post("once", httpapi.RoleMember, "early", "/v1/redemptions", `{"item":"gem","quantity":1,"address":`+homeAddress+`}}`, http.StatusConflict)
	if n := len(v.inRedis(topics.RedemptionNames(""))); n != before {
		t.Errorf("an address was kept of what was refused at once: %d, before %d", n, before)
	}
	v.ask(unfreeze("stays", "free", "hold"))
	v.drained()
}

// readByStaff: who sends the goods reads the address, and auditors know.
func (a *api) readByStaff(t *testing.T, v *vectors, redemption string) {
	t.Helper()
	status, answer := a.call("max", httpapi.RoleMerchant, http.MethodGet, "/v1/redemptions/"+redemption+"/address?member=gone", "")
	if status != http.StatusOK || answer["street"] != "Elsewhere Road 5" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = a.call("stays", httpapi.RoleMember, http.MethodGet, "/v1/redemptions/"+redemption+"/address", ""); status != http.StatusNotFound {
		t.Errorf("another member: %d %v", status, answer)
	}
	var told []string
	for _, r := range v.cat(topics.Audit) {
		if x := r["value"].(map[string]any); x["what"] == "address_read" {
			told = append(told, fmt.Sprint(x["by"], " ", x["member"], " ", x["of"]))
		}
	}
	equal(t, "audited", told, []string{"max gone " + redemption})
}

// late: what is kept of somebody who is gone already goes as it comes.
func (v *vectors) late(member string) {
	v.t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(v.kafka().Brokers...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		v.t.Fatal(err)
	}
	defer client.Close()
	value, err := (&pointspb.Contact{Key: "none", Sealed: []byte("late")}).MarshalVT()
	if err != nil {
		v.t.Fatal(err)
	}
	mark := topics.MemberMark(member)
	r := &kgo.Record{Topic: topics.Contacts, Partition: topics.Shard(topics.MemberAccount(member), shards), Key: []byte(topics.PrivateKey(mark, topics.BookName(9))), Value: value}
	if err := client.ProduceSync(v.t.Context(), r).FirstErr(); err != nil {
		v.t.Fatal(err)
	}
	v.await("what came late went", v.running, func() bool {
		var last []byte
		for _, x := range v.everything() {
			if x.Topic == r.Topic && string(x.Key) == string(r.Key) {
				last = x.Value
			}
		}
		return len(last) == 0 && len(v.inRedis(mark)) == 1
	})
}
