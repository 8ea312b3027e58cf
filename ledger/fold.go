package ledger

import (
	"cmp"
	"slices"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Fold changes the world as one entry says. It decides nothing: everything it needs stands in the entry, so that any
// reader of the ledger gets the same states (I2).
func Fold(w *World, e *pointspb.Entry) {
	if member, ok := topics.MemberOf(e.Account); ok {
		w.fold(w.Member(member), e, nil)
		return
	}
	if item, ok := topics.ItemOf(e.Account); ok {
		w.foldItem(item, e)
		return
	}
	if campaign, ok := topics.CampaignOf(e.Account); ok {
		w.foldBudget(campaign, e)
	}
	if identity, ok := topics.IdentityOf(e.Account); ok {
		w.foldIdentity(identity, e)
	}
}

// fold folds an entry of a member; marks are those of its cause, nil: nobody has computed them.
func (w *World) fold(m *Member, e *pointspb.Entry, marks []SeenMark) {
	w.touch(m)
	due, sweep := m.Due, m.Sweep
	if e.First {
		if marks == nil {
			all, n := Marks(e.Cause.Source, e.Cause.Id, e.BusinessKey, e.Cause.OccurredAt)
			marks = all[:n]
		}
		for i := range marks {
			m.See(marks[i])
		}
		m.sawMonth(marks[0].Month, e.RecordedAt)
		m.kept(e)
	}
	w.foldMember(m, e)
	if m.Due != due || m.Sweep != sweep {
		m.Reschedule()
	}
}

func (w *World) foldMember(a *Member, e *pointspb.Entry) {
	if e.Redemption != nil {
		w.foldRedeemed(a, e)
	}
	switch e.Kind {
	case pointspb.Kind_FORGOTTEN:
		w.foldForgotten(a, e)
		return
	case pointspb.Kind_MERGED_OUT, pointspb.Kind_MERGED_IN, pointspb.Kind_ERASED:
		w.foldEnd(a, e)
		return
	}
	if e.OrderKey != "" {
		foldOrder(a.changeOrder(e.OrderKey, w.Packing), e)
		a.kept(e)
	}
	if e.Order != nil && len(a.PendingOrders) > 0 {
		a.settlePending(e.Cause.OccurredAt)
	}
	if e.Kind == pointspb.Kind_EXTENDED {
		a.extendLot(e.Lot)
	} else {
		foldPostings(&a.Account, e)
	}
	if e.Act != nil {
		a.foldAct(e)
	}
	if len(e.Identities) > 0 {
		a.foldIdentities(e.Identities)
	}
	if len(e.Watch) > 0 {
		a.foldWatch(e.Watch)
	}
	a.written.folded(&a.Account, e)
	if len(e.Uses) > 0 {
		a.use(e)
	}
	if len(e.Boards) > 0 || len(a.Uncounted) > 0 || e.Preference != nil {
		a.foldBoards(e)
	}
	if m := e.Metric; m != nil {
		a.addMetric(m)
	}
	if m := e.PendingMetric; m != nil {
		a.addPending(m, e.MetricDay, e.EffectiveAt)
	}
	if e.MetricDay != nil {
		a.foldDay(e)
	}
	if e.Milestone != nil || e.Coupon != nil || len(e.Less) > 0 {
		a.foldCoupon(e)
	}
	if t := e.Tier; t != nil {
		a.setTier(e.EffectiveAt, t.To)
	}
	if e.NoticeAt != 0 || e.Notice != nil {
		a.foldNotice(e)
	}
	switch {
	case e.EvaluateAt > 0:
		a.EvaluateAt = e.EvaluateAt
	case e.EvaluateAt < 0:
		a.EvaluateAt = 0
	}
	a.foldDue(e)
}

// foldDue keeps Due exact: a new lot or evaluation can only bring it forward; whatever was removed may have been it.
func (a *Account) foldDue(e *pointspb.Entry) {
	if e.Kind == pointspb.Kind_GRANTED && e.EvaluateAt == 0 && e.PendingMetric == nil && e.NoticeAt == 0 {
		if e.Lot != nil {
			l := Lot{ActiveAt: e.Lot.ActiveAt, ExpiresAt: e.Lot.ExpiresAt, Pending: e.Postings[1].Account == pointspb.Account_PENDING}
			a.Due = sooner(a.Due, l.due())
		}
		return
	}
	if len(e.Postings) > 0 || e.EvaluateAt != 0 || e.PendingMetric != nil || e.Act != nil || e.NoticeAt != 0 || e.Kind == pointspb.Kind_EXTENDED {
		a.Due = a.dueAt()
	}
}

func foldPostings(a *Account, e *pointspb.Entry) {
	if l := e.Lot; l != nil && e.Kind != pointspb.Kind_ACTIVATED {
		p := e.Postings[1]
		pending := p.Account == pointspb.Account_PENDING
		a.addLot(Lot{
			Number: l.Number, Remaining: p.Points, ActiveAt: l.ActiveAt, ExpiresAt: l.ExpiresAt,
			Priority: l.Priority, Pending: pending, Ordered: l.Order != "", History: pending && e.Cause.Backfill != "",
		})
		a.NextLot = max(a.NextLot, l.Number)
		return
	}
	switch e.Kind {
	case pointspb.Kind_FROZEN:
		a.foldFrozen(e)
		return
	case pointspb.Kind_UNFROZEN:
		a.foldUnfrozen(e)
		return
	case pointspb.Kind_RESTORED: // with its redemption
		return
	}
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_AVAILABLE, pointspb.Account_PENDING, pointspb.Account_FROZEN_POINTS:
			a.moveLot(e, p)
		case pointspb.Account_BREAKAGE:
			if e.Kind == pointspb.Kind_REVERSED || e.Kind == pointspb.Kind_REBATE_REVERSED {
				a.takeExpired(p.Lot, -p.Points)
			}
		case pointspb.Account_DEBT:
			a.Debt -= p.Points
		}
	}
}

