package chaos_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"jifen/internal/httpapi"
)

// TestKillsOfTheAPI kills the API with -9 while redemptions and their steps stream. Whoever was cut off asks again under the
// same key: nothing happens twice, nothing that was answered is lost, and every parcel has its address.
func TestKillsOfTheAPI(t *testing.T) {
	s := start(t)
	l := s.stream(t, "api")
	const kills = 6
	for range kills {
		time.Sleep(1500 * time.Millisecond)
		s.api.kill()
		s.api.start(t, "")
	}
	time.Sleep(2 * time.Second)
	c := l.finish(t, map[string]int{"api": kills}, "kill -9 of the API")
	if c.Retried == 0 {
		t.Error("nobody was cut off")
	}
	l.addressed(t)
}

// addressed checks that the merchant reads the address of every redemption that was delivered. Who keeps addresses runs only now.
func (l *load) addressed(t *testing.T) {
	t.Helper()
	contacts := &slot{stack: l.stack, name: "contacts", args: []string{"run", "--stages", "contacts"}}
	contacts.start(t, "")
	defer contacts.stop(t)
	ctx, done := context.WithTimeout(t.Context(), 40*time.Second)
	defer done()
	for _, x := range l.lives {
		if x.plan.state != "delivered" || x.err != nil {
			continue
		}
		for {
			street, err := l.client.street(ctx, x)
			if err == nil && street == "Lane 77" {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("redemption %s of %s goes to %q: %v", x.answer.ID, x.member, street, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// street is where a redemption goes, as the merchant reads it; empty: it is not known.
func (c *client) street(ctx context.Context, x *life) (string, error) {
	req, err := http.NewRequest(http.MethodGet, c.stack.url+"/v1/redemptions/"+x.answer.ID+"/address?member="+x.member, nil)
	if err != nil {
		return "", err
	}
	status, text, err := c.do(ctx, merchant, httpapi.RoleMerchant, req)
	if err != nil || status != http.StatusOK {
		return "", err
	}
	var address struct{ Street string }
	err = json.Unmarshal(text, &address)
	return address.Street, err
}
