package ledger

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Earned are a member's points on the leaderboard of a period: yyyymm or yyyy of the event that earned them, net of
// reversals (D12). Spending and expiry never count.
type Earned struct {
	Period int32
	Points int64 // > 0
}

// Uncounted is a lot that counts on no leaderboard before it is active (semantics §3), and on which then. One that expires
// before stays until its order is forgotten: a return takes nothing off a board on which it never counted.
type Uncounted struct {
	Lot     uint32
	Periods []int32
}

// boardMonths is how long after its end a period's board is kept.
const boardMonths = 13

// boardEnds is from when on a period's board is dropped, Unix ms. Zones are less than a day apart.
func boardEnds(period int32) int64 {
	end := time.Date(int(period)+1, 1, 2, 0, 0, 0, 0, time.UTC)
	if period > 9999 {
		end = time.Date(int(period/100), time.Month(period%100)+1, 2, 0, 0, 0, 0, time.UTC)
	}
	return end.AddDate(0, boardMonths, 0).UnixMilli()
}

// boards are the periods in which points count that an event at t earned under a book; nil: in none. It costs nothing where
// the book has no leaderboard.
func (d *Decision) boards(book *topics.Rulebook, t int64) []int32 {
	if book == nil || book.Leaderboard == (topics.Leaderboard{}) {
		return nil
	}
	year, month, _ := time.UnixMilli(t).In(book.Zone).Date()
	all := make([]int32, 0, 2)
	if y := int32(year); book.Leaderboard.Year {
		all = append(all, y)
	}
	if book.Leaderboard.Month {
		all = append(all, int32(year)*100+int32(month))
	}
	return d.kept(all)
}

// kept are those of some periods whose boards are not dropped yet; nil where there are none.
func (d *Decision) kept(periods []int32) []int32 {
	var all []int32
	for _, p := range periods {
		if boardEnds(p) > d.moment.Now {
			all = append(all, p)
		}
	}
	return all
}

// boardsOf are the periods in which a pending lot counts once it is active.
func (d *Decision) boardsOf(a *Member, lot uint32) []int32 {
	if i := a.uncounted(lot); i >= 0 {
		return d.kept(a.Uncounted[i].Periods)
	}
	return nil
}

// boardsBefore are the periods from which a reversal takes: those of its grant, by the version that granted, if that
// counted at all and the boards are still there.
func (c *credit) boardsBefore(o *Order, g *Grant) []int32 {
	if len(c.m.Earned) == 0 || c.m.uncounted(g.Lot) >= 0 {
		return nil
	}
	return slices.DeleteFunc(c.boards(c.moment.Books.Version(g.Version), o.At), func(p int32) bool { return c.m.earned(p) == 0 })
}

// prefer notes what a member wants to be shown of them.
func (d *Decision) prefer(r *pointspb.Request, q *pointspb.PreferenceRequest) *Decision {
	id, ok := topics.MemberOf(r.Account)
	if !ok {
		return d.refuse(Conflict)
	}
	a := d.world.Member(id)
	if a.MergedInto != "" {
		return d.refuse(Merged)
	}
	if a.Erased != 0 {
		return d.refuse(Erased)
	}
	d.advance(a)
	if a.Hidden == q.LeaderboardHidden {
		return d.refuse(Unchanged)
	}
	d.emitOf(a, &pointspb.Entry{Account: r.Account, Kind: pointspb.Kind_PREFERENCE, EffectiveAt: d.moment.Now, Preference: q})
	return d
}

// foldBoards adds an entry's points to the boards on which it says that they count.
func (m *Member) foldBoards(e *pointspb.Entry) {
	switch e.Kind {
	case pointspb.Kind_GRANTED:
		if p := e.Postings[1]; p.Account == pointspb.Account_PENDING && len(e.Boards) > 0 {
			m.Uncounted = append(m.Uncounted, Uncounted{p.Lot, e.Boards})
			return
		}
		m.earnEach(e.Boards, posted(e, pointspb.Account_AVAILABLE))
	case pointspb.Kind_ACTIVATED:
		m.dropUncounted(e.Postings[0].Lot)
		m.earnEach(e.Boards, posted(e, pointspb.Account_AVAILABLE))
	case pointspb.Kind_EXPIRED:
		if lot := e.Postings[0].Lot; m.expired(lot) == 0 { // no return will reach it
			m.dropUncounted(lot)
		}
	case pointspb.Kind_REVERSED:
		m.earnEach(e.Boards, -posted(e, pointspb.Account_REVERSED_POINTS))
		own := e.Arithmetic.Lot
		if _, left := m.lot(own); !left && m.expired(own) == 0 {
			m.dropUncounted(own)
		}
	case pointspb.Kind_PREFERENCE:
		m.Hidden = e.Preference.GetLeaderboardHidden()
		m.noteBoards()
	}
}

