package ledger

import (
	"slices"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Day is the tier metric of one day in the program's zone, kept where the rulebook's window needs it.
type Day struct {
	From   int64 // first instant, Unix ms
	Spend  int64
	Orders int32
}

// Anniversary is from when on a member's own years run: the day of the registration or of the first order, whichever was
// decided first. The zero value: neither was.
type Anniversary struct {
	From       int64 // first instant of the day, Unix ms
	Registered bool  // no return takes it back
}

// daysKept is how far behind the newest order days are kept: what a window reaches back, and a month for late events.
func daysKept(w topics.Window) (months int) {
	if w == topics.Anniversary {
		return 25
	}
	return 13
}

// addDay adds to a day's metric, keeping days ascending. What is taken back from a day that is no longer kept is forgotten.
func (a *Account) addDay(day, spend int64, orders int32) {
	if day < a.DaysFrom {
		return
	}
	i, ok := slices.BinarySearchFunc(a.Days, day, func(d Day, want int64) int {
		switch {
		case d.From < want:
			return -1
		case d.From > want:
			return 1
		}
		return 0
	})
	if !ok {
		if spend < 0 || orders < 0 {
			return
		}
		a.Days = slices.Insert(a.Days, i, Day{From: day})
	}
	d := &a.Days[i]
	d.Spend, d.Orders = d.Spend+spend, d.Orders+orders
	if d.Spend == 0 && d.Orders == 0 {
		a.Days = slices.Delete(a.Days, i, i+1)
	}
}

// keepDays drops the days before one: what later entries say of them counts no more.
func (a *Account) keepDays(from int64) {
	n := 0
	for n < len(a.Days) && a.Days[n].From < from {
		n++
	}
	if n > 0 {
		a.Days, a.DaysFrom = slices.Delete(a.Days, 0, n), max(a.DaysFrom, from)
	}
}

// foldDay does what an entry says of days.
func (a *Account) foldDay(e *pointspb.Entry) {
	d := e.MetricDay
	if m := e.Metric; m != nil && d.Day != 0 {
		a.addDay(d.Day, m.Spend, m.Orders)
	}
	a.keepDays(d.KeepFrom)
	switch {
	case d.Anchor > 0:
		a.Anniversary = Anniversary{From: d.Anchor, Registered: d.Registered}
	case d.Anchor < 0:
		a.Anniversary = Anniversary{}
	}
}

// keepDay puts on the first entry of an event what a window of days needs of it.
func (c *credit) keepDay(e *pointspb.Entry) {
	t := c.event.Cause.OccurredAt
	order, registered := c.event.Order != nil, c.event.Cause.Type == topics.TypeRegistered
	if !order && !registered {
		return
	}
	d, w := &c.desk.day, c.book.Tiers.Window
	today := startOfDay(c.book.Zone, t, 0, 0)
	if order {
		newest := t
		if n := len(c.m.Days); n > 0 {
			newest = max(newest, c.m.Days[n-1].From)
		}
		d.Day, d.KeepFrom = today, startOfDay(c.book.Zone, newest, 0, -daysKept(w))
		if d.Day < d.KeepFrom {
			d.Day, d.KeepFrom = 0, 0 // history from before all that counts
		}
	}
	if w == topics.Anniversary && c.m.Anniversary.From == 0 {
		d.Anchor, d.Registered = today, registered
	}
	if d.Day != 0 || d.Anchor != 0 {
		e.MetricDay = d
	}
}

// dayOf is the day of an order whose metric a return changes; nil: it is not kept by days.
func (c *credit) dayOf(o *Order) *pointspb.MetricDay {
	book := c.moment.Books.At(time.UnixMilli(o.At))
	if book == nil || !book.Tiers.Window.ByDay() {
		return nil
	}
	return &pointspb.MetricDay{Day: startOfDay(book.Zone, o.At, 0, 0)}
}

// dropAnchor takes back from when on the member's own years run, where the only order was returned in full (§4's law).
func (c *credit) dropAnchor(e *pointspb.Entry) {
	if c.m.Anniversary.From == 0 || c.m.Anniversary.Registered {
		return
	}
	n := int32(0)
	for _, y := range c.m.Years {
		n += y.Orders
	}
	for i := range c.m.PendingOrders {
		n += c.m.PendingOrders[i].Orders
	}
	if n > 1 {
		return
	}
	if e.MetricDay == nil {
		e.MetricDay = &pointspb.MetricDay{}
	}
	e.MetricDay.Anchor = -1
}

// startOfDay is the first instant of the day that shows years and months after that of t.
func startOfDay(zone *time.Location, t int64, years, months int) int64 {
	y, m, d := time.UnixMilli(t).In(zone).Date()
	return topics.StartOfDay(y+years, m+time.Month(months), d, zone).UnixMilli()
}

// days calls for what is kept of every day, and of the orders that count from some instant up to t on.
func (a *Account) days(t int64, each func(Day)) {
	for _, d := range a.Days {
		each(d)
	}
	for i := range a.PendingOrders {
		if p := &a.PendingOrders[i]; p.Day != 0 && p.At != 0 && p.At <= t {
			each(Day{From: p.Day, Spend: p.Spend, Orders: p.Orders})
		}
	}
}

// between is the metric of the days of [from, to) that counts at t.
func (a *Account) between(book *topics.Rulebook, from, to, t int64) int64 {
	var sum int64
	a.days(t, func(d Day) {
		if from <= d.From && d.From < to {
			sum += d.metric(book)
		}
	})
	return sum
}

func (d Day) metric(book *topics.Rulebook) int64 {
	if book.Tiers.Metric == "paid_orders" {
		return int64(d.Orders)
	}
	return d.Spend
}

// never is after all that a clock shows.
const never = 1<<63 - 1

// windowMetric is the metric of a window of days at t, of the days before an instant. An order of some day counts to the end of the same date of the next
// year, as points do (L1, L2); a member's own year counts to the end of the next.
func (a *Account) windowMetric(book *topics.Rulebook, t, before int64) int64 {
	if book.Tiers.Window == topics.Rolling {
		return a.between(book, startOfDay(book.Zone, t, -1, 0), before, t)
	}
	y := a.yearAround(book, t)
	last, this, next := a.yearFrom(book, y-1), a.yearFrom(book, y), a.yearFrom(book, y+1)
	return max(a.between(book, last, this, t), a.between(book, this, min(next, before), t))
}

// yearFrom is when the member's own year of a calendar year begins: the calendar's, where no day of theirs is known. One
// from 29 Feb begins on 1 Mar where there is none.
func (a *Account) yearFrom(book *topics.Rulebook, year int) int64 {
	month, day := time.January, 1
	if a.Anniversary.From != 0 && book.Tiers.Window == topics.Anniversary {
		_, month, day = time.UnixMilli(a.Anniversary.From).In(book.Zone).Date()
	}
	return topics.StartOfDay(year, month, day, book.Zone).UnixMilli()
}

// yearAround is the calendar year in which the member's own year around t begins.
func (a *Account) yearAround(book *topics.Rulebook, t int64) int {
	y := int(yearOf(book, t))
	if a.yearFrom(book, y) > t {
		y--
	}
	return y
}

// yearAfter is when the member's next year begins: at New Year, or on their own day.
func (a *Account) yearAfter(book *topics.Rulebook, t int64) int64 {
	return a.yearFrom(book, a.yearAround(book, t)+1)
}

// rollsBelow is the first midnight after t at which the rolling metric is below a threshold, if nothing is added to it.
func (a *Account) rollsBelow(book *topics.Rulebook, t, threshold int64) int64 {
	from := startOfDay(book.Zone, t, -1, 0)
	var counted []Day
	var sum int64
	a.days(t, func(d Day) {
		if d.From >= from {
			counted, sum = append(counted, d), sum+d.metric(book)
		}
	})
	slices.SortFunc(counted, func(x, y Day) int { return int(min(1, max(-1, x.From-y.From))) })
	for _, d := range counted {
		if sum -= d.metric(book); sum < threshold {
			return topics.Validity{Years: 1}.ExpiresAt(time.UnixMilli(d.From), book.Zone).UnixMilli()
		}
	}
	return midnightAfter(book, t)
}

// changed is until when the calendar years' metric counts beside that of a window of days: as long from the first
// of the versions that have it on as it reaches back. What was bought before them is not kept by days, and nobody is to fall
// because of that.
func changed(books topics.Books, book *topics.Rulebook) int64 {
	since := book
	for i := len(books) - 1; i >= 0; i-- {
		switch b := books[i]; {
		case b.From.After(book.From):
		case b.Tiers.Window != book.Tiers.Window:
			return startOfDay(book.Zone, since.From.UnixMilli(), 0, daysKept(book.Tiers.Window)-1)
		default:
			since = b
		}
	}
	return 0 // it has always been so
}

func (s *state) days(a *Account) {
	s.flags(a.Anniversary.Registered)
	s.int(a.Anniversary.From)
	s.count(len(a.Days))
	last := int64(0)
	for _, d := range a.Days {
		s.int(d.From - last)
		s.int(d.Spend)
		s.int(int64(d.Orders))
		last = d.From
	}
}

func (r *reading) days(a *Account) {
	a.Anniversary = Anniversary{}
	r.flags(&a.Anniversary.Registered)
	a.Anniversary.From = r.int()
	last := int64(0)
	a.Days = many(r, func() Day {
		d := Day{From: last + r.int(), Spend: r.int(), Orders: int32(r.int())}
		last = d.From
		return d
	})
}
