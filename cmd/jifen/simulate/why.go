package simulate

import (
	"cmp"
	"strconv"
	"strings"

	"jifen/internal/httpapi"
	"jifen/ledger"
	"jifen/topics"
	"jifen/topics/pointspb"
)

// The languages of explanations, as Accept-Language calls them.
const (
	English = "en"
	Chinese = "zh-CN"
)

func (s *simulation) pick(chinese, english string) string {
	if s.Language == Chinese {
		return chinese
	}
	return english
}

// why explains an entry as the API will, and goes on where an operator wants to know more.
func (s *simulation) why(e *pointspb.Entry) string {
	parts := []string{httpapi.Explain(s.Language, s.whyOf(e))}
	switch {
	case e.Kind != pointspb.Kind_RECORDED || e.Arithmetic != nil:
	case e.Version == "":
		parts = append(parts, s.pick("事件发生时没有生效的规则", "no rulebook was in force at its time"))
	default:
		parts = append(parts, s.pick("没有适用的规则", "no rule of "+e.Version+" applies"))
	}
	return strings.Join(parts, s.pick("；", "; "))
}

func (s *simulation) whyOf(e *pointspb.Entry) httpapi.Why {
	w := httpapi.Why{Kind: word(e.Kind.String()), Rule: e.Rule, Version: e.Version}
	w.Step = ledger.StepCaused(e.Cause.GetType())
	w.Run, w.Undo = ledger.RetroOf(e.Cause.GetType(), e.Cause.GetId())
	if x := e.Arithmetic; x != nil {
		w.Mode, w.Points, w.Per, w.Eligible, w.Quantity = x.Mode, x.Points, x.Per, x.Eligible, x.Quantity
		w.Tier, w.TierRatio, w.CampaignRatio, w.Campaigns = x.Tier, ratioOf(x.TierMultiplier), ratioOf(x.Campaign), x.Campaigns
		w.Desired, w.Awarded, w.Holdout, w.Bound, w.Left, w.Before = x.Desired, x.Awarded, x.Holdout, x.Bound, x.Left, x.Before
		w.LessRatio, w.Budget = ratioOf(x.Less), e.Budget.GetCampaign()
		w.KeptPoints, w.ReversedBefore = x.KeptPoints, x.ReversedBefore
	}
	if b := s.Books.Version(e.Version); b != nil {
		w.Currency = b.Currency
		if l := e.Lot; l != nil && l.ActiveAt != 0 {
			w.ActiveAt = instant(l.ActiveAt).In(b.Zone)
		}
	}
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_PENDING:
			w.Pending += p.Points
		case pointspb.Account_FROZEN_POINTS:
			w.Frozen += p.Points
		}
		if e.Kind != pointspb.Kind_GRANTED && p.Points < 0 {
			w.Sources = append(w.Sources, httpapi.Source{Account: accountWord(p.Account), Lot: strconv.Itoa(int(p.Lot)), Points: -p.Points})
		}
	}
	switch {
	case e.Kind == pointspb.Kind_GRANTED: // its event stands above it
	case e.Order != nil:
		w.Order = e.Order.Order
	case e.Refund != nil:
		w.Order = e.Refund.Order
	case e.Completed != "":
		w.Order = e.Completed
	}
	if t := e.Tier; t != nil {
		w.FromTier, w.Tier = t.From, t.To
	}
	if x := e.Act; x != nil {
		w.Act, w.Reason, w.Refusal = cmp.Or(x.Of, x.Id), x.Reason, x.Outcome
	}
	if r := e.Redemption; r != nil {
		w.Item, w.Quantity, w.Refusal = r.Item, r.Quantity, r.Outcome
	}
	return w
}

func ratioOf(r *pointspb.Ratio) topics.Ratio {
	if r == nil {
		return topics.Ratio{}
	}
	return topics.Ratio{Num: r.Num, Den: r.Den}
}
