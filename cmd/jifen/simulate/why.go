package simulate

import (
	"cmp"
	"fmt"
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
	case e.Kind == pointspb.Kind_FORGOTTEN:
		parts[0] = s.pick("超过保存期的订单和事件标识被清除", "orders and event ids past their horizon are forgotten")
	case e.Kind == pointspb.Kind_RECORDED && e.Arithmetic == nil && e.Version == "":
		parts = append(parts, s.pick("事件发生时没有生效的规则", "no rulebook was in force at its time"))
	case e.Kind == pointspb.Kind_RECORDED && e.Arithmetic == nil:
		parts = append(parts, s.pick("没有适用的规则", "no rule of "+e.Version+" applies"))
	case e.Kind == pointspb.Kind_REVERSED:
		parts = append(parts, s.reversal(e)...)
	}
	return strings.Join(parts, s.pick("；", "; "))
}

// reversal spells what a clawback is made of: what is kept would earn so much, so much was taken back before, and where
// the points come from (semantics §4).
func (s *simulation) reversal(e *pointspb.Entry) []string {
	x := e.Arithmetic
	parts := []string{
		s.pick(fmt.Sprintf("规则 %s（版本 %s）", e.Rule, e.Version), fmt.Sprintf("rule %s (version %s)", e.Rule, e.Version)),
		s.pick(fmt.Sprintf("保留部分应得 %d 分", x.GetKeptPoints()), fmt.Sprintf("what is kept earns %d", x.GetKeptPoints())),
	}
	if n := x.GetReversedBefore(); n > 0 {
		parts = append(parts, s.pick(fmt.Sprintf("此前已收回 %d 分", n), fmt.Sprintf("%d were taken back before", n)))
	}
	for _, p := range e.Postings {
		n := -p.Points
		switch p.Account {
		case pointspb.Account_PENDING, pointspb.Account_AVAILABLE, pointspb.Account_FROZEN_POINTS:
			parts = append(parts, s.pick(fmt.Sprintf("批次 %d 扣 %d 分", p.Lot, n), fmt.Sprintf("%d from lot %d", n, p.Lot)))
		case pointspb.Account_BREAKAGE:
			parts = append(parts, s.pick(fmt.Sprintf("其中 %d 分已过期", n), fmt.Sprintf("%d had expired", n)))
		case pointspb.Account_DEBT:
			parts = append(parts, s.pick(fmt.Sprintf("记欠账 %d 分", n), fmt.Sprintf("%d as debt", n)))
		}
	}
	if x.GetDesired() > x.GetAwarded() {
		n := x.GetDesired() - x.GetAwarded()
		parts = append(parts, s.pick(fmt.Sprintf("按政策放弃 %d 分", n), fmt.Sprintf("%d are let go by the clawback policy", n)))
	}
	return parts
}

func (s *simulation) whyOf(e *pointspb.Entry) httpapi.Why {
	w := httpapi.Why{Kind: word(e.Kind.String()), Rule: e.Rule, Version: e.Version}
	w.Run, w.Undo = ledger.RetroOf(e.Cause.GetType(), e.Cause.GetId())
	if x := e.Arithmetic; x != nil {
		w.Mode, w.Points, w.Per, w.Eligible, w.Quantity = x.Mode, x.Points, x.Per, x.Eligible, x.Quantity
		w.Tier, w.TierRatio, w.CampaignRatio, w.Campaigns = x.Tier, ratioOf(x.TierMultiplier), ratioOf(x.Campaign), x.Campaigns
		w.Desired, w.Awarded, w.Holdout, w.Bound, w.Left, w.Before = x.Desired, x.Awarded, x.Holdout, x.Bound, x.Left, x.Before
		w.LessRatio, w.Budget = ratioOf(x.Less), e.Budget.GetCampaign()
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
