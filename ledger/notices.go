package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Notices are when a member is to be told of something next, and what was told. The zero value is that of members whose
// rulebooks have no notices.
type Notices struct {
	At      int64     // when to look next, Unix ms, 0 = never
	Fall    int64     // the evaluation of whose fall the member was told, Unix ms
	Expired []Noticed // last notices, where no point may expire without one
}

// Noticed says that the member was told of an expiry in time, for the last time: of lots up to a number that were active then.
type Noticed struct {
	ExpiresAt, At int64
	Lots          uint32
}

// grace is how long a lot of whose expiry nobody was told lives on, to the end of its last day.
const grace = 7 * 24 * time.Hour

// daysBefore is the first instant of the day so many days before that of t.
func daysBefore(zone *time.Location, t int64, days int) int64 {
	y, m, d := time.UnixMilli(t).In(zone).Date()
	return topics.StartOfDay(y, m, d-days, zone).UnixMilli()
}

// expiryNotice is the first notice after t of what expires at an instant; 0: none is left.
func expiryNotice(book *topics.Rulebook, expires, t int64) int64 {
	if expires <= t {
		return 0
	}
	for _, days := range book.Notices.Expiry {
		if at := daysBefore(book.Zone, expires, days); at > t {
			return at
		}
	}
	return 0
}

// digestAfter is the first year-end digest after t; 0: there are none.
func digestAfter(book *topics.Rulebook, t int64) int64 {
	if !book.Notices.Digest {
		return 0
	}
	year := int(yearOf(book, t))
	for ; ; year++ {
		if at := topics.StartOfDay(year, time.December, 1, book.Zone).UnixMilli(); at > t {
			return at
		}
	}
}

// fallNotice is when to tell after t of an evaluation at which the tier may fall: some days before, or at once where it is
// nearer; 0: not at all.
func (a *Account) fallNotice(book *topics.Rulebook, evaluation, t int64) int64 {
	if book.Notices.TierFall == 0 || evaluation <= t || evaluation == a.Notices.Fall {
		return 0
	}
	return max(t+1, daysBefore(book.Zone, evaluation, book.Notices.TierFall))
}

// lotNotice is the first notice after t that a lot may lead to.
func lotNotice(book *topics.Rulebook, expires, t int64) int64 {
	return sooner(expiryNotice(book, expires, t), digestAfter(book, t))
}

// noticeAfter is when to look after t for something to tell.
func (a *Account) noticeAfter(book *topics.Rulebook, evaluation, t int64) int64 {
	next := a.fallNotice(book, evaluation, t)
	for i := range a.Lots {
		next = sooner(next, lotNotice(book, a.Lots[i].ExpiresAt, t))
	}
	return next
}

// schedule says on an entry that brings a lot or an evaluation when there may be something to tell of it: after the clock's
// now, so that history causes no notice of before.
func (d *Decision) schedule(a *Member, e *pointspb.Entry) {
	if e.Lot == nil && e.EvaluateAt <= 0 || e.NoticeAt != 0 {
		return
	}
	book := d.moment.Books.At(d.moment.Time())
	if book == nil || book.Notices.IsZero() {
		return
	}
	next := a.Notices.At
	if next == 0 {
		next = a.noticeAfter(book, a.EvaluateAt, d.moment.Now)
	}
	if e.Lot != nil {
		next = sooner(next, lotNotice(book, e.Lot.ExpiresAt, d.moment.Now))
	}
	if e.EvaluateAt > 0 {
		next = sooner(next, a.fallNotice(book, e.EvaluateAt, d.moment.Now))
	}
	if next != a.Notices.At {
		e.NoticeAt = next
	}
}

// notify books what members are told at an instant, and when to look next.
func (d *Decision) notify(a *Member, at int64) {
	book := d.moment.Books.At(time.UnixMilli(at))
	look := &pointspb.Entry{Kind: pointspb.Kind_RECORDED, NoticeAt: -1}
	var told []*pointspb.NoticeFacts
	if book != nil && !book.Notices.IsZero() {
		told = d.expiryNotices(a, book, at)
		if f := d.digest(a, book, at); f != nil {
			told = append(told, f)
		}
		evaluation := a.EvaluateAt
		if evaluation <= d.moment.Now {
			evaluation = 0 // too late to tell of it
		}
		if f := d.fall(a, book, at, look); f != nil {
			told, evaluation = append(told, f), 0
		} else if look.EvaluateAt != 0 {
			evaluation = look.EvaluateAt
		}
		if next := a.noticeAfter(book, evaluation, at); next != 0 {
			look.NoticeAt = next
		}
		look.Version = book.Version
	}
	entries := []*pointspb.Entry{look}
	for i, f := range told {
		if i == 0 && look.EvaluateAt == 0 {
			look.Kind, look.Notice = pointspb.Kind_NOTICED, f
			continue
		}
		entries = append(entries, &pointspb.Entry{Kind: pointspb.Kind_NOTICED, Notice: f, Version: look.Version})
	}
	for _, e := range entries {
		e.Account, e.EffectiveAt, e.Cause = topics.MemberAccount(a.ID), at, due("notice", at)
		d.emitOf(a, e)
	}
}

