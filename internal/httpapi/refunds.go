package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// ErrAmbiguous is an order id that several shops have used for the member.
var ErrAmbiguous = errors.New("orders of several sources have this id")

// Orders reads what is kept of members' orders, and decides refunds without effect.
type Orders interface {
	// Order finds a paid order of a member by the shop's id: ErrNotFound, or ErrAmbiguous where no source is named.
	Order(ctx context.Context, member, source, id string) (Order, error)
	// PreviewRefund decides a return of these lines now, on a copy of the member's states (semantics §4).
	PreviewRefund(ctx context.Context, o Order, lines []OrderLine, language string) (RefundPreview, error)
}

// Order is a paid order and what is kept of it.
type Order struct {
	Member, Source, ID string
	Lines              []OrderLine // Net: kept, minor units
	Earned             []Earned    // by its grants
}

// Earned is what a grant, known by its lot, gave for the lines of its order.
type Earned struct {
	Lot   uint32
	Lines []LinePoints
}

// OrderLine is an amount of a line, minor units.
type OrderLine struct {
	ID  string
	Net int64
}

// RefundPreview is what a return would do.
type RefundPreview struct {
	Currency      string
	Before, After Balance
	Grants        []GrantReversal
	Entries       []PreviewedEntry
	Stale         bool
}

// GrantReversal is what is taken back of one grant, and from where.
type GrantReversal struct {
	Rule, Version string
	KeptPoints    int64 // what is kept would earn
	Before        int64 // taken back before
	Desired       int64 // to be taken back now
	Taken         int64 // less, where the policy lets points go
	Sources       []Source
	Lines         []LinePoints
}

// LinePoints is what a grant gave for a line of its order (E6).
type LinePoints struct {
	Line   string `json:"line"`
	Points int64  `json:"points"`
}

// PreviewedEntry is an entry that the ledger would get.
type PreviewedEntry struct {
	Kind        string
	Points      int64
	Explanation string
}

// SidesBody is a balance beside the tier.
type SidesBody struct {
	Available int64  `json:"available"`
	Pending   int64  `json:"pending"`
	Frozen    int64  `json:"frozen"`
	Debt      int64  `json:"debt"`
	Tier      string `json:"tier"`
}

// RefundLineBody is what would be given back of a line.
type RefundLineBody struct {
	Line string `json:"line"`
	Net  int64  `json:"net" doc:"Minor units."`
	Kept int64  `json:"kept" doc:"Kept of the line afterwards, minor units."`
}

// SourceBody is what is taken from one place.
type SourceBody struct {
	Account string `json:"account" enum:"pending,available,frozen,expired,debt" doc:"expired: the points had expired already, nothing is taken; debt: the member will owe them."`
	Lot     string `json:"lot,omitempty"`
	Points  int64  `json:"points"`
}

// ReversalBody is what happens to one grant of the order.
type ReversalBody struct {
	Rule        string       `json:"rule"`
	Version     string       `json:"version" doc:"Version of the rulebook that granted."`
	KeptPoints  int64        `json:"kept_points" doc:"What the amount that is kept earns by the grant's own arithmetic."`
	TakenBefore int64        `json:"taken_before"`
	Points      int64        `json:"points" doc:"Taken back now."`
	LetGo       int64        `json:"let_go,omitempty" doc:"Not taken back, by the rulebook's clawback policy."`
	From        []SourceBody `json:"from"`
	Lines       []LinePoints `json:"lines" doc:"What the grant gave for the lines that earned it, before any return: its points by largest remainder on the lines' amounts."`
}

// PreviewedBody is an entry that the ledger would get.
type PreviewedBody struct {
	Kind        string `json:"kind"`
	Points      int64  `json:"points"`
	Explanation string `json:"explanation"`
}

// RefundPreviewBody is what a return would do.
type RefundPreviewBody struct {
	Order    string           `json:"order"`
	Source   string           `json:"source"`
	Member   string           `json:"member"`
	Currency string           `json:"currency,omitempty"`
	AsOf     time.Time        `json:"as_of"`
	Lines    []RefundLineBody `json:"lines"`
	Grants   []ReversalBody   `json:"grants"`
	Before   SidesBody        `json:"before"`
	After    SidesBody        `json:"after"`
	Entries  []PreviewedBody  `json:"entries" doc:"What the ledger would get, in this order; what the clock has made due comes first."`
	Stale    bool             `json:"stale,omitempty" doc:"True while the account is being restored and may lag."`
}

type (
	previewInput struct {
		ID     string `path:"id" minLength:"1" maxLength:"128" doc:"The shop's order id."`
		Source string `query:"source" maxLength:"256" doc:"Source of the order's event, where several shops use the same ids."`
		Lines  string `query:"lines" maxLength:"65536" doc:"line:net,... in minor units; none: all that is kept."`
		Member string `query:"member" maxLength:"128" doc:"Whose order it is; staff must say."`
	}
	previewOutput struct{ Body RefundPreviewBody }
)

