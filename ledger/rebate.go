package ledger

import (
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Rebate is what a redemption gave back of the points that it took (R52, D10): a lot of its own, pending until what was redeemed is
// fulfilled.
type Rebate struct {
	_        struct{} `cbor:",toarray"`
	Lot      uint32
	Points   int64 // given
	Reversed int64 // of them, since units were returned
	Num, Den int64 // part of the points paid, the campaign's multiplier included
	Campaign string
	At       int64 // from when on they can be spent, Unix ms; 0 = pending
}

// Of is what points kept of a redemption give back.
func (r *Rebate) Of(points int64) int64 { return topics.Ratio{Num: r.Num, Den: r.Den}.Of(points) }

// rebate books what a redemption gives back: floor(points paid × rate × multiplier), of points alone, and of what rebates gave nothing
// apart (X7). It feeds no tier, leaderboard or milestone.
func (d *Decision) rebate(a *Member, f *pointspb.RedemptionFacts) {
	x := &pointspb.Arithmetic{
		Mode: string(topics.ModeProportional), Points: 1, Per: 1, Eligible: f.UnitPrice * f.Quantity, Campaign: f.RebateRate,
	}
	if f.RebateCampaign != "" {
		x.Campaigns = []string{f.RebateCampaign}
	}
	x.Desired = ratio(f.RebateRate).Of(x.Eligible)
	if x.Awarded = x.Desired; x.Awarded == 0 {
		return
	}
	book := d.moment.Books.At(d.moment.Time())
	lot := &pointspb.Lot{Number: a.NextLot + 1, Order: topics.RedemptionKey(a.ID, f.Id)}
	if book.Validity.FromEarning {
		lot.ExpiresAt = new(calendar).expiresAt(book.Validity, book.Zone, d.moment.Now)
	}
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_REBATED, EffectiveAt: d.moment.Now, Version: book.Version, Lot: lot, Arithmetic: x,
		Redemption: &pointspb.RedemptionFacts{
			Id: f.Id, Member: a.ID, Item: f.Item, Quantity: f.Quantity, RebateRate: f.RebateRate, RebateCampaign: f.RebateCampaign,
		},
		Postings: []*pointspb.Posting{
			{Account: pointspb.Account_ISSUED, Points: -x.Awarded}, {Account: pointspb.Account_PENDING, Points: x.Awarded, Lot: lot.Number},
		},
	})
}

// giveRebate makes what a redemption gave back spendable: it is fulfilled. Its validity counts from now, by the book in force. A rebate
// that is spendable already, or of which nothing is left, stays as it is.
func (d *Decision) giveRebate(a *Member, id string) {
	x := d.world.Redemptions[id]
	if x == nil || x.Rebate == nil || x.Rebate.At != 0 {
		return
	}
	i, ok := a.lot(x.Rebate.Lot)
	if !ok || !a.Lots[i].awaits() {
		return
	}
	now, l := d.moment.Now, a.Lots[i]
	to := &pointspb.Lot{Number: l.Number, ActiveAt: now, ExpiresAt: l.ExpiresAt, Priority: l.Priority, Order: topics.RedemptionKey(a.ID, id)}
	e := &pointspb.Entry{EffectiveAt: now, Lot: to, Redemption: &pointspb.RedemptionFacts{Id: id, Member: a.ID, Item: x.Item}}
	if book := d.moment.Books.At(d.moment.Time()); book != nil {
		if e.Version = book.Version; !book.Validity.FromEarning {
			to.ExpiresAt = new(calendar).expiresAt(book.Validity, book.Zone, now)
		}
	}
	d.activate(a, l, e)
}

// takeRebate takes back what a redemption of which so many points are kept gave too much: from its own lot, what of that expired, other
// lots and debt, as the policy of the redemption's own book says (§4). Cumulative: what was taken before stays taken.
func (d *Decision) takeRebate(a *Member, id string) {
	x := d.world.Redemptions[id]
	if x == nil || x.Rebate == nil {
		return
	}
	r, kept := x.Rebate, x.Points-x.Returned()
	would := r.Of(kept)
	delta := r.Points - min(r.Points, would) - r.Reversed
	if delta <= 0 {
		return
	}
	policy := topics.ClawbackDebt
	if book := d.moment.Books.At(time.UnixMilli(x.At)); book != nil && book.Clawback != "" {
		policy = book.Clawback
	}
	postings := a.takeBack(r.Lot, delta, d.moment.Now, policy, r.At == 0)
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_REBATE_REVERSED, EffectiveAt: d.moment.Now, Postings: postings, Granted: r.Points,
		Redemption: &pointspb.RedemptionFacts{Id: id, Member: a.ID, Item: x.Item},
		Arithmetic: &pointspb.Arithmetic{
			Mode: string(topics.ModeProportional), Points: 1, Per: 1, Eligible: kept, Campaign: &pointspb.Ratio{Num: r.Num, Den: r.Den},
			Desired: delta, Awarded: postings[0].Points, KeptPoints: would, ReversedBefore: r.Reversed, Lot: r.Lot,
		},
	})
}

// foldRebate keeps with a redemption what it gave back, that this can be spent, or what of it was taken back.
func (w *World) foldRebate(e *pointspb.Entry) {
	r := w.Redemptions[e.Redemption.Id]
	if r == nil {
		return
	}
	x, rebate := *r, Rebate{}
	if r.Rebate != nil {
		rebate = *r.Rebate
	}
	switch e.Kind {
	case pointspb.Kind_REBATED:
		rate := ratio(e.Redemption.RebateRate)
		rebate = Rebate{Lot: e.Lot.Number, Points: e.Arithmetic.Awarded, Num: rate.Num, Den: rate.Den, Campaign: e.Redemption.RebateCampaign}
	case pointspb.Kind_ACTIVATED:
		rebate.At = e.EffectiveAt
	case pointspb.Kind_REBATE_REVERSED:
		rebate.Reversed += e.Arithmetic.Desired
	}
	x.Rebate = &rebate
	w.SetRedemption(e.Redemption.Id, &x)
}

// dropRebate forgets what of a redemption's rebate expired, with the redemption.
func (w *World) dropRebate(a *Account, id string) {
	if r := w.Redemptions[id]; r != nil && r.Rebate != nil {
		a.takeExpired(r.Rebate.Lot, a.expired(r.Rebate.Lot))
	}
}

func carriedRebate(r *Rebate) *pointspb.CarriedRebate {
	if r == nil {
		return nil
	}
	return &pointspb.CarriedRebate{
		Lot: r.Lot, Points: r.Points, Reversed: r.Reversed, Rate: &pointspb.Ratio{Num: r.Num, Den: r.Den}, Campaign: r.Campaign, At: r.At,
	}
}

func takenRebate(c *pointspb.CarriedRebate, lots uint32) *Rebate {
	if c == nil {
		return nil
	}
	rate := ratio(c.Rate)
	return &Rebate{Lot: c.Lot + lots, Points: c.Points, Reversed: c.Reversed, Num: rate.Num, Den: rate.Den, Campaign: c.Campaign, At: c.At}
}
