package httpapi

import (
	"context"
	"time"
)

// TiersBody is the history of a member's tiers.
type TiersBody struct {
	Member string         `json:"member"`
	Tier   string         `json:"tier" doc:"Held now."`
	Tiers  []TierSpanBody `json:"tiers" doc:"Newest first; before the oldest: the lowest tier."`
	AsOf   time.Time      `json:"as_of"`
	Stale  bool           `json:"stale,omitempty" doc:"True while the account is being restored and may lag."`
}

// TierSpanBody is a tier and when it held.
type TierSpanBody struct {
	Tier string     `json:"tier"`
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty" doc:"Absent: it holds still."`
}

type (
	tiersOutput struct{ Body TiersBody }
	tiersInput  struct {
		ID string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
	}
)

func (a *API) memberTiers(ctx context.Context, in *tiersInput) (*tiersOutput, error) {
	if !validID(in.ID) {
		return nil, ErrNotFound
	}
	t, err := a.accounts.Tiers(ctx, in.ID)
	if err == nil && !t.Known {
		err = ErrNotFound
	}
	return tiersOf(t), err
}

func tiersOf(t Tiers) *tiersOutput {
	body := TiersBody{Member: t.Member, Tier: t.Tier, Tiers: []TierSpanBody{}, AsOf: t.AsOf.UTC(), Stale: t.Stale}
	var to *time.Time
	for i := len(t.Spans) - 1; i >= 0; i-- {
		from := t.Spans[i].From.UTC()
		body.Tiers = append(body.Tiers, TierSpanBody{Tier: t.Spans[i].Tier, From: from, To: to})
		to = &from
	}
	return &tiersOutput{Body: body}
}
