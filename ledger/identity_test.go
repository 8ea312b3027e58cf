package ledger

import (
	"encoding/hex"
	"testing"

	"jifen/topics/pointspb"
)

// The ids of entries stand in ledgers: they stay what they are, whatever build decides the same again. That of each kind is
// another one.
func TestIDsOfEntriesStayWhatTheyAre(t *testing.T) {
	id := func(k pointspb.Kind) string {
		d := begin(NewWorld(), Moment{}, &pointspb.Cause{Source: "/shops/sh01", Id: "e-1", OccurredAt: 1_764_230_400_000})
		e := &pointspb.Entry{Account: "member:m1", Kind: k, Rule: "base", Lot: &pointspb.Lot{Number: 3}}
		d.complete(e)
		return hex.EncodeToString(e.Id)
	}
	if got, want := id(pointspb.Kind_GRANTED), "581bfec75728f724e8ed8a5358a89eed"; got != want {
		t.Errorf("id of a grant: %s, want %s", got, want)
	}
	kinds := map[string]pointspb.Kind{}
	for _, k := range []pointspb.Kind{pointspb.Kind_RECORDED, pointspb.Kind_GRANTED, pointspb.Kind_ACTIVATED, pointspb.Kind_EXPIRED, pointspb.Kind_REVERSED} {
		if other, taken := kinds[id(k)]; taken {
			t.Errorf("%v and %v have one id", k, other)
		}
		kinds[id(k)] = k
	}
}
