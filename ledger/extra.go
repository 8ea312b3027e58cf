package ledger

import (
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// extra is what a campaign with a budget adds to an award: the part without it is booked at once, and this part once the
// campaign's shard has answered.
type extra struct {
	campaign   string
	arithmetic *pointspb.Arithmetic
	asked      int64 // what the cap leaves of arithmetic.Desired
}

// split takes off an award what a campaign with a budget adds to it. What is left explains itself without that campaign.
func (c *credit) split(x award, tier string) error {
	k := BudgetOf(x.Candidate, tier)
	if k == nil || x.arithmetic.Holdout || x.arithmetic.Desired == 0 {
		return nil
	}
	a := &x.arithmetic
	e := &extra{campaign: k.Campaign, arithmetic: copyArithmetic(a)}
	if a.Campaign, a.Campaigns = nil, k.Campaigns; ratio(k.Less) != topics.One() {
		a.Campaign = k.Less
	}
	c.limitMultiplier(a)
	base, err := Explain(a)
	if err != nil {
		return fmt.Errorf("rule %s@%s: %w", x.Rule, c.event.Version, err)
	}
	a.Desired, a.Awarded = base, base
	n := e.arithmetic.Desired - base
	if n <= 0 {
		return nil // the book's highest multiplier was reached without it
	}
	e.arithmetic.Desired, e.arithmetic.Awarded, e.asked = n, 0, n
	e.arithmetic.Less = &pointspb.Ratio{Num: ratio(a.Campaign).Num, Den: ratio(a.Campaign).Den}
	x.extra = e
	return nil
}

// BudgetOf says which of the campaigns that multiply a candidate for members of a tier has a budget; nil: none.
func BudgetOf(k *pointspb.Candidate, tier string) *pointspb.CandidateBudget {
	for _, t := range k.ByTier {
		if t.Tier == tier {
			return t.Budget
		}
	}
	return k.Budget
}

// copyArithmetic copies what explains a whole award.
func copyArithmetic(a *pointspb.Arithmetic) *pointspb.Arithmetic {
	return &pointspb.Arithmetic{
		Mode: a.Mode, Points: a.Points, Per: a.Per, Eligible: a.Eligible, Quantity: a.Quantity, Tier: a.Tier, TierMultiplier: a.TierMultiplier,
		Campaign: a.Campaign, Campaigns: a.Campaigns, Lines: a.Lines, Desired: a.Desired, Awarded: a.Awarded,
	}
}

// ask asks the campaign's shard for the extra part, in the transaction of the award; where the cap leaves nothing of it,
// that is recorded at once.
func (c *credit) ask(x award) {
	e := x.extra
	if e.asked == 0 {
		c.record(&pointspb.Entry{
			Kind: pointspb.Kind_RECORDED, Rule: x.Rule, Arithmetic: e.arithmetic, Budget: &pointspb.BudgetFacts{Campaign: e.campaign},
		})
		return
	}
	c.to(e.campaign, x.Rule, c.cause, &pointspb.Request{What: &pointspb.Request_Take{Take: &pointspb.TakeRequest{Award: &pointspb.BudgetAward{
		Account: c.event.Account, Cause: c.cause, Rule: x.Rule, Version: c.event.Version, OrderKey: c.key, By: x.By,
		Base: x.arithmetic.Awarded, Asked: e.asked, Arithmetic: e.arithmetic, Campaign: e.campaign,
	}}}})
}

// to sends a request to a campaign's shard. Its id comes from the cause, so a retry makes the same one.
func (c *credit) to(campaign, rule string, cause *pointspb.Cause, r *pointspb.Request) {
	mark := topics.MarkOf("budget", c.event.Account, cause.Source, cause.Id, rule)
	r.Account, r.Id, r.Traceparent = topics.CampaignAccount(campaign), fmt.Sprintf("%x", mark[:]), cause.Traceparent
	c.Requests = append(c.Requests, r)
}

// give gives points that a clawback took back to their budget.
func (c *credit) give(g *Grant, cause *pointspb.Cause, points int64) {
	if g.Campaign == "" || points == 0 {
		return
	}
	c.to(g.Campaign, g.Rule, cause, &pointspb.Request{What: &pointspb.Request_Give{Give: &pointspb.GiveRequest{
		Cause: cause, Rule: g.Rule, Version: g.Version, Points: points, Member: c.m.ID,
	}}})
}

// awarded books what a budget gave as a grant of its own, under the cause of its event, and takes back what returns since
// then have left without a reason.
func (d *Decision) awarded(r *pointspb.Request, q *pointspb.AwardRequest) (*Decision, error) {
	a := q.GetAward()
	member, ok := topics.MemberOf(r.Account)
	if !ok || a.GetArithmetic() == nil || a.Cause == nil {
		return d, errBudget
	}
	switch m := d.world.Member(member); {
	case m.MergedInto != "":
		return d.follows(r, a, m.MergedInto), nil
	case m.Erased != 0:
		return d.giveUp(r, a), nil
	}
	book := d.moment.Books.Version(a.Version)
	if book == nil {
		return d, fmt.Errorf("an award of a budget under version %q, which is no published one", a.Version)
	}
	d.cause = a.Cause
	c := &credit{
		Decision: d, desk: new(Desk), m: d.world.Member(member), book: book, facts: true,
		event: &pointspb.CreditEvent{Account: r.Account, Cause: a.Cause, Version: a.Version},
	}
	d.advance(c.m)
	o := c.waitingOrder(a)
	x := award{&pointspb.Candidate{Rule: a.Rule, By: a.By}, c.desk.slip()}
	c.answered(x, a)
	c.release(x, a, o)
	c.grant(x)
	if o != nil {
		return d, c.settleExtra(c.m.Order(c.key), a)
	}
	d.advance(c.m)
	return d, nil
}

// follows sends an answer on to the member that its member turned out to be.
func (d *Decision) follows(r *pointspb.Request, a *pointspb.BudgetAward, into string) *Decision {
	a.Account = topics.MemberAccount(into)
	if _, order, ok := strings.Cut(a.OrderKey, "\x1f"); ok {
		from, _ := topics.MemberOf(r.Account)
		a.OrderKey = into + "\x1f" + order + "\x1e" + from // as absorb calls one of which the other has one, too
	}
	d.request(r, a.Account, &pointspb.Request{What: &pointspb.Request_Award{Award: &pointspb.AwardRequest{Award: a}}})
	return d.refuse(Forwarded)
}

// OrderKeys are the keys that the order of an award may have: members may have been merged since, and each of those that
// they were is in the key only if the other had an order of that key, too. An id is merged once: an order whose key has
// the earlier ones is the award's, and one without them may be that of a later id.
func OrderKeys(a *pointspb.BudgetAward) []string {
	if a.GetOrderKey() == "" {
		return nil
	}
	parts := strings.Split(a.OrderKey, "\x1e")
	ends := []string{""}
	for _, from := range slices.Backward(parts[1:]) {
		with := make([]string, 0, 2*len(ends))
		for _, end := range ends {
			with = append(with, "\x1e"+from+end)
		}
		ends = append(with, ends...)
	}
	for i := range ends {
		ends[i] = parts[0] + ends[i]
	}
	return ends
}

// waitingOrder is the order of an award; nil: it has none, or it is forgotten.
func (c *credit) waitingOrder(a *pointspb.BudgetAward) *Order {
	for _, c.key = range OrderKeys(a) {
		if o := c.m.Order(c.key); o != nil && slices.Contains(o.Asked, a.Rule) {
			return o
		}
	}
	c.key = ""
	return nil
}

// answered is the award that an answer tells of. One on top of which the member would have more than can be counted is
// none, and the budget has its points again.
func (c *credit) answered(x award, a *pointspb.BudgetAward) {
	g, from := &x.arithmetic, a.Arithmetic
	x.rule = ruleNamed(c.book, a.Rule)
	g.Mode, g.Points, g.Per, g.Eligible, g.Quantity, g.Lines = from.Mode, from.Points, from.Per, from.Eligible, from.Quantity, from.Lines
	g.Tier, g.TierMultiplier, g.Campaign, g.Campaigns, g.Less = from.Tier, from.TierMultiplier, from.Campaign, from.Campaigns, from.Less
	g.Desired, g.Awarded, g.Bound, g.Left = from.Desired, from.Awarded, from.Bound, from.Left
	if c.fits([]award{x}) != nil {
		c.give(&Grant{Campaign: a.Campaign, Rule: a.Rule, Version: a.Version}, a.Cause, g.Awarded)
		g.Awarded = 0
	}
	x.budget = &pointspb.BudgetFacts{Campaign: a.Campaign, Awarded: g.Awarded}
}

// release gives the cap what the budget left of what was asked, and the limit once nothing is left of the award.
func (c *credit) release(x award, a *pointspb.BudgetAward, o *Order) {
	r, missing := x.rule, a.Asked-x.arithmetic.Awarded
	if r == nil || missing == 0 || r.Cap.Points == 0 && r.Limit.Times == 0 {
		return
	}
	var times int64
	if x.arithmetic.Awarded == 0 && !holds(o, a) {
		times = 1
	}
	all := counters(c.book, r, a.By, a.Cause.OccurredAt)
	put(r, all, missing, times)
	x.uses = c.m.negative(a.Rule, all)
}

// holds says that something is left of what the rule awarded at once.
func holds(o *Order, a *pointspb.BudgetAward) bool {
	if o == nil {
		return a.Base > 0
	}
	return slices.ContainsFunc(o.Grants, func(g Grant) bool { return g.Rule == a.Rule && g.Reversed < g.Awarded+g.Short })
}

// settleExtra does to an order's late grant what has been done to the others meanwhile: returns, and its completion.
func (c *credit) settleExtra(o *Order, a *pointspb.BudgetAward) error {
	if i := len(o.Grants) - 1; i >= 0 && a.Arithmetic.Awarded > 0 && o.Grants[i].Campaign != "" {
		if err := c.reverse(o, i, a.Cause); err != nil {
			return err
		}
		c.revoke(c.m.Order(c.key), a.Cause)
	}
	if o.Completed != 0 {
		c.completed(o)
	}
	c.advance(c.m)
	return nil
}

// whole says that with desired more taken back, and all of that taken, nothing is left of what a rule awarded to an order,
// and nothing is on its way.
func (o *Order) whole(g *Grant, desired, taken int64) bool {
	if taken != desired || g.Short != 0 || g.Reversed+desired != g.Awarded || slices.Contains(o.Asked, g.Rule) {
		return false
	}
	return !slices.ContainsFunc(o.Grants, func(other Grant) bool {
		return other.Rule == g.Rule && other.Lot != g.Lot && other.Reversed < other.Awarded+other.Short
	})
}

// asked folds that a rule's award waits for a budget, or that it has the answer.
func (o *Order) asked(e *pointspb.Entry) {
	switch {
	case e.Budget == nil || e.Kind != pointspb.Kind_GRANTED && e.Kind != pointspb.Kind_RECORDED:
	case e.Budget.Desired > 0:
		o.Asked = append(o.Asked, e.Rule)
	default:
		if i := slices.Index(o.Asked, e.Rule); i >= 0 {
			o.Asked = slices.Delete(o.Asked, i, i+1)
		}
	}
}