func (a *API) refundRoutes() {
	register(a, huma.Operation{
		OperationID: "refund-preview", Method: http.MethodGet, Path: "/v1/orders/{id}/refund-preview", Tags: []string{"orders"},
		Summary: "What a return would do to the points, without effect", Metadata: access(append(staff(), RoleMember)...),
		Responses: a.problems(codeForbidden, codeNotFound, codeInvalid, codeOrderAmbiguous, codeFullyRefunded, codeErased),
	}, a.previewRefund)
}

func (a *API) previewRefund(ctx context.Context, in *previewInput) (*previewOutput, error) {
	member, err := ownerOf(caller(ctx), in.Member)
	if err != nil {
		return nil, err
	}
	o, err := a.orders.Order(ctx, member, in.Source, in.ID)
	if errors.Is(err, ErrAmbiguous) {
		return nil, invalid(codeOrderAmbiguous, "query.source")
	} else if err != nil {
		return nil, err
	}
	lines, err := refundedLines(&o, in.Lines)
	if err != nil {
		return nil, err
	}
	p, err := a.orders.PreviewRefund(ctx, o, lines, string(languageIn(ctx)))
	if err != nil {
		return nil, err
	}
	return &previewOutput{previewOf(&o, lines, &p)}, nil
}

// ownerOf is whose order is asked for: members ask for their own, and nobody else's is there for them.
func ownerOf(who Caller, member string) (string, error) {
	switch {
	case who.hasAny(staff()...) && member != "":
		if !validID(member) {
			return "", ErrNotFound
		}
		return member, nil
	case !who.hasAny(RoleMember):
		return "", wrong("query.member", "is needed: whose order is it?")
	case member != "" && member != who.ID:
		return "", ErrNotFound
	}
	return who.ID, nil
}

// refundedLines reads "line:net,..."; none: all that is kept. A line's id may contain colons, no commas.
func refundedLines(o *Order, text string) ([]OrderLine, error) {
	kept, known := map[string]int64{}, map[string]bool{}
	var all []OrderLine
	for _, l := range o.Lines {
		known[l.ID] = true
		if kept[l.ID] += l.Net; l.Net > 0 {
			all = append(all, l)
		}
	}
	if len(all) == 0 {
		return nil, refuse(codeFullyRefunded)
	}
	if text == "" {
		return all, nil
	}
	var lines []OrderLine
	for part := range strings.SplitSeq(text, ",") {
		colon := strings.LastIndexByte(part, ':')
		if colon < 1 {
			return nil, wrong("query.lines", fmt.Sprintf("wants line:net, not %q", part))
		}
		id, amount := part[:colon], part[colon+1:]
		net, err := strconv.ParseInt(amount, 10, 64)
		switch {
		case err != nil || net <= 0:
			return nil, wrong("query.lines", fmt.Sprintf("wants an amount above 0 in minor units, not %q", amount))
		case !known[id]:
			return nil, wrong("query.lines", fmt.Sprintf("names line %q, which the order does not have", id))
		case net > kept[id]:
			return nil, wrong("query.lines", fmt.Sprintf("wants %d of line %q, of which %d are kept", net, id, kept[id]))
		}
		kept[id] -= net
		lines = append(lines, OrderLine{id, net})
	}
	return lines, nil
}

func previewOf(o *Order, lines []OrderLine, p *RefundPreview) RefundPreviewBody {
	body := RefundPreviewBody{
		Order: o.ID, Source: o.Source, Member: o.Member, Currency: p.Currency, AsOf: p.After.AsOf.UTC(), Lines: []RefundLineBody{},
		Grants: []ReversalBody{}, Before: sidesOf(&p.Before), After: sidesOf(&p.After), Entries: []PreviewedBody{}, Stale: p.Stale,
	}
	kept := map[string]int64{}
	for _, l := range o.Lines {
		kept[l.ID] += l.Net
	}
	for _, l := range lines {
		kept[l.ID] -= l.Net
		body.Lines = append(body.Lines, RefundLineBody{l.ID, l.Net, kept[l.ID]})
	}
	for _, g := range p.Grants {
		r := ReversalBody{
			Rule: g.Rule, Version: g.Version, KeptPoints: g.KeptPoints, TakenBefore: g.Before, Points: g.Taken, LetGo: g.Desired - g.Taken, From: []SourceBody{},
			Lines: append([]LinePoints{}, g.Lines...),
		}
		for _, s := range g.Sources {
			if s.Account == "breakage" {
				s.Account = "expired"
			}
			r.From = append(r.From, SourceBody(s))
		}
		body.Grants = append(body.Grants, r)
	}
	for _, e := range p.Entries {
		body.Entries = append(body.Entries, PreviewedBody(e))
	}
	return body
}

func sidesOf(b *Balance) SidesBody {
	return SidesBody{b.Available, b.Pending, b.Frozen, b.Debt, b.Tier}
}
