package ledger

import (
	"fmt"
	"slices"
	"strings"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Multiplier is the tier's times the campaigns' multiplier of an award.
func Multiplier(x *pointspb.Arithmetic) topics.Ratio {
	if x.TierMultiplier == nil && x.Campaign == nil {
		return topics.One()
	}
	return ratio(x.TierMultiplier).Mul(ratio(x.Campaign))
}

// Explain recomputes what an award would be from the arithmetic that its entry carries; of a retro run's, what it adds.
func Explain(x *pointspb.Arithmetic) (int64, error) {
	n, err := topics.Award(topics.Mode(x.Mode), x.Points, x.Per, x.Eligible, x.Quantity, Multiplier(x))
	if err != nil || x.Less == nil {
		return n - x.Before, err
	}
	less, err := topics.Award(topics.Mode(x.Mode), x.Points, x.Per, x.Eligible, x.Quantity, ratio(x.TierMultiplier).Mul(ratio(x.Less)))
	return n - less, err
}

// Credit decides what one source event does to its member: Duplicate, or entries for every rule that it met.
// An error means that the arithmetic cannot be done (RULE_ERROR); the decision then holds only what was due before.
func Credit(w *World, ev *pointspb.CreditEvent, m Moment) (*Decision, error) {
	e, err := NewEvent(ev)
	if err != nil {
		return begin(w, m, ev.Cause), err
	}
	return CreditAt(new(Desk), w, &e, &m)
}

// CreditAt is Credit at a desk, of an event whose names are known: the decision and its entries are good until the desk
// is used again. A world that lacks the event's member takes it for one of whom nothing is known.
func CreditAt(desk *Desk, w *World, ev *Event, m *Moment) (*Decision, error) {
	c := desk.clear()
	d := c.Decision
	d.Outcome, d.world, d.moment, d.cause, d.marks = Applied, w, *m, ev.Cause, ev.Marks()
	if c.m = ev.Member; c.m == nil {
		c.m = w.Member(ev.ID)
	}
	if c.m.MergedInto != "" || c.m.Erased != 0 {
		return c.ended(ev.CreditEvent)
	}
	if c.m.saw(d.marks) {
		return d.refuse(Duplicate), nil
	}
	c.event, c.key, c.book = ev.CreditEvent, ev.OrderKey, m.Books.Version(ev.Version)
	if c.book == nil && len(ev.Candidates) > 0 {
		return d, fmt.Errorf("candidates under version %q, which is no published one", ev.Version)
	}
	switch {
	case ev.MergedFrom != "":
		c.merge()
		return d, nil
	case ev.Erased:
		return d.erase(c.m, ev.Cause.OccurredAt), nil
	case ev.Refund != nil:
		return d, c.refund()
	case ev.Completed != "":
		c.complete()
		return d, nil
	case ev.Review != nil && ev.Review.Removed:
		return d, c.remove()
	case ev.Review != nil:
		if done, err := c.published(ev.Purchase); done {
			return d, err
		}
	case ev.Order != nil:
		if o := c.m.Order(c.key); o != nil {
			if o.Paid {
				return d.refuse(Duplicate), nil
			}
			c.waiting, c.finished, c.reviews = o.Early, o.Completed, o.Reviews
		}
	}
	err := c.award()
	if c.key != "" {
		w.Packing.pack(c.m, c.key)
	}
	return d, err
}

// credit is one event's decision under way.
type credit struct {
	*Decision
	desk  *Desk
	event *pointspb.CreditEvent
	m     *Member
	book  *topics.Rulebook
	key   string // order key
	facts bool   // the facts have been put on an entry
	// waiting are the refunds that came before this order.
	waiting  []Refund
	finished int64    // when this order was completed, if that came before it
	reviews  [][]byte // that waited for this order
	// Of an order's referral: why its sharer gets nothing, and what the rules give them. At the sharer's: what it is.
	judged    string
	referrals []award
	referred  *pointspb.ReferralFacts
}

func (c *credit) award() error {
	c.advance(c.m)
	if c.event.Referral != nil && c.event.Order != nil {
		c.judged = c.judge()
	}
	found, err := c.awards()
	if err != nil {
		return err
	}
	if err := c.fits(found); err != nil {
		return err
	}
	c.pendingMetric(found)
	for _, x := range found {
		c.grant(x)
	}
	if c.event.Coupon != "" {
		c.use(c.event.Coupon)
	}
	if !c.facts {
		c.record(&pointspb.Entry{Kind: pointspb.Kind_RECORDED})
	}
	if c.event.Review != nil {
		if err := c.earlyRemoval(); err != nil {
			return err
		}
	}
	if c.event.Order != nil {
		if c.event.Referral != nil {
			c.refer()
		}
		c.follow(c.m, c.book, c.event.Cause.OccurredAt)
		if err := c.early(); err != nil {
			return err
		}
		if c.finished != 0 {
			c.completed(c.m.Order(c.key))
		}
		c.sendReviews()
	}
	if c.event.Tier != "" && c.book != nil && c.book.Tiers.Membership {
		// The account keeps it, and must not hold on to the memory of the whole event.
		c.record(&pointspb.Entry{Kind: pointspb.Kind_TIER_CHANGED, Tier: &pointspb.TierChange{To: strings.Clone(c.event.Tier)}})
	}
	c.accuse()
	// Credits of a backfill may be past their expiry already: granted and expired in one transaction.
	c.advance(c.m)
	return nil
}

// What a member may have is bounded, so that sums stay within int64: large awards end at half of it, and no member has
// the 2^22 lots that small ones would need to fill the other half.
const (
	smallAward = 1 << 40
	mostPoints = 1 << 62
)

// fits refuses large awards that would take what the member has beyond mostPoints.
func (c *credit) fits(found []award) error {
	var large bool
	for _, x := range found {
		large = large || x.arithmetic.Awarded > smallAward
	}
	if !large {
		return nil
	}
	b := c.m.Booked()
	sum := b.Available + b.Pending + b.Frozen
	for _, x := range found {
		if sum > mostPoints-x.arithmetic.Awarded {
			return fmt.Errorf("rule %s@%s on top of what the member has: %w", x.Rule, c.event.Version, topics.ErrOverflow)
		}
		sum += x.arithmetic.Awarded
	}
	return nil
}

// record emits an entry of the event; the first one carries its facts and its dedupe marks.
func (c *credit) record(e *pointspb.Entry) {
	e.Account, e.Version = c.event.Account, c.event.Version
	if !c.facts {
		c.facts = true
		e.First, e.BusinessKey, e.Order, e.OrderKey = true, c.event.BusinessKey, c.event.Order, c.key
		e.Review = c.event.Review
		c.watch(e)
		e.Identities = c.newIdentities()
		if o := c.event.Order; o != nil && c.book != nil {
			m := &c.desk.metric
			m.Year, m.Orders = c.desk.calendar.yearOf(c.book.Zone, c.event.Cause.OccurredAt), 1
			for _, l := range o.Lines {
				m.Spend += l.Eligible
			}
			if e.Metric = m; m.Lot != 0 {
				e.Metric, e.PendingMetric = nil, m
			}
		}
		if c.book != nil && c.book.Tiers.Window.ByDay() {
			c.keepDay(e)
		}
	}
	c.emitOf(c.m, e)
}

// award is a candidate with its amount.
type award struct {
	*pointspb.Candidate
	*slip
}

// awards are the candidates that hold for the member, with their amounts: eligibility, stacking, multiplier, floor, caps (§8).
func (c *credit) awards() ([]award, error) {
	a := c.m
	// An order earns at the tier held before it: its own rise is booked after its awards.
	tier := a.Tier(c.book, c.event.Cause.OccurredAt)
	found := c.desk.awards[:0]
	for _, k := range c.event.Candidates {
		if len(k.Tiers) > 0 && !slices.Contains(k.Tiers, tier) || k.FirstOrder && a.ordered() {
			continue
		}
		if k.Verified && !c.bought() {
			continue
		}
		if k.ToReferrer {
			if err := c.refers(k, tier); err != nil {
				return nil, err
			}
			continue
		}
		x := c.desk.slip()
		x.rule = ruleNamed(c.book, k.Rule)
		if err := c.compute(&x.arithmetic, k, tier, &x.tier); err != nil {
			return nil, err
		}
		found = append(found, award{k, x})
	}
	found = stack(found)
	for i := range found {
		if err := c.split(found[i], tier); err != nil {
			return nil, err
		}
		c.bound(found[i])
	}
	return found, nil
}

// CampaignsOf are those that multiply a candidate for members of a tier, and their product; nil: none does.
func CampaignsOf(k *pointspb.Candidate, tier string) (*pointspb.Ratio, []string) {
	for _, t := range k.ByTier {
		if t.Tier == tier {
			return t.Campaign, t.Campaigns
		}
	}
	return k.Campaign, k.Campaigns
}

// compute is what a candidate gives a member of a tier.
func (c *credit) compute(x *pointspb.Arithmetic, k *pointspb.Candidate, tier string, multiplier *pointspb.Ratio) error {
	x.Mode, x.Points, x.Per, x.Eligible, x.Quantity = k.Mode, k.Points, k.Per, k.Eligible, k.Quantity
	x.Lines = k.Lines
	x.Campaign, x.Campaigns = CampaignsOf(k, tier)
	if k.TierMultiplier && c.book != nil && len(c.book.Tiers.Levels) > 0 {
		m := c.book.Tiers.Levels[levelNamed(c.book, tier)].Multiplier
		x.Tier, x.TierMultiplier = tier, multiplier
		multiplier.Num, multiplier.Den = m.Num, m.Den
	}
	c.limitMultiplier(x)
	n, err := Explain(x)
	if err != nil {
		return fmt.Errorf("rule %s@%s: %w", k.Rule, c.event.Version, err)
	}
	x.Desired, x.Awarded = n, n
	if k.HoldoutPercent > 0 && topics.InHoldout(c.m.ID, k.Rule, k.HoldoutPercent) {
		x.Holdout, x.Awarded = true, 0
	}
	return nil
}

// limitMultiplier holds tier × campaign to the book's global maximum, by lowering the campaign's part.
func (c *credit) limitMultiplier(x *pointspb.Arithmetic) {
	if c.book == nil || c.book.MaxMultiplier.Den == 0 || Multiplier(x).Cmp(c.book.MaxMultiplier) <= 0 {
		return
	}
	t := ratio(x.TierMultiplier)
	m := c.book.MaxMultiplier.Mul(topics.Ratio{Num: t.Den, Den: t.Num})
	x.Campaign = &pointspb.Ratio{Num: m.Num, Den: m.Den}
}
