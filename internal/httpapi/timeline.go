package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Timeline reads accounts at other instants than now.
type Timeline interface {
	// BalanceAt is a balance by what was effective at AsOf and known at KnownAt (F3). Behind the program's clock it is
	// read from the history, ErrUnavailable without it; ahead of it, it is what the clock alone will make of it.
	BalanceAt(ctx context.Context, member string, at Instants) (Balance, error)
	// Expiries is what the clock alone will do to the account up to an instant.
	Expiries(ctx context.Context, member string, until time.Time) (Calendar, error)
}

// Instants are what a balance is asked for: by effective time and by time of recording.
type Instants struct{ AsOf, KnownAt time.Time }

// Calendar is what expires and what becomes available, soonest first, up to Until; points.
type Calendar struct {
	Member      string
	AsOf, Until time.Time
	Expiries    []Expiry
	Activations []Activation
	Awaiting    int64 // pending until orders are completed
	Lasting     int64 // neither of these: they expire after Until, or never
	Debt        int64 // left at Until
	Stale       bool
}

// Activation is what becomes spendable at one instant, debt paid.
type Activation struct {
	Points   int64
	ActiveAt time.Time
}

// horizonYears is how far ahead of the program's clock a balance may be asked for.
const horizonYears = 10

// ExpiriesBody is a calendar.
type ExpiriesBody struct {
	Member             string           `json:"member"`
	AsOf               time.Time        `json:"as_of"`
	Until              time.Time        `json:"until" doc:"What happens before this instant is listed."`
	Expiries           []DatedBody      `json:"expiries" doc:"Soonest first."`
	Activations        []ActivationBody `json:"activations" doc:"Pending points that become available by the clock, soonest first; what repays debt is taken off."`
	AwaitingCompletion int64            `json:"awaiting_completion" doc:"Pending until their orders are completed."`
	Lasting            int64            `json:"lasting" doc:"Points that expire later, or never."`
	Debt               int64            `json:"debt" doc:"Owed when all this has happened."`
	Stale              bool             `json:"stale,omitempty" doc:"True while the account is being restored and may lag."`
}

// DatedBody is what expires at one instant, with the last day on which it can be spent.
type DatedBody struct {
	Points    int64     `json:"points"`
	ExpiresAt time.Time `json:"expires_at"`
	LastDay   string    `json:"last_day" format:"date" doc:"Last day on which the points can be spent, in the program's time zone."`
}

// ActivationBody is what becomes available at one instant.
type ActivationBody struct {
	Points   int64     `json:"points"`
	ActiveAt time.Time `json:"active_at"`
}

type (
	instantsInput struct {
		AsOf    time.Time `query:"as_of" doc:"The balance at this instant (RFC 3339): by what was effective then, or, ahead of the clock, by what the clock alone will do. Default: now."`
		KnownAt time.Time `query:"known_at" doc:"By what was recorded at this instant (RFC 3339), not ahead of the clock. Default: now."`
	}
	memberInstantsInput struct { // huma does not look into unexported embedded structs
		ID      string    `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		AsOf    time.Time `query:"as_of" doc:"The balance at this instant (RFC 3339): by what was effective then, or, ahead of the clock, by what the clock alone will do. Default: now."`
		KnownAt time.Time `query:"known_at" doc:"By what was recorded at this instant (RFC 3339), not ahead of the clock. Default: now."`
	}
	monthsInput struct {
		Months int `query:"months" minimum:"1" maximum:"120" default:"12" doc:"How many months ahead."`
	}
	memberMonthsInput struct {
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Months int    `query:"months" minimum:"1" maximum:"120" default:"12" doc:"How many months ahead."`
	}
	expiriesOutput struct{ Body ExpiriesBody }
)

func (a *API) timelineRoutes() {
	op := func(id, path, summary string, roles []Role, codes ...string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"members"},
			Metadata: access(roles...), Responses: a.problems(append(codes, codeForbidden, codeInvalid, codeErased)...),
		}
	}
	member := []Role{RoleMember}
	register(a, op("my-balance", "/v1/me/balance", "My balance, now or at another instant", member), func(ctx context.Context, in *instantsInput) (*balanceOutput, error) {
		b, err := a.balanceAt(ctx, caller(ctx).ID, Instants{in.AsOf, in.KnownAt})
		return balanceOf(b), err
	})
	register(a, op("member-balance", "/v1/members/{id}/balance", "A member's balance, now or at another instant (staff)", staff(), codeNotFound), func(ctx context.Context, in *memberInstantsInput) (*balanceOutput, error) {
		b, err := a.known(ctx, in.ID)
		if err == nil && (!in.AsOf.IsZero() || !in.KnownAt.IsZero()) {
			b, err = a.balanceAt(ctx, in.ID, Instants{in.AsOf, in.KnownAt})
		}
		return balanceOf(b), err
	})
	register(a, op("my-expiries", "/v1/me/expiries", "What of my points expires and becomes available when", member), func(ctx context.Context, in *monthsInput) (*expiriesOutput, error) {
		return a.expiries(ctx, caller(ctx).ID, in.Months)
	})
	register(a, op("member-expiries", "/v1/members/{id}/expiries", "What of a member's points expires and becomes available when (staff)", staff(), codeNotFound), func(ctx context.Context, in *memberMonthsInput) (*expiriesOutput, error) {
		if _, err := a.known(ctx, in.ID); err != nil {
			return nil, err
		}
		return a.expiries(ctx, in.ID, in.Months)
	})
}

// balanceAt is a balance now, where no instant is named, or at those that are.
func (a *API) balanceAt(ctx context.Context, member string, at Instants) (Balance, error) {
	now := a.clock()
	if at.AsOf.IsZero() && at.KnownAt.IsZero() {
		return a.accounts.Balance(ctx, member)
	}
	switch {
	case at.KnownAt.After(now):
		return Balance{}, wrong("query.known_at", "is ahead of the program's clock")
	case at.AsOf.After(now) && !at.KnownAt.IsZero():
		return Balance{}, wrong("query.known_at", "must not be given: as_of is ahead of the program's clock")
	case at.AsOf.After(now.AddDate(horizonYears, 0, 0)):
		return Balance{}, wrong("query.as_of", "is more than 10 years ahead")
	}
	if at.AsOf.IsZero() {
		at.AsOf = now
	}
	return a.timeline.BalanceAt(ctx, member, at)
}

// wrong is a fault of one input, in words that translate knows.
func wrong(location, message string) error {
	return &fault{code: codeInvalid, details: []Detail{{Location: location, Message: message}}}
}

func (a *API) expiries(ctx context.Context, member string, months int) (*expiriesOutput, error) {
	c, err := a.timeline.Expiries(ctx, member, a.clock().AddDate(0, months, 0))
	if err != nil {
		return nil, err
	}
	body := ExpiriesBody{
		Member: c.Member, AsOf: c.AsOf.UTC(), Until: c.Until.UTC(), Expiries: []DatedBody{}, Activations: []ActivationBody{},
		AwaitingCompletion: c.Awaiting, Lasting: c.Lasting, Debt: c.Debt, Stale: c.Stale,
	}
	for _, e := range c.Expiries {
		// The instant is in the program's zone: 00:00 of the day after the last one (semantics §2).
		body.Expiries = append(body.Expiries, DatedBody{e.Points, e.ExpiresAt.UTC(), e.ExpiresAt.Add(-time.Millisecond).Format(time.DateOnly)})
	}
	for _, e := range c.Activations {
		body.Activations = append(body.Activations, ActivationBody{e.Points, e.ActiveAt.UTC()})
	}
	return &expiriesOutput{Body: body}, nil
}
