package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Multiplier is the tier's times the campaigns' multiplier of an award.
func Multiplier(x *pointspb.Arithmetic) topics.Ratio {
	return ratio(x.TierMultiplier).Mul(ratio(x.Campaign))
}

// Explain recomputes what an award would be from the arithmetic that its entry carries.
func Explain(x *pointspb.Arithmetic) (int64, error) {
	return topics.Award(topics.Mode(x.Mode), x.Points, x.Per, x.Eligible, x.Quantity, Multiplier(x))
}

func ratio(r *pointspb.Ratio) topics.Ratio {
	if r == nil {
		return topics.One()
	}
	return topics.Ratio{Num: r.Num, Den: r.Den}
}

// Credit decides what one source event does to its member: Duplicate, or entries for every rule that it met.
// An error means that the arithmetic cannot be done (RULE_ERROR); the decision then holds only what was due before.
func Credit(w *World, ev *pointspb.CreditEvent, m Moment) (*Decision, error) {
	d := begin(w, m, ev.Cause)
	member, ok := topics.MemberOf(ev.Account)
	if !ok {
		return d, fmt.Errorf("credit for account %q, which is no member's", ev.Account)
	}
	marks, n := Marks(member, ev.Cause.Source, ev.Cause.Id, ev.BusinessKey, ev.Cause.OccurredAt)
	if w.seen(marks[:n]) {
		return d.refuse(Duplicate), nil
	}
	c := credit{Decision: d, event: ev, member: member, book: m.Books.Version(ev.Version)}
	if c.book == nil && len(ev.Candidates) > 0 {
		return d, fmt.Errorf("candidates under version %q, which is no published one", ev.Version)
	}
	switch {
	case ev.Refund != nil:
		return d, c.refund()
	case ev.Order != nil:
		c.key = topics.OrderKey(member, ev.Cause.Source, ev.Order.Order)
		if o := w.Orders[c.key]; o != nil {
			if o.Paid {
				return d.refuse(Duplicate), nil
			}
			c.waiting = o.Early
		}
	}
	return d, c.award()
}

// credit is one event's decision under way.
type credit struct {
	*Decision
	event  *pointspb.CreditEvent
	member string
	book   *topics.Rulebook
	key    string // order key
	facts  bool   // the facts have been put on an entry
	// waiting are the refunds that came before this order.
	waiting []Refund
}

func (c *credit) award() error {
	c.advance(c.member)
	found, err := c.awards()
	if err != nil {
		return err
	}
	if err := c.fits(found); err != nil {
		return err
	}
	for _, x := range found {
		c.grant(x)
	}
	if !c.facts {
		c.record(&pointspb.Entry{Kind: pointspb.Kind_RECORDED})
	}
	if c.event.Order != nil {
		c.follow(c.member, c.book, c.event.Cause.OccurredAt, false)
		if err := c.early(); err != nil {
			return err
		}
	}
	if c.event.Tier != "" {
		c.record(&pointspb.Entry{Kind: pointspb.Kind_TIER_CHANGED, Tier: &pointspb.TierChange{To: c.event.Tier}})
	}
	// Credits of a backfill may be past their expiry already: granted and expired in one transaction.
	c.advance(c.member)
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
	b := c.world.Member(c.member).Booked()
	sum := b.Available + b.Pending
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
		if o := c.event.Order; o != nil && c.book != nil {
			e.Metric = &pointspb.MetricDelta{Year: yearOf(c.book, c.event.Cause.OccurredAt), Orders: 1}
			for _, l := range o.Lines {
				e.Metric.Spend += l.Eligible
			}
		}
	}
	c.emit(e)
}

// award is a candidate with its amount.
type award struct {
	*pointspb.Candidate
	arithmetic *pointspb.Arithmetic
}

// awards are the candidates that hold for the member, with their amounts: eligibility, stacking, multiplier, floor (§8).
func (c *credit) awards() ([]award, error) {
	a := c.world.Member(c.member)
	// An order earns at the tier held before it: its own rise is booked after its awards.
	tier := a.Tier(c.book, c.event.Cause.OccurredAt)
	var found []award
	for _, k := range c.event.Candidates {
		if len(k.Tiers) > 0 && !slices.Contains(k.Tiers, tier) || k.FirstOrder && a.Ordered {
			continue
		}
		x, err := c.arithmetic(k, tier)
		if err != nil {
			return nil, err
		}
		found = append(found, award{k, x})
	}
	return stack(found), nil
}

