package ledger

import (
	"jifen/topics"
	"jifen/topics/pointspb"
)

// tell says on an entry of a freeze what its member is told, where the book in force tells members anything.
func (d *Decision) tell(a *Member, e *pointspb.Entry) {
	book := d.moment.Books.At(d.moment.Time())
	if book == nil || !book.Tells() || e.Act == nil {
		return
	}
	n := &pointspb.NoticeFacts{Freeze: e.Act.Id, ReviewBy: e.Act.ReviewBy, Tier: a.Tier(book, d.moment.Now)}
	sign := int64(-1)
	switch e.Kind {
	case pointspb.Kind_FROZEN:
		n.Kind, sign = topics.NoticeFrozen, 1
	case pointspb.Kind_UNFROZEN:
		n.Kind, n.Freeze = topics.NoticeUnfrozen, e.Act.Of
	case pointspb.Kind_ADJUSTED:
		p := a.actNamed(e.Act.Of)
		if p == nil || p.What != Confirm {
			return
		}
		n.Kind, n.Freeze = topics.NoticeConfirmed, p.Of
	default:
		return
	}
	n.Available = a.Balance(d.moment.Now).Available - a.Debt
	for _, p := range e.Postings {
		switch p.Account {
		case pointspb.Account_FROZEN_POINTS:
			n.Points += sign * p.Points
		case pointspb.Account_AVAILABLE:
			n.Available += p.Points
		}
	}
	n.Available = max(0, n.Available)
	e.Notice = n
}
