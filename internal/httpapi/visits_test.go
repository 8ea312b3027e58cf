package httpapi

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

// visitors is a port of visits in memory.
type visitors struct{ visits []topics.Visit }

func (v *visitors) CampaignKnown(_ context.Context, campaign string) (bool, error) {
	return campaign == "anniversary", nil
}

func (v *visitors) Visited(_ context.Context, visits []topics.Visit) error {
	v.visits = append(v.visits, visits...)
	return nil
}

func TestVisitsAreKept(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	s.send("POST", "/v1/visits", tok, `{"views":[{"page":"home"},{"page":"item","item":"night","campaign":"anniversary"}]}`).expect(t, 202, "")
	want := []topics.Visit{{Member: "m1", Page: "home", At: programNow}, {Member: "m1", Page: "item", Item: "night", Campaign: "anniversary", At: programNow}}
	if d := cmp.Diff(s.visits, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	s.send("POST", "/v1/visits", s.token("sue", RoleSupport), `{"views":[{"page":"home"}]}`).expect(t, 403, "forbidden")
}

// TestVisitsOfNothingAreRefused whole, with the place of each fault.
func TestVisitsOfNothingAreRefused(t *testing.T) {
	s := serve(t)
	tok := s.token("m1", RoleMember)
	for body, where := range map[string]string{
		`{"views":[{"page":"home"},{"page":"item","item":"none"}]}`:                 "body.views[1].item",
		`{"views":[{"page":"home","campaign":"none"}]}`:                             "body.views[0].campaign",
		`{"views":[{"page":"home","campaign":"a\nb"}]}`:                             "body.views[0].campaign",
		`{"views":[{"page":"cellar"}]}`:                                             "body.views[0].page",
		`{"views":[]}`:                                                              "body.views",
		`{"views":[` + strings.Repeat(`{"page":"home"},`, 50) + `{"page":"home"}]}`: "body.views",
		`{"views":[{"page":"home","member":"m2"}]}`:                                 "body.views[0].member",
	} {
		a := s.send("POST", "/v1/visits", tok, body).expect(t, 422, "invalid")
		if !strings.Contains(a.body, `"location":"`+where+`"`) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if len(s.visits) > 0 {
		t.Errorf("kept %v", s.visits)
	}
}

// TestVisitsNameThePagesThatThereAre: the schema of the route has them all.
func TestVisitsNameThePagesThatThereAre(t *testing.T) {
	s := serve(t)
	for _, page := range topics.VisitPages() {
		s.send("POST", "/v1/visits", s.token("m1", RoleMember), `{"views":[{"page":"`+page+`"}]}`).expect(t, 202, "")
	}
	listed := strings.SplitAfter(s.get("/openapi.json", "").body, `"ViewBody"`)[1]
	listed = listed[strings.Index(listed, `"enum":[`)+8:]
	got := strings.Split(strings.ReplaceAll(listed[:strings.Index(listed, "]")], `"`, ""), ",")
	if !slices.Equal(got, topics.VisitPages()) {
		t.Errorf("the document has %v, want %v", got, topics.VisitPages())
	}
}
