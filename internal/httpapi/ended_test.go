package httpapi

import (
	"testing"
	"time"
)

// TestErasedMembersAreGone: whatever is asked of one is 410, but for what the ledger keeps, which staff may read.
func TestErasedMembersAreGone(t *testing.T) {
	s := serve(t)
	s.fails = ErrErased
	me, sue := s.token("m1", RoleMember), s.token("sue", RoleSupport)
	for _, path := range []string{"balance", "entries", "tiers", "freezes"} {
		s.get("/v1/me/"+path, me).expect(t, 410, "erased")
	}
	for _, path := range []string{"balance", "tiers", "freezes", "adjustments"} {
		s.get("/v1/members/m1/"+path, sue).expect(t, 410, "erased")
	}
	s.get("/v1/members/m1/entries", sue).expect(t, 200, "")
	s.redeem("m1", "k", `{"item":"night","quantity":1}`).expect(t, 410, "erased")
	s.get("/v1/redemptions/r", me).expect(t, 410, "erased")
	s.post("/v1/members/m1/freezes", sue, "k", oneFreeze).expect(t, 410, "erased")
	if len(s.requests)+len(s.asked) != 0 {
		t.Errorf("asked the owners for %v %v", s.requests, s.asked)
	}
}

// TestMergedMembersNameTheirNewID: what is asked of the old one is refused at once, with the id to ask for.
func TestMergedMembersNameTheirNewID(t *testing.T) {
	s := serve(t)
	b := s.balances["m1"]
	b.MergedInto = "m2"
	s.balances["m1"] = b
	a := s.send("POST", "/v1/quotes", s.token("m1", RoleMember), `{"item":"night","quantity":1}`).expect(t, 409, "merged")
	if into := a.json(t)["merged_into"]; into != "m2" {
		t.Errorf("into %v", into)
	}
	s.fails = MergedError{Into: "m2"}
	sue := s.token("sue", RoleSupport)
	for _, a := range []answer{
		s.redeem("m1", "k", `{"item":"night","quantity":1}`), s.get("/v1/redemptions/r", s.token("m1", RoleMember)),
		s.get("/v1/me/freezes", s.token("m1", RoleMember)), s.post("/v1/members/m1/adjustments", sue, "k", oneAdjust),
	} {
		if into := a.expect(t, 409, "merged").json(t)["merged_into"]; into != "m2" {
			t.Errorf("into %v: %s", into, a.body)
		}
	}
	if len(s.requests)+len(s.asked) != 0 {
		t.Errorf("asked the owners for %v %v", s.requests, s.asked)
	}
}

// TestRequestOvertakenByTheEndIsAnswered: it does not wait for a decision that nobody will keep.
func TestRequestOvertakenByTheEndIsAnswered(t *testing.T) {
	for end, want := range map[error]struct {
		status int
		code   string
	}{ErrErased: {410, "erased"}, MergedError{Into: "m2"}: {409, "merged"}} {
		s := serve(t)
		s.hold = true
		ended := time.AfterFunc(10*time.Millisecond, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.fails = end
		})
		s.redeem("m1", "k", `{"item":"night","quantity":1}`).expect(t, want.status, want.code)
		ended.Stop()
	}
}
