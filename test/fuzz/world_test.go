package fuzz_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"jifen/internal/httpapi"
)

// everyRole is what a token may say of its bearer.
var everyRole = []httpapi.Role{
	httpapi.RoleMember, httpapi.RoleStaff, httpapi.RoleSupport, httpapi.RoleOperator, httpapi.RoleAuditor, httpapi.RoleService,
	httpapi.RoleMerchant, httpapi.RoleApprover, httpapi.RoleMarketing,
}

var (
	members = []string{"m-1", "m-2", "m-3", "m-4"}
	items   = []string{"mug", "scarf", "video-month", "car-wash", "tea-set", "suite"}
)

const (
	each    = 3 // redemptions of each item and member
	address = `{"name":"陈一","phone":"13800000000","city":"上海","street":"南京路 1 号","country":"CN"}`
	reasons = `"reason":"fuzzed","evidence":"T-1"`
)

// world is what the hooks of schemathesis are told: ids that there are and whose they are, bodies that there can be, and tokens.
func (s *stack) world() string {
	s.t.Helper()
	var all, few []string
	for _, m := range members {
		all = append(all, s.token(m, everyRole...))
		for _, r := range everyRole {
			few = append(few, s.token(m, r))
		}
	}
	text, err := json.Marshal(map[string]any{
		"url": s.url, "known": s.known, "owners": s.owners, "chains": s.chains, "bodies": s.bodies(), "all": all, "few": few,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.file("world.json", string(text))
}

// bodies are good ones, of operations whose document does not say all; NEW stands for a name that nothing has yet.
func (s *stack) bodies() map[string][]any {
	s.t.Helper()
	var definitions struct{ Items []map[string]any }
	s.read("testdata/items.yaml", &definitions)
	out := map[string][]any{"POST /v1/items/{id}/codes": {"CODE-NEW\nMORE-NEW,2099-12-31\n"}}
	for _, d := range definitions.Items {
		d["id"] = "NEW"
		out["POST /v1/items"] = append(out["POST /v1/items"], d)
	}
	for operation, body := range map[string]string{
		"PATCH /v1/items/{id}": `{"price":250,"name":{"zh":"杯子","en":"Cup"}}`, "POST /v1/me/addresses": address, "PUT /v1/me/addresses/{id}": address,
		"PUT /v1/me/contact": `{"email":"a@shop.example","phone":"13800000000","language":"en","channels":["email"]}`,
		"PUT /v1/settings":   `{"name":{"zh":"商店","en":"Shop"},"colours":{"primary":"#112233","accent":"#445566"},"contact":{},"stores":[]}`,
		"POST /v1/redemptions/{id}/returns/{return}/inspection": `{"accept":true,"restock":true}`,
		"POST /v1/retro-runs": `{"version":"1","from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","why":"T-2"}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			s.t.Fatal(err)
		}
		out[operation] = append(out[operation], v)
	}
	return out
}

func (s *stack) read(file string, into any) string {
	s.t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// fill makes something of every kind that a path can name.
func (s *stack) fill() {
	s.t.Helper()
	s.must("items", "apply", "testdata/items.yaml")
	var codes strings.Builder
	for i := range 500 {
		fmt.Fprintf(&codes, "FUZZ-%04d\n", i)
	}
	s.must("items", "codes", "video-month", s.file("codes.csv", codes.String()))
	s.known["item"], s.known["member"], s.known["version"] = items, members, []string{"1"}
	s.known["source"], s.known["lines"] = []string{"/shops/sh01"}, []string{"1:10000", "1:1"}
	s.known["rulebook"] = []string{s.read("testdata/book.yaml", new(any))}
	s.must("produce", s.file("events.jsonl", s.orders()))
	for i, m := range members {
		s.owners[m] = i
		s.await(m+" has points", func() bool {
			_, answer := s.call(m, http.MethodGet, "/v1/me/balance", "", "")
			n, _ := answer["available"].(float64)
			return n >= 200_000
		})
		s.redeem(m)
		s.make("address", m, "/v1/me/addresses", address)
		review := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
		s.make("freeze", m, "/v1/members/"+m+"/freezes", `{"scope":"lots","lots":[3],"review_by":"`+review+`",`+reasons+`}`)
		s.make("adjustment", m, "/v1/members/"+m+"/adjustments", `{"points":5000,`+reasons+`}`) // waits for a second person
		s.make("retro", m, "/v1/retro-runs", `{"version":"1","from":"2026-01-01T00:00:00Z","to":"2026-02-01T00:00:00Z","why":"T-1"}`)
	}
	s.await("late events are listed", func() bool {
		_, answer := s.call(members[0], http.MethodGet, "/v1/late-events", "", "")
		s.known["late"] = nil
		for _, e := range answer["events"].([]any) {
			s.known["late"] = append(s.known["late"], e.(map[string]any)["id"].(string))
		}
		return len(s.known["late"]) == len(members)
	})
	for _, id := range s.known["late"][:2] {
		s.make("", members[0], "/v1/late-events/"+url.PathEscape(id)+"/proposal", `{"why":"T-1"}`)
	}
}

// orders are events: three orders of each member, and one that comes too late.
func (s *stack) orders() string {
	s.t.Helper()
	var events strings.Builder
	for _, m := range members {
		for i := range 4 {
			at, order := time.Now(), fmt.Sprint("O-", m, "-", i)
			if i == 3 {
				at = at.Add(-60 * 24 * time.Hour)
			} else {
				s.known["order"] = append(s.known["order"], order)
				s.owners[order] = slices.Index(members, m)
			}
			data := map[string]any{
				"order": order, "member": m, "store": "SH01", "channel": "pos", "currency": "CNY",
				"lines": []any{map[string]any{"line": "1", "sku": "A-1", "quantity": 2, "net": 20_000_000}},
			}
			event, err := json.Marshal(map[string]any{
				"specversion": "1.0", "id": "e-" + order, "source": "/shops/sh01", "type": "shop.order.paid.v1",
				"time": at.UTC().Format(time.RFC3339), "datacontenttype": "application/json", "data": data,
			})
			if err != nil {
				s.t.Fatal(err)
			}
			events.Write(append(event, '\n'))
		}
	}
	return events.String()
}

// redeem has a member redeem some of each item.
func (s *stack) redeem(member string) {
	s.t.Helper()
	for _, item := range items {
		for i := range each {
			body := fmt.Sprintf(`{"item":%q,"quantity":1,"address":%s}`, item, address)
			if item == "video-month" || item == "car-wash" || item == "suite" { // nothing is sent
				body = fmt.Sprintf(`{"item":%q,"quantity":1}`, item)
			}
			status, answer := s.call(member, http.MethodPost, "/v1/redemptions", fmt.Sprint("fill-", item, i), body)
			if id, ok := answer["id"].(string); ok && status < 300 {
				s.known["redemption"] = append(s.known["redemption"], id)
				s.owners[id] = slices.Index(members, member)
				s.after(member, item, i, "/v1/redemptions/"+id)
			} else if i == 0 {
				s.t.Fatalf("%s redeems %s: %d %v", member, item, status, answer)
			}
		}
	}
}

// after goes on with some redemptions: sent and asked to be taken back or delivered, given, complained of.
func (s *stack) after(member, item string, i int, redemption string) {
	s.t.Helper()
	switch {
	case item == "mug" && i < 2:
		s.make("", member, redemption+"/shipment", `{"carrier":"SF","number":"1"}`)
		s.make("return", member, redemption+"/returns", `{"kind":"return","quantity":1,"reason":"unwanted"}`)
	case item == "mug":
		s.make("", member, redemption+"/shipment", `{"carrier":"SF","number":"2"}`)
		s.make("", member, redemption+"/delivery", "")
	case item == "video-month" && i < 2:
		s.make("problem", member, redemption+"/problems", `{"reason":"does_not_work"}`)
	case item == "car-wash":
		s.make("", member, redemption+"/fulfilment", "")
	}
}

// make posts what has to be taken, and keeps its id, whose it is and where it stands; of a step of a redemption that is the
// newest of its list.
func (s *stack) make(kind, member, path, body string) {
	s.t.Helper()
	status, answer := s.call(member, http.MethodPost, path, "fill-"+strings.ReplaceAll(path, "/", "-"), body)
	if status >= 300 {
		s.t.Fatalf("POST %s as %s: %d %v", path, member, status, answer)
	}
	id, _ := answer["id"].(string)
	if list, ok := answer[kind+"s"].([]any); ok && len(list) > 0 {
		id = fmt.Sprint(list[len(list)-1].(map[string]any)["id"])
	}
	if kind == "" || id == "" {
		return
	}
	s.known[kind] = append(s.known[kind], id)
	s.owners[id] = slices.Index(members, member)
	for _, p := range map[string][]string{
		"return": {"/v1/redemptions/{id}/returns/{return}/inspection"}, "problem": {"/v1/redemptions/{id}/problems/{problem}/resolution"},
		"freeze":     {"/v1/members/{id}/freezes/{freeze}/release"},
		"adjustment": {"/v1/members/{id}/adjustments/{adjustment}/approve", "/v1/members/{id}/adjustments/{adjustment}/decline"},
	}[kind] {
		s.chains[p] = append(s.chains[p], map[string]string{"id": strings.Split(path, "/")[3], kind: id})
	}
}

// call asks the API as a member who is also all of the staff.
func (s *stack) call(member, method, path, key, body string) (int, map[string]any) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token(member, everyRole...))
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		s.t.Fatalf("%s %s: %d %v", method, path, res.StatusCode, err)
	}
	return res.StatusCode, answer
}