// moveLot applies a posting to a lot; a lot with nothing left is dropped, what it lost by expiry is remembered.
func (a *Account) moveLot(e *pointspb.Entry, p *pointspb.Posting) {
	i, ok := a.lot(p.Lot)
	if !ok {
		return
	}
	if e.Kind == pointspb.Kind_ACTIVATED {
		a.activateLot(i, e.Lot)
		return
	}
	l := &a.Lots[i]
	l.Remaining += p.Points
	if e.Kind == pointspb.Kind_EXPIRED {
		a.expiredBefore(e.EffectiveAt)
	}
	if e.Kind == pointspb.Kind_EXPIRED && l.Ordered {
		a.addExpired(l.Number, -p.Points)
	}
	if l.Remaining == 0 {
		a.Lots = slices.Delete(a.Lots, i, i+1)
	}
}

// addExpired notes what a lot lost by expiry; one to which a return gave points back expires again.
func (a *Account) addExpired(number uint32, points int64) {
	for i := range a.Expired {
		if a.Expired[i].Number == number {
			a.Expired[i].Points += points
			return
		}
	}
	a.Expired = append(a.Expired, ExpiredLot{Number: number, Points: points})
}

func (a *Account) takeExpired(number uint32, points int64) {
	for i := range a.Expired {
		if a.Expired[i].Number == number {
			a.Expired[i].Points -= points
			if a.Expired[i].Points == 0 {
				a.Expired = slices.Delete(a.Expired, i, i+1)
			}
			return
		}
	}
}

func foldOrder(o *Order, e *pointspb.Entry) {
	o.Written = e.RecordedAt
	if f := e.Order; f != nil {
		o.Paid, o.At, o.Early, o.Reviews = true, e.Cause.OccurredAt, nil, nil
		from := len(o.Lines)
		o.Lines = append(o.Lines, make([]OrderLine, len(f.Lines))...)
		for i, l := range f.Lines { // in place: a line that is made first, and then copied, costs more than all else here
			to := &o.Lines[from+i]
			to.ID, to.Net, to.Eligible, to.Kept = l.Id, l.Net, l.Eligible, l.Net
		}
		if m := cmp.Or(e.Metric, e.PendingMetric); m != nil {
			o.Year, o.Counted = m.Year, m.Orders > 0
		}
	}
	if e.Budget != nil {
		o.asked(e)
	}
	if e.Review != nil {
		foldReview(o, e)
	}
	if e.Referral != nil {
		foldReferral(o, e)
	}
	if len(e.Waiting) > 0 {
		o.Reviews = append(o.Reviews, e.Waiting)
	}
	if e.Cause.Run != "" {
		o.foldRetro(e)
	}
	switch e.Kind {
	case pointspb.Kind_GRANTED:
		o.Grants = append(o.Grants, grantOf(e))
	case pointspb.Kind_REFUNDED:
		foldRefund(o, e)
	case pointspb.Kind_COMPLETED:
		o.Completed = e.EffectiveAt
	case pointspb.Kind_REVERSED:
		for i := range o.Grants {
			if o.Grants[i].Lot == e.Arithmetic.Lot {
				o.Grants[i].Reversed += e.Arithmetic.Desired
				o.Grants[i].Short += e.Arithmetic.Desired - e.Arithmetic.Awarded
			}
		}
	}
}

func grantOf(e *pointspb.Entry) Grant {
	x := e.Arithmetic
	m := Multiplier(x)
	g := Grant{
		Rule: e.Rule, Version: e.Version, Mode: x.Mode, Points: x.Points, Per: x.Per, Eligible: x.Eligible,
		Quantity: x.Quantity, Num: m.Num, Den: m.Den, Lines: x.Lines, Lot: e.Lot.Number, Awarded: x.Awarded,
		By: byOf(e),
	}
	if x.Less != nil {
		less := ratio(x.TierMultiplier).Mul(ratio(x.Less))
		g.LessNum, g.LessDen, g.Campaign = less.Num, less.Den, e.Budget.GetCampaign()
	}
	return g
}

func foldRefund(o *Order, e *pointspb.Entry) {
	f := e.Refund
	if !o.Paid {
		r := Refund{Source: e.Cause.Source, ID: e.Cause.Id, At: e.Cause.OccurredAt, Return: f.Refund}
		for _, l := range f.Lines {
			r.Lines = append(r.Lines, RefundLine{ID: l.Id, Net: l.Net})
		}
		o.Early = append(o.Early, r)
		return
	}
	o.Returns = append(o.Returns, Returned{f.Refund, returnDigest(f)})
	for _, l := range f.Lines {
		for i := range o.Lines {
			if o.Lines[i].ID == l.Id {
				o.Lines[i].Kept -= l.Net
			}
		}
	}
	if m := cmp.Or(e.Metric, e.PendingMetric); m != nil && m.Orders < 0 {
		o.Counted = false
	}
}
