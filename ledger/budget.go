package ledger

import (
	"errors"
	"fmt"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Budget is the state of a campaign's budget, on the campaign's shard (architecture: "Who decides what"). One of which
// everything was given back is as one of which nothing was ever taken.
type Budget struct {
	_        struct{} `cbor:",toarray"`
	Campaign string
	Awarded  int64 // less what clawbacks gave back
	Limit    int64 // by which the last award was decided
}

// errBudget is a request about a budget that does not say enough; those of the program's own do.
var errBudget = errors.New("request about a budget without an award")

// Check says what is wrong with a budget (I17): 0 <= awarded <= budget.
func (b *Budget) Check() error {
	if b.Awarded < 0 || b.Awarded > b.Limit {
		return fmt.Errorf("I17: campaign %s awarded %d of a budget of %d", b.Campaign, b.Awarded, b.Limit)
	}
	return nil
}

// limitOf is a campaign's budget: as the version in force says, or, where that has none for it, the version of the award.
func (d *Decision) limitOf(campaign, version string) int64 {
	for _, book := range []*topics.Rulebook{d.moment.Books.At(d.moment.Time()), d.moment.Books.Version(version)} {
		if book == nil {
			continue
		}
		if c := book.CampaignNamed(campaign); c != nil && c.Budget > 0 {
			return c.Budget
		}
	}
	return 0
}

// take gives an award what is left of the budget, never more (B2), and tells the member's shard, in the same transaction.
func (d *Decision) take(r *pointspb.Request, q *pointspb.TakeRequest) (*Decision, error) {
	id, ok := topics.CampaignOf(r.Account)
	a := q.GetAward()
	member, known := topics.MemberOf(a.GetAccount())
	if !ok || !known || a.Arithmetic == nil || a.Cause == nil || a.Asked <= 0 {
		return d, errBudget
	}
	limit := d.limitOf(id, a.Version)
	left := max(0, limit-d.world.budget(id).Awarded)
	x := a.Arithmetic
	if x.Awarded = min(a.Asked, left); x.Awarded < a.Asked {
		x.Bound, x.Left = BoundBudget, left
	}
	if x.Awarded > 0 {
		d.emit(&pointspb.Entry{
			Account: r.Account, Kind: pointspb.Kind_TAKEN, Cause: a.Cause, Rule: a.Rule, Version: a.Version,
			Budget: &pointspb.BudgetFacts{Campaign: id, Desired: a.Asked, Awarded: x.Awarded, Limit: limit, Member: member},
		})
	} else {
		d.Outcome = BudgetSpent
	}
	d.request(r, a.Account, &pointspb.Request{What: &pointspb.Request_Award{Award: &pointspb.AwardRequest{Award: a}}})
	return d, nil
}

// give takes points of a clawback back into the budget.
func (d *Decision) give(r *pointspb.Request, q *pointspb.GiveRequest) (*Decision, error) {
	id, ok := topics.CampaignOf(r.Account)
	if !ok || q.Cause == nil || q.Points <= 0 {
		return d, errBudget
	}
	d.emit(&pointspb.Entry{
		Account: r.Account, Kind: pointspb.Kind_GIVEN, Cause: q.Cause, Rule: q.Rule, Version: q.Version,
		Budget: &pointspb.BudgetFacts{Campaign: id, Awarded: -q.Points, Member: q.Member},
	})
	return d, nil
}

// foldBudget folds what an entry of the campaign's account does to its budget.
func (w *World) foldBudget(id string, e *pointspb.Entry) {
	f := e.Budget
	if f == nil {
		return
	}
	b := w.ChangeBudget(id)
	b.Awarded += f.Awarded
	if f.Awarded > 0 {
		b.Campaign, b.Limit = id, f.Limit
	}
	if b.Awarded == 0 {
		*b = Budget{}
	}
}

// ChangeBudget is a budget to be changed, made where there is none.
func (w *World) ChangeBudget(id string) *Budget {
	note(&w.budgets, id)
	return w.budget(id)
}

// ChangedBudgets are the campaigns whose budgets entries changed.
func (w *World) ChangedBudgets() map[string]struct{} { return w.budgets }

func (w *World) budget(id string) *Budget {
	b := w.Budgets[id]
	if b == nil {
		b = &Budget{}
		w.Budgets[id] = b
	}
	return b
}

// AwardOf is the award that a request asks a budget for, or brings back from it; nil: it is about none.
func AwardOf(r *pointspb.Request) *pointspb.BudgetAward {
	if q := r.GetTake(); q != nil {
		return q.Award
	}
	return r.GetAward().GetAward()
}
