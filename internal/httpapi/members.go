package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// BalanceBody is a member's account.
type BalanceBody struct {
	Member       string       `json:"member"`
	Available    int64        `json:"available" doc:"Spendable now."`
	Pending      int64        `json:"pending" doc:"Not yet spendable."`
	Frozen       int64        `json:"frozen"`
	Debt         int64        `json:"debt" doc:"Owed after returns; never above 0 together with available."`
	Tier         string       `json:"tier"`
	AsOf         time.Time    `json:"as_of"`
	KnownAt      *time.Time   `json:"known_at,omitempty" doc:"By what was recorded at this instant; absent: now, or ahead of the clock."`
	NextExpiries []ExpiryBody `json:"next_expiries" doc:"Of the available points, soonest first; of frozen and pending ones, which may not expire as they stand, and of the past none."`
	MergedInto   string       `json:"merged_into,omitempty" doc:"The member that this one turned out to be; all that it had is there."`
	Stale        bool         `json:"stale,omitempty" doc:"True while the account is being restored and may lag."`
}

// ExpiryBody is what expires at one instant.
type ExpiryBody struct {
	Points    int64     `json:"points"`
	ExpiresAt time.Time `json:"expires_at"`
}

// LotBody is the part of one lot.
type LotBody struct {
	Lot       string     `json:"lot"`
	Points    int64      `json:"points"`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"Absent: never."`
}

// EntryBody is one entry of the ledger.
type EntryBody struct {
	ID          string    `json:"id"`
	Seq         uint64    `json:"seq"`
	Kind        string    `json:"kind"`
	Points      int64     `json:"points" doc:"What the entry changed in available + pending + frozen - debt."`
	Pending     int64     `json:"pending,omitempty" doc:"What it changed in pending: below 0 when pending points became available, expired or were taken back."`
	Frozen      int64     `json:"frozen,omitempty" doc:"What it changed in frozen."`
	OccurredAt  time.Time `json:"occurred_at"`
	RecordedAt  time.Time `json:"recorded_at"`
	Rule        string    `json:"rule,omitempty"`
	Version     string    `json:"version,omitempty" doc:"Version of the rulebook."`
	Explanation string    `json:"explanation" doc:"How the points came about, in the language asked for."`
	Lots        []LotBody `json:"lots"`
}

// EntriesBody is a page of a history.
type EntriesBody struct {
	Entries    []EntryBody `json:"entries" doc:"Newest first."`
	NextCursor string      `json:"next_cursor,omitempty" doc:"Absent on the last page."`
	AsOf       time.Time   `json:"as_of" doc:"Later entries may be missing."`
}

type (
	pageInput struct {
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	memberPageInput struct { // huma does not look into unexported embedded structs
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"Member id."`
		Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		Cursor string `query:"cursor" maxLength:"1024" doc:"next_cursor of the page before."`
	}
	balanceOutput struct{ Body BalanceBody }
	entriesOutput struct{ Body EntriesBody }
)

func (a *API) memberRoutes() {
	op := func(id, path, summary string, roles []Role, codes ...string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Tags: []string{"members"},
			Metadata: access(roles...), Responses: a.problems(append(codes, codeForbidden, codeErased)...),
		}
	}
	member := []Role{RoleMember}
	register(a, op("my-entries", "/v1/me/entries", "My history", member, codeInvalid, codeCursorInvalid), func(ctx context.Context, in *pageInput) (*entriesOutput, error) {
		if _, err := a.accounts.Balance(ctx, caller(ctx).ID); errors.Is(err, ErrErased) {
			return nil, err
		}
		return a.entries(ctx, caller(ctx).ID, in)
	})
	register(a, op("my-tiers", "/v1/me/tiers", "My tiers so far", member), func(ctx context.Context, _ *struct{}) (*tiersOutput, error) {
		t, err := a.accounts.Tiers(ctx, caller(ctx).ID)
		return tiersOf(t), err
	})
	register(a, op("member-tiers", "/v1/members/{id}/tiers", "A member's tiers so far (staff)", staff(), codeNotFound), a.memberTiers)
	register(a, op("member-entries", "/v1/members/{id}/entries", "A member's history (staff)", staff(), codeNotFound, codeInvalid, codeCursorInvalid), func(ctx context.Context, in *memberPageInput) (*entriesOutput, error) {
		if _, err := a.known(ctx, in.ID); err != nil && !errors.Is(err, ErrErased) { // what the ledger keeps stays
			return nil, err
		}
		return a.entries(ctx, in.ID, &pageInput{Limit: in.Limit, Cursor: in.Cursor})
	})
}

// known reads the balance of a member of whom something was booked.
func (a *API) known(ctx context.Context, member string) (Balance, error) {
	if !validID(member) {
		return Balance{}, ErrNotFound
	}
	b, err := a.accounts.Balance(ctx, member)
	if err == nil && !b.Known {
		err = ErrNotFound
	}
	return b, err
}

func balanceOf(b Balance) *balanceOutput {
	body := BalanceBody{
		Member: b.Member, Available: b.Available, Pending: b.Pending, Frozen: b.Frozen, Debt: b.Debt, Tier: b.Tier,
		AsOf: b.AsOf.UTC(), NextExpiries: []ExpiryBody{}, MergedInto: b.MergedInto, Stale: b.Stale,
	}
	if !b.KnownAt.IsZero() {
		at := b.KnownAt.UTC()
		body.KnownAt = &at
	}
	for _, e := range b.NextExpiries {
		body.NextExpiries = append(body.NextExpiries, ExpiryBody{Points: e.Points, ExpiresAt: e.ExpiresAt.UTC()})
	}
	return &balanceOutput{Body: body}
}

func (a *API) entries(ctx context.Context, member string, in *pageInput) (*entriesOutput, error) {
	var at cursor
	if in.Cursor != "" && (!a.signer.open(purposeCursor, in.Cursor, &at) || at.Member != member || at.Before == 0) {
		return nil, invalid(codeCursorInvalid, "query.cursor")
	}
	page, err := a.history.Entries(ctx, member, in.Limit+1, at.Before)
	if err != nil {
		return nil, err
	}
	body := EntriesBody{Entries: []EntryBody{}, AsOf: page.AsOf.UTC()}
	if len(page.Entries) > in.Limit {
		page.Entries = page.Entries[:in.Limit]
		if body.NextCursor, err = a.signer.sign(purposeCursor, cursor{Member: member, Before: page.Entries[in.Limit-1].Seq}); err != nil {
			return nil, err
		}
	}
	for _, e := range page.Entries {
		body.Entries = append(body.Entries, entryOf(languageIn(ctx), e))
	}
	return &entriesOutput{Body: body}, nil
}

func entryOf(l lang, e Entry) EntryBody {
	return EntryBody{
		ID: e.ID, Seq: e.Seq, Kind: strings.ToLower(e.Why.Kind), Points: e.Points, Pending: e.Why.Pending, Frozen: e.Why.Frozen, OccurredAt: e.OccurredAt.UTC(), RecordedAt: e.RecordedAt.UTC(),
		Rule: e.Why.Rule, Version: e.Why.Version, Explanation: cmp.Or(explain(l, e.Why), e.Why.Kind), Lots: lotsOf(e.Lots),
	}
}

func lotsOf(lots []LotUse) []LotBody {
	out := []LotBody{}
	for _, u := range lots {
		b := LotBody{Lot: u.Lot, Points: u.Points}
		if !u.ExpiresAt.IsZero() {
			at := u.ExpiresAt.UTC()
			b.ExpiresAt = &at
		}
		out = append(out, b)
	}
	return out
}
