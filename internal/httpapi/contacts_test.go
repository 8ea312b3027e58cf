package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// keptWorld is what is kept of members.
type keptWorld struct {
	books   map[string][]BookAddress
	reaches map[string]Reach
	sent    map[string]Address // by member, id and body
	ratings []Rating
	read    []string
	order   []string // what was made durable, in order
}

func (w *world) Addresses(_ context.Context, member string) ([]BookAddress, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.kept.books[member]), w.fails
}

func (w *world) PutAddress(_ context.Context, member string, a BookAddress) (BookAddress, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept.books == nil {
		w.kept.books = map[string][]BookAddress{}
	}
	book := w.kept.books[member]
	if a.ID == "" {
		if len(book) == 20 {
			return a, ErrFull
		}
		a.ID = fmt.Sprint(member, "-", len(book)+1)
		w.kept.books[member] = append(book, a)
		return a, w.fails
	}
	i := slices.IndexFunc(book, func(x BookAddress) bool { return x.ID == a.ID })
	if i < 0 {
		return a, ErrNotFound
	}
	book[i] = a
	return a, w.fails
}

func (w *world) DeleteAddress(_ context.Context, member, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.kept.books[member], func(x BookAddress) bool { return x.ID == id })
	if i < 0 {
		return ErrNotFound
	}
	w.kept.books[member] = slices.Delete(w.kept.books[member], i, i+1)
	return w.fails
}

func (w *world) Reach(_ context.Context, member string) (Reach, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept.reaches[member], w.fails
}

func (w *world) SetReach(_ context.Context, member string, r Reach) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept.reaches == nil {
		w.kept.reaches = map[string]Reach{}
	}
	w.kept.reaches[member] = r
	return w.fails
}

func (w *world) KeepAddress(_ context.Context, r RedemptionRequest, a Address) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept.sent == nil {
		w.kept.sent = map[string]Address{}
	}
	w.kept.sent[r.Member+r.ID] = a
	w.kept.order = append(w.kept.order, fmt.Sprint("address before ", len(w.requests), " requests"))
	return w.fails
}

func (w *world) RedemptionAddress(_ context.Context, member, id string) (Address, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.kept.sent[member+id]
	if !ok {
		return a, ErrNotFound
	}
	return a, w.fails
}

func (w *world) AddressRead(_ context.Context, actor, member, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept.read = append(w.kept.read, actor+" "+member+" "+id)
	return w.fails
}

const oneAddress = `{"name":"王小明","phone":"+86 138-0000-0000","province":"上海市","city":"上海","district":"黄浦区","street":"南京东路 1 号","postcode":"200001","country":"CN"`

func TestAddressesAreTheMembersOwn(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	if got := s.get("/v1/me/addresses", tok).expect(t, 200, "").body; !strings.Contains(got, `"addresses":[]`) {
		t.Errorf("%s", got)
	}
	a := s.send(http.MethodPost, "/v1/me/addresses", tok, oneAddress+`,"default":true}`).expect(t, 201, "")
	id := a.json(t)["id"].(string)
	if a.header.Get("Location") != "/v1/me/addresses/"+id || a.json(t)["default"] != true || a.json(t)["street"] != "南京东路 1 号" {
		t.Errorf("%s at %s", a.body, a.header.Get("Location"))
	}
	s.send(http.MethodPut, "/v1/me/addresses/"+id, tok, strings.Replace(oneAddress, "200001", "200002", 1)+"}").expect(t, 200, "")
	if got := s.get("/v1/me/addresses", tok).expect(t, 200, "").body; !strings.Contains(got, "200002") {
		t.Errorf("%s", got)
	}
	other := s.token("m2", RoleMember)
	s.send(http.MethodPut, "/v1/me/addresses/"+id, other, oneAddress+"}").expect(t, 404, "not_found")
	s.send(http.MethodDelete, "/v1/me/addresses/"+id, other, "").expect(t, 404, "not_found")
	s.send(http.MethodDelete, "/v1/me/addresses/"+id, tok, "").expect(t, 204, "")
	for range 20 {
		s.send(http.MethodPost, "/v1/me/addresses", tok, oneAddress+"}").expect(t, 201, "")
	}
	s.send(http.MethodPost, "/v1/me/addresses", tok, oneAddress+"}").expect(t, 409, "too_many_addresses")
	s.get("/v1/me/addresses", s.token("ann", RoleSupport)).expect(t, 403, "forbidden")
}

