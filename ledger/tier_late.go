package ledger

import (
	"time"

	"jifen/topics"
)

// Returns that are decided long after their time change what was booked since: a tier falls in the past, later evaluations
// stay due, and what was bought after the fall leads to a rise that was none while the tier was held (decision 0030).

// followReturn books what a return at t leads to: it raises no tier, and evaluations come as they are due, of what was
// booked after t, too. A rise of orders that count from some instant on is taken back where it is none any more; that of a
// later one is then one. Gone is from when on an order counted of which now nothing is left, 0 = none.
func (d *Decision) followReturn(a *Member, book *topics.Rulebook, t, gone int64) {
	if !tiered(book) {
		return
	}
	lowered := false
	for _, at := range a.instantsAfter(t, gone) {
		if at != gone && !a.countsFrom(at) || lowered && d.raiseAt(a, book, at) {
			continue
		}
		lowered = d.lowerAt(a, book, at) || lowered
	}
	d.plan(a, book, t, gone)
}

// tiered says that a book has tiers that a metric leads to.
func tiered(book *topics.Rulebook) bool {
	return book != nil && len(book.Tiers.Levels) > 0 && !book.Tiers.Membership
}

// evaluationsAfter is the first evaluation after t of a tier that is held there and of those that were booked since; 0: none.
func (d *Decision) evaluationsAfter(a *Member, book *topics.Rulebook, t int64, held int, gone int64) int64 {
	next := max(0, d.evaluationAfter(a, book, t, held))
	for _, at := range a.instantsAfter(t, gone) {
		if b := d.moment.Books.At(time.UnixMilli(at)); tiered(b) {
			next = sooner(next, max(0, d.evaluationAfter(a, b, at, levelNamed(b, a.TierAt(at)))))
		}
	}
	return next
}

// riseAgain books the rises after a fall in the past for what was bought since, where none was booked because the tier was
// held until now: at the day, or at the New Year where days are not kept.
func (d *Decision) riseAgain(a *Member, book *topics.Rulebook, fell int64) {
	var instants []int64
	if book.Tiers.Window.ByDay() {
		for _, day := range a.Days {
			instants = append(instants, day.From)
		}
	} else {
		for at := newYearAfter(book, fell); at <= d.moment.Now; at = newYearAfter(book, at) {
			instants = append(instants, at)
		}
	}
	for i, at := range instants {
		if at <= fell || at > d.moment.Now {
			continue
		}
		until := d.moment.Now
		if i+1 < len(instants) {
			until = instants[i+1] - 1
		}
		metric := a.calendarMetric(book, at)
		if book.Tiers.Window.ByDay() {
			metric = a.windowMetric(book, at, at+1)
		}
		if level := levelOf(book, metric); level > levelNamed(book, a.TierAt(until)) {
			d.raiseTo(a, book, at, level)
		}
	}
}