// expiryNotices are what a member is told of expiries at an instant: one for each of them, of lots that are there still.
// Where the clock comes late, only the last that should have been told is, and none of what is past.
func (d *Decision) expiryNotices(a *Member, book *topics.Rulebook, at int64) (all []*pointspb.NoticeFacts) {
	days := book.Notices.Expiry
	for i := range a.Lots {
		l := &a.Lots[i]
		if l.ExpiresAt <= d.moment.Now || !l.spendable(at) {
			continue
		}
		n := slices.IndexFunc(days, func(n int) bool { return daysBefore(book.Zone, l.ExpiresAt, n) == at })
		if later := expiryNotice(book, l.ExpiresAt, at); n < 0 || later != 0 && later <= d.moment.Now {
			continue
		}
		f := slices.IndexFunc(all, func(f *pointspb.NoticeFacts) bool { return f.ExpiresAt == l.ExpiresAt })
		if f < 0 {
			f = len(all)
			all = append(all, d.facts(a, book, topics.NoticeExpiry, at))
			all[f].ExpiresAt, all[f].Days = l.ExpiresAt, int32(days[n])
			all[f].Last = book.NoExpiryWithoutNotice && n == len(days)-1
		}
		all[f].Points += l.Remaining
	}
	return all
}

// facts are those of every notice.
func (d *Decision) facts(a *Member, book *topics.Rulebook, kind string, at int64) *pointspb.NoticeFacts {
	return &pointspb.NoticeFacts{Kind: kind, Available: a.Balance(at).Available, Tier: a.Tier(book, at), Lots: a.NextLot}
}

// digest is the year-end digest: all points, and what of them expires by the end of the next year.
func (d *Decision) digest(a *Member, book *topics.Rulebook, at int64) *pointspb.NoticeFacts {
	year := yearOf(book, at)
	if digestAfter(book, at-1) != at || yearOf(book, d.moment.Now) != year {
		return nil
	}
	f := d.facts(a, book, topics.NoticeDigest, at)
	if f.Available == 0 {
		return nil
	}
	until := topics.StartOfDay(int(year)+2, time.January, 1, book.Zone).UnixMilli()
	for i := range a.Lots {
		if l := &a.Lots[i]; l.spendable(at) && l.ExpiresAt != 0 && l.ExpiresAt <= until {
			f.Points, f.ExpiresAt = f.Points+l.Remaining, sooner(f.ExpiresAt, l.ExpiresAt)
		}
	}
	return f
}

// fall is the notice of a tier that the next evaluation would lower. One that it would leave is evaluated later, which the
// entry that looks says.
func (d *Decision) fall(a *Member, book *topics.Rulebook, at int64, look *pointspb.Entry) *pointspb.NoticeFacts {
	evaluation := a.EvaluateAt
	if evaluation <= d.moment.Now || a.fallNotice(book, evaluation, at-1) != at {
		return nil
	}
	held, level := levelNamed(book, a.TierAt(evaluation-1)), d.evaluated(a, book, evaluation)
	if level >= held {
		look.Kind = pointspb.Kind_TIER_KEPT
		look.EvaluateAt = d.evaluationAfter(a, book, evaluation, held)
		return nil
	}
	f := d.facts(a, book, topics.NoticeTierFall, at)
	f.Tier, f.ToTier, f.ExpiresAt = book.Tiers.Levels[held].ID, book.Tiers.Levels[level].ID, evaluation
	f.Days = int32((evaluation - at + 12*time.Hour.Milliseconds()) / (24 * time.Hour).Milliseconds())
	f.Metric, f.Missing = book.Tiers.Metric, book.Tiers.Levels[held].From-d.metric(a, book, evaluation)
	return f
}

// foldNotice does what an entry says of notices.
func (a *Account) foldNotice(e *pointspb.Entry) {
	n := &a.Notices
	switch {
	case e.NoticeAt > 0:
		n.At = e.NoticeAt
	case e.NoticeAt < 0:
		n.At = 0
	}
	f := e.Notice
	switch {
	case f == nil:
	case f.Kind == topics.NoticeTierFall:
		n.Fall = f.ExpiresAt
	case f.Last:
		n.Expired = slices.DeleteFunc(n.Expired, func(x Noticed) bool { return x.ExpiresAt < e.EffectiveAt })
		n.Expired = append(n.Expired, Noticed{f.ExpiresAt, e.EffectiveAt, f.Lots})
	}
}

// expiredBefore forgets the notices of what expired before t.
func (a *Account) expiredBefore(t int64) {
	if n := &a.Notices; len(n.Expired) > 0 {
		n.Expired = slices.DeleteFunc(n.Expired, func(x Noticed) bool { return x.ExpiresAt < t })
		if len(n.Expired) == 0 {
			n.Expired = nil
		}
	}
}

func (s *state) notices(n *Notices) {
	s.int(n.At)
	s.int(n.Fall)
	s.count(len(n.Expired))
	for _, x := range n.Expired {
		s.int(x.ExpiresAt)
		s.int(x.At)
		s.int(int64(x.Lots))
	}
}

func (r *reading) notices(n *Notices) {
	n.At, n.Fall = r.int(), r.int()
	n.Expired = many(r, func() Noticed { return Noticed{r.int(), r.int(), uint32(r.int())} })
}
