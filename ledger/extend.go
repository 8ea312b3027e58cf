package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// withoutNotice says that a lot does not expire: nobody was told of it in time, and the book says that no point expires so.
// What this very decision made was past its expiry when it came: history expires as it would have.
func (d *Decision) withoutNotice(a *Member, l Lot) bool {
	book := d.moment.Books.At(time.UnixMilli(l.ExpiresAt))
	if book == nil || !book.NoExpiryWithoutNotice || l.Pending || d.made != 0 && l.Number >= d.made {
		return false
	}
	return !slices.ContainsFunc(a.Notices.Expired, func(n Noticed) bool {
		return n.ExpiresAt == l.ExpiresAt && l.Number <= n.Lots && l.ActiveAt <= n.At
	})
}

// extend gives all lots that were to expire at an instant without notice more time, and tells the member at once.
func (d *Decision) extend(a *Member, at int64) {
	book, now := d.moment.Books.At(time.UnixMilli(at)), d.moment.Now
	to := midnightAfter(book, now+grace.Milliseconds())
	f := d.facts(a, book, topics.NoticeExpiry, now)
	for _, l := range slices.Clone(a.Lots) {
		if l.ExpiresAt != at || !d.withoutNotice(a, l) {
			continue
		}
		d.emitOf(a, &pointspb.Entry{
			Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_EXTENDED, Version: book.Version, EffectiveAt: at,
			Cause: due("extension "+lotName(l.Number), at),
			Lot:   &pointspb.Lot{Number: l.Number, ActiveAt: l.ActiveAt, ExpiresAt: to, Priority: l.Priority},
		})
		f.Points += l.Remaining
	}
	f.ExpiresAt, f.Days, f.Last = to, int32(grace/(24*time.Hour)), true
	f.Available = a.Balance(now).Available
	d.emitOf(a, &pointspb.Entry{
		Account: topics.MemberAccount(a.ID), Kind: pointspb.Kind_NOTICED, Version: book.Version, EffectiveAt: now,
		Cause: due("extension", at), Notice: f,
	})
}

// extendLot moves a lot's expiry.
func (a *Account) extendLot(to *pointspb.Lot) {
	if i, ok := a.lot(to.Number); ok {
		l := a.Lots[i]
		l.ExpiresAt = to.ExpiresAt
		a.Lots = slices.Delete(a.Lots, i, i+1)
		a.addLot(l)
	}
}