// TestAddressesThatCannotBeRightSayWhere: every field at once, in both languages.
func TestAddressesThatCannotBeRightSayWhere(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	const bad = `{"name":" ","phone":"call me","city":"上海","street":"a\u0007b","postcode":"a;b","country":"XX"}`
	a := s.send(http.MethodPost, "/v1/me/addresses", tok, bad, "Accept-Language", "en").expect(t, 422, "invalid")
	for _, want := range []string{"body.name", "body.phone", "body.street", "body.postcode", "body.country", "two letters of ISO 3166"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
	if a := s.send(http.MethodPost, "/v1/me/addresses", tok, bad); !strings.Contains(a.body, "不是电话号码") {
		t.Errorf("%s", a.body)
	}
	for _, country := range []string{"cn", "CHN", "C", "ZZ", "EU", "中国"} {
		s.send(http.MethodPost, "/v1/me/addresses", tok, strings.Replace(oneAddress, `"CN"`, `"`+country+`"`, 1)+"}").expect(t, 422, "invalid")
	}
	s.send(http.MethodPost, "/v1/me/addresses", tok, oneAddress+`,"planet":"earth"}`).expect(t, 422, "invalid")
	s.send(http.MethodPost, "/v1/me/addresses", tok, strings.Replace(oneAddress, "王小明", strings.Repeat("王", 61), 1)+"}").expect(t, 422, "invalid")
}

func TestHowAMemberIsReached(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	if got := s.get("/v1/me/contact", tok).expect(t, 200, "").body; !strings.Contains(got, `"language":"zh-CN"`) || !strings.Contains(got, `"channels":[]`) {
		t.Errorf("%s", got)
	}
	put := func(body string) answer { return s.send(http.MethodPut, "/v1/me/contact", tok, body) }
	put(`{"email":"a@b.cn","phone":"13800000000","language":"en","channels":["sms","email","sms"]}`).expect(t, 200, "")
	if got := s.get("/v1/me/contact", tok).expect(t, 200, "").body; !strings.Contains(got, `["email","sms"]`) {
		t.Errorf("%s", got)
	}
	put(`{"email":"nobody","language":"en","channels":[]}`).expect(t, 422, "invalid")
	put(`{"language":"fr","channels":[]}`).expect(t, 422, "invalid")
	put(`{"language":"en","channels":["pigeon"]}`).expect(t, 422, "invalid")
	put(`{"language":"en","channels":["sms"]}`).expect(t, 422, "invalid")
}

// TestWhatIsSentNeedsAnAddress: it is durable before the redemption is asked for, and part of what the key stands for.
func TestWhatIsSentNeedsAnAddress(t *testing.T) {
	s := serve(t)
	s.catalog["mug"] = Item{ID: "mug", Kind: "physical", BasePrice: 1, OnSale: true, Free: 100, ItemDetails: ItemDetails{Fulfilment: "shipping"}}
	s.balances["m2"] = Balance{Member: "m2", Available: 5, Known: true}
	order := func(key, address string) answer {
		return s.redeem("m1", key, `{"item":"mug","quantity":1`+address+`}`)
	}
	order("k", "").expect(t, 422, "address_required")
	order("k", `,"address":{"name":"x"}`).expect(t, 422, "invalid")
	order("k", `,"address":{"id":"none"}`).expect(t, 422, "invalid")
	order("k", `,"address":{"id":"none","name":"x"}`).expect(t, 422, "invalid")
	if len(s.requests) != 0 || len(s.kept.sent) != 0 {
		t.Fatalf("%d requests, %d addresses", len(s.requests), len(s.kept.sent))
	}
	a := order("k", `,"address":`+oneAddress+`}`).expect(t, 201, "")
	order("k", `,"address":`+oneAddress+`}`).expect(t, 201, "")
	order("k", `,"address":`+strings.Replace(oneAddress, "200001", "200002", 1)+`}`).expect(t, 422, "idempotency_conflict")
	order("k", "").expect(t, 422, "idempotency_conflict")
	if got := fmt.Sprint(s.kept.order, s.requests[0].Address); got != "[address before 0 requests] true" {
		t.Error(got)
	}
	s.send(http.MethodPost, "/v1/me/addresses", s.token("m1", RoleMember), oneAddress+"}").expect(t, 201, "")
	order("k2", `,"address":{"id":"m1-1"}`).expect(t, 201, "")
	s.redeem("m2", "k3", `{"item":"mug","quantity":1,"address":{"id":"m1-1"}}`).expect(t, 422, "invalid")

	path := "/v1/redemptions/" + a.json(t)["id"].(string) + "/address"
	if got := s.get(path, s.token("m1", RoleMember)).expect(t, 200, ""); got.json(t)["street"] != "南京东路 1 号" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s %v", got.body, got.header)
	}
	s.get(path, s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get(path+"?member=m1", s.token("m2", RoleMember)).expect(t, 404, "not_found")
	s.get(path, s.token("max", RoleMerchant)).expect(t, 422, "invalid")
	s.get(path+"?member=m1", s.token("sue", RoleSupport)).expect(t, 403, "forbidden")
	if len(s.kept.read) != 0 {
		t.Errorf("audited %v", s.kept.read)
	}
	s.get(path+"?member=m1", s.token("max", RoleMerchant)).expect(t, 200, "")
	if len(s.kept.read) != 1 || !strings.HasPrefix(s.kept.read[0], "max m1 r-") {
		t.Errorf("audited %v", s.kept.read)
	}
}