func (m *Member) earnEach(periods []int32, points int64) {
	for _, p := range periods {
		m.earn(p, points)
	}
}

func (m *Member) earn(period int32, points int64) {
	m.Account.earn(period, points)
	m.noteBoard(period)
}

// earn adds to a period's points, keeping periods ascending; nothing left leaves no trace.
func (a *Account) earn(period int32, points int64) {
	i, ok := slices.BinarySearchFunc(a.Earned, period, func(x Earned, want int32) int { return int(x.Period - want) })
	if !ok {
		a.Earned = slices.Insert(a.Earned, i, Earned{Period: period})
	}
	if a.Earned[i].Points += points; a.Earned[i].Points == 0 {
		a.Earned = slices.Delete(a.Earned, i, i+1)
	}
}

// earned are the points of a period.
func (a *Account) earned(period int32) int64 {
	for _, x := range a.Earned {
		if x.Period == period {
			return x.Points
		}
	}
	return 0
}

func (a *Account) uncounted(lot uint32) int {
	return slices.IndexFunc(a.Uncounted, func(u Uncounted) bool { return u.Lot == lot })
}

func (a *Account) dropUncounted(lot uint32) {
	if i := a.uncounted(lot); i >= 0 {
		a.Uncounted = slices.Delete(a.Uncounted, i, i+1)
	}
}

// Ranked are the points with which a member stands on a period's board; 0: not at all.
func (a *Account) Ranked(period int32) int64 {
	if a.Hidden {
		return 0
	}
	return a.earned(period)
}

func (m *Member) noteBoard(period int32) {
	if !slices.Contains(m.boards, period) {
		m.boards = append(m.boards, period)
	}
}

// ChangedBoards are the periods on whose boards the member changed since the store has it.
func (m *Member) ChangedBoards() []int32 { return m.boards }

// mergeBoards adds what another account earned, whose lots are numbered on by so much. Who was hidden under either id stays so.
func (a *Account) mergeBoards(from *Account, lots uint32) {
	for _, x := range from.Earned {
		a.earn(x.Period, x.Points)
	}
	for _, u := range from.Uncounted {
		a.Uncounted = append(a.Uncounted, Uncounted{u.Lot + lots, u.Periods})
	}
	a.Hidden = a.Hidden || from.Hidden
}

// noteBoards notes that the member changed on every board on which they are.
func (m *Member) noteBoards() {
	for _, x := range m.Earned {
		m.noteBoard(x.Period)
	}
}

// boardName is a board's place of a member among what is forgotten.
func boardName(member string, period int32) string {
	return member + "\x1fboard" + strconv.Itoa(int(period))
}

func boardNamed(name string) (period int32, ok bool) {
	_, rest, _ := strings.Cut(name, "\x1f")
	rest, ok = strings.CutPrefix(rest, "board")
	n, err := strconv.ParseInt(rest, 10, 32)
	return int32(n), ok && err == nil
}

func (s *state) boards(a *Account) {
	s.flags(a.Hidden)
	s.count(len(a.Earned))
	for _, x := range a.Earned {
		s.int(int64(x.Period))
		s.int(x.Points)
	}
	s.count(len(a.Uncounted))
	for _, u := range a.Uncounted {
		s.int(int64(u.Lot))
		s.count(len(u.Periods))
		for _, p := range u.Periods {
			s.int(int64(p))
		}
	}
}

func (r *reading) boards(a *Account) {
	r.flags(&a.Hidden)
	a.Earned = many(r, func() Earned { return Earned{Period: int32(r.int()), Points: r.int()} })
	a.Uncounted = many(r, func() Uncounted {
		return Uncounted{Lot: uint32(r.int()), Periods: many(r, func() int32 { return int32(r.int()) })}
	})
}