func (c *credit) arithmetic(k *pointspb.Candidate, tier string) (*pointspb.Arithmetic, error) {
	x := &pointspb.Arithmetic{
		Mode: k.Mode, Points: k.Points, Per: k.Per, Eligible: k.Eligible, Quantity: k.Quantity,
		Campaign: k.Campaign, Campaigns: k.Campaigns, Lines: k.Lines,
	}
	if k.TierMultiplier && c.book != nil && len(c.book.Tiers.Levels) > 0 {
		m := c.book.Tiers.Levels[levelNamed(c.book, tier)].Multiplier
		x.Tier, x.TierMultiplier = tier, &pointspb.Ratio{Num: m.Num, Den: m.Den}
	}
	c.limitMultiplier(x)
	n, err := Explain(x)
	if err != nil {
		return nil, fmt.Errorf("rule %s@%s: %w", k.Rule, c.event.Version, err)
	}
	x.Desired, x.Awarded = n, n
	if k.HoldoutPercent > 0 && topics.InHoldout(c.member, k.Rule, k.HoldoutPercent) {
		x.Holdout, x.Awarded = true, 0
	}
	return x, nil
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

// stack keeps of each exclusive group the award with the highest points, then priority, then rule id. Never edit time.
func stack(found []award) []award {
	best := map[string]award{}
	for _, x := range found {
		b, ok := best[x.Exclusive]
		if x.Exclusive != "" && (!ok || better(x, b)) {
			best[x.Exclusive] = x
		}
	}
	if len(best) == 0 {
		return found
	}
	return slices.DeleteFunc(found, func(x award) bool {
		return x.Exclusive != "" && best[x.Exclusive].Rule != x.Rule
	})
}

func better(x, y award) bool {
	return cmp.Or(
		cmp.Compare(x.arithmetic.Desired, y.arithmetic.Desired), cmp.Compare(x.Priority, y.Priority), cmp.Compare(y.Rule, x.Rule),
	) > 0
}

// granted is the entry of an award and what it points to: one piece of memory for what every event makes.
type granted struct {
	entry             pointspb.Entry
	lot               pointspb.Lot
	issued, available pointspb.Posting
	postings          [2]*pointspb.Posting
}

// grant books one award: a lot of its own, or the record that the rule was met and gave nothing.
func (c *credit) grant(x award) {
	g := &granted{}
	e := &g.entry
	e.Kind, e.Rule, e.Arithmetic = pointspb.Kind_RECORDED, x.Rule, x.arithmetic
	if n := x.arithmetic.Awarded; n > 0 {
		at := c.event.Cause.OccurredAt
		e.Kind, e.OrderKey, e.Lot = pointspb.Kind_GRANTED, c.key, &g.lot
		g.lot.Number, g.lot.ActiveAt, g.lot.ExpiresAt, g.lot.Order = c.world.Member(c.member).NextLot+1, at, c.expiresAt(x.Rule, at), c.key
		g.issued.Account, g.issued.Points = pointspb.Account_ISSUED, -n
		g.available.Account, g.available.Points, g.available.Lot = pointspb.Account_AVAILABLE, n, g.lot.Number
		g.postings = [2]*pointspb.Posting{&g.issued, &g.available}
		e.Postings = g.postings[:]
	}
	c.record(e)
	if e.Lot != nil {
		c.repay(c.member, e.Lot.Number, c.cause)
	}
}

// expiresAt is the end of a lot's validity: the rule's own, else the book's (L1, L2).
func (c *credit) expiresAt(rule string, active int64) int64 {
	v := c.book.Validity
	for i := range c.book.Rules {
		if r := &c.book.Rules[i]; r.ID == rule && r.Validity != nil {
			v = *r.Validity
		}
	}
	t := v.ExpiresAt(time.UnixMilli(active), c.book.Zone)
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
