package httpapi

import (
	"context"
	"time"
)

// TierBody is a member's tier, and what would raise or keep it.
type TierBody struct {
	Tier     string         `json:"tier"`
	Since    *time.Time     `json:"since,omitempty" doc:"Absent: from the start."`
	Metric   string         `json:"metric,omitempty" doc:"What tiers go by: spend (minor units) or paid_orders; absent: there are no tiers."`
	Value    int64          `json:"value" doc:"Of the metric, in the window that runs."`
	Currency string         `json:"currency,omitempty"`
	Next     *NextTierBody  `json:"next,omitempty" doc:"Absent at the highest tier, and where the membership system sets tiers."`
	Keep     *KeepTierBody  `json:"keep,omitempty" doc:"Absent at the lowest tier."`
	Levels   []EarningLevel `json:"levels"`
}

// NextTierBody is the tier above.
type NextTierBody struct {
	Tier    string `json:"tier"`
	From    int64  `json:"from"`
	Missing int64  `json:"missing"`
}

// KeepTierBody is what keeps the tier.
type KeepTierBody struct {
	Until   time.Time `json:"until" doc:"When it could fall."`
	Missing int64     `json:"missing" doc:"Until then; 0: it is kept."`
}

type tierOutput struct{ Body TierBody }

func (a *API) myTier(ctx context.Context, _ *struct{}) (*tierOutput, error) {
	member := caller(ctx).ID
	s, err := a.mall.Shopper(ctx, member)
	if err != nil {
		return nil, err
	}
	if s.MergedInto != "" {
		return nil, MergedError{s.MergedInto}
	}
	body := TierBody{Tier: s.Tier, Levels: []EarningLevel{}}
	x, err := a.mall.Standing(ctx, member)
	if err != nil || x == nil || s.Book == nil {
		return &tierOutput{Body: body}, err
	}
	body.Tier, body.Metric, body.Value, body.Levels = x.Tier, s.Book.Tiers.Metric, x.Value, levelsOf(s.Book)
	if body.Metric == "spend" {
		body.Currency = s.Book.Currency
	}
	if x.Since > 0 {
		body.Since = instant(time.UnixMilli(x.Since))
	}
	if x.Next != nil {
		body.Next = &NextTierBody{Tier: x.Next.ID, From: x.Next.From, Missing: x.NextMissing}
	}
	if x.KeepUntil > 0 {
		body.Keep = &KeepTierBody{Until: time.UnixMilli(x.KeepUntil).UTC(), Missing: x.KeepMissing}
	}
	return &tierOutput{Body: body}, nil
}
