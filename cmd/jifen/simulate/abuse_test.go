package simulate_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jifen/topics"
)

// TestFreezesOfAbuseRulesAreShown: the entry and why, of the event that is one too many; a device's members, too.
func TestFreezesOfAbuseRulesAreShown(t *testing.T) {
	c := config(t)
	c.Books[0].Abuse = []topics.AbuseRule{
		{ID: "many-reviews", On: topics.TypeReviewPublished, MoreThan: 2, Within: time.Hour, Freeze: topics.FreezeLots, Review: 14},
		{ID: "one-device", Shared: topics.SharedDevice, MoreThan: 1, Within: time.Hour, Freeze: topics.FreezeAccount, Review: 14},
	}
	var events []topics.Event
	for i := range 3 {
		events = append(events, topics.Event{
			Source: "/s", ID: fmt.Sprint("v", i), Type: topics.TypeReviewPublished, Time: now.Add(-time.Minute),
			Data: topics.Data{Member: "ana", Review: fmt.Sprint(i), Order: "O", Line: fmt.Sprint(i), SKU: "S", Rating: 5, Length: 20},
		})
	}
	for _, m := range []string{"ana", "ben"} {
		events = append(events, topics.Event{Source: "/s", ID: m, Type: topics.TypeSignedIn, Time: now.Add(-time.Minute), Data: topics.Data{Member: m, Device: "phone"}})
	}
	r := run(t, c, events...)
	kinds := func(i int) (all []string) {
		for _, e := range r.Steps[i].Entries {
			all = append(all, e.Kind)
		}
		return all
	}
	got := [][]string{kinds(1), kinds(2), kinds(3), kinds(4)}
	want := [][]string{{"granted"}, {"granted", "frozen"}, {"recorded", "sighted"}, {"recorded", "sighted", "frozen", "frozen"}}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("(-got +want):\n%s", d)
	}
	if a := r.Steps[2].After; a.Available != 0 || a.Frozen != 60 {
		t.Errorf("after: %+v", a)
	}
	var out bytes.Buffer
	r.Table(&out, c.Books)
	for _, want := range []string{
		"frozen   many-reviews  available -60, frozen +60 ", "60 points frozen (by abuse rule many-reviews, until people have looked at it; open to appeal)",
		"account frozen: points cannot be spent (by abuse rule one-device, until people have looked at it; open to appeal)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
