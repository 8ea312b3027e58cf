package ledger

import (
	"slices"
	"strings"
	"time"

	"jifen/topics"
	"jifen/topics/pointspb"
)

// Horizon is how long orders, redemptions and seen event ids are kept after their last write, at least.
const Horizon = 400 * 24 * time.Hour

const (
	// sweepPause is the least time between two sweeps of a member: a sweep reads all of their orders.
	sweepPause = 30 * 24 * time.Hour
	// sweepMost bounds what one entry forgets.
	sweepMost = 1000
)

// DueAt is when a state that was last written at t may be forgotten.
func DueAt(written int64) int64 { return written + Horizon.Milliseconds() }

// Forget drops a redemption whose horizon has passed (architecture: "State is bounded").
func Forget(w *World, member, redemption string, m Moment) *Decision {
	d := begin(w, m, due("horizon "+redemption, m.Now))
	d.emit(&pointspb.Entry{Account: topics.MemberAccount(member), Kind: pointspb.Kind_FORGOTTEN, Forgotten: []string{redemption}})
	return d
}

// Sweep drops the orders and the seen months of a member whose horizon has passed. The world must hold all orders of the
// member. The entry says when to look again.
func Sweep(w *World, member string, m Moment) *Decision {
	a := w.Member(member)
	past, next := a.past(m.Now)
	id := "sweep"
	if len(past) > sweepMost {
		past, next = past[:sweepMost], a.Sweep
	} else if next != 0 {
		next = max(next, m.Now+sweepPause.Milliseconds())
	} else {
		next = -1
	}
	if len(past) > 0 { // keeps several sweeps of one instant apart
		id += " " + strings.ReplaceAll(past[0], "\x1f", " ")
	}
	d := begin(w, m, due(id, m.Now))
	d.emit(&pointspb.Entry{Account: topics.MemberAccount(member), Kind: pointspb.Kind_FORGOTTEN, Forgotten: past, SweepAt: next})
	return d
}

// past lists what of a member's orders and seen months is past its horizon, and when the next of them will be (0 = none
// is left).
func (m *Member) past(now int64) (past []string, next int64) {
	look := func(name string, written int64) {
		if at := DueAt(written); at <= now {
			past = append(past, name)
		} else {
			next = sooner(next, at)
		}
	}
	places := topics.RedemptionKey(m.ID, "")
	for key, o := range m.Orders() {
		if m.awaits(o) { // its completion may still come
			next = sooner(next, now+sweepPause.Milliseconds())
			continue
		}
		if strings.HasPrefix(key, places) {
			if o.Completed == 0 { // somebody has to do something about the redemption
				next = sooner(next, now+sweepPause.Milliseconds())
				continue
			}
			look(key, o.Completed)
			continue
		}
		look(key, o.Written)
	}
	for _, x := range m.Months {
		look(SeenKey{m.ID, x.Month}.String(), x.Day)
	}
	for _, x := range m.Earned {
		if at := boardEnds(x.Period); at <= now {
			past = append(past, boardName(m.ID, x.Period))
		} else {
			next = sooner(next, at)
		}
	}
	slices.Sort(past)
	return past, next
}

// kept notes that an entry wrote what is to be forgotten one day.
func (a *Account) kept(e *pointspb.Entry) {
	if a.Sweep == 0 {
		a.Sweep = DueAt(e.RecordedAt)
	}
}

// sawMonth notes the day of the last write of a seen bucket: by the day, so that a busy member's does not change with every event.
func (a *Account) sawMonth(month int32, at int64) {
	for i := range a.Months {
		if a.Months[i].Month == month {
			a.Months[i].Day = max(a.Months[i].Day, day(at))
			return
		}
	}
	a.Months = append(a.Months, SeenMonth{Month: month, Day: day(at)})
}

// day truncates an instant to its UTC day.
func day(t int64) int64 { return t - t%(24*time.Hour).Milliseconds() }

// foldForgotten drops states, and with an order's what its lots lost by expiry.
func (w *World) foldForgotten(m *Member, e *pointspb.Entry) {
	for _, name := range e.Forgotten {
		if IsOrder(name) {
			if o := m.Order(name); o != nil {
				for _, g := range o.Grants {
					m.takeExpired(g.Lot, m.expired(g.Lot))
					m.dropUncounted(g.Lot)
				}
			}
			m.forgetOrder(name)
		} else if period, ok := boardNamed(name); ok {
			m.earn(period, -m.earned(period))
		} else if k, ok := ParseSeenKey(name); ok {
			m.forgetBucket(k.Month)
			m.Months = slices.DeleteFunc(m.Months, func(x SeenMonth) bool { return k.Month != ever && x.Month == k.Month })
		} else {
			w.dropRebate(&m.Account, name)
			w.forgetRedemption(name)
		}
	}
	switch {
	case e.SweepAt > 0:
		m.Sweep = e.SweepAt
	case e.SweepAt < 0:
		m.Sweep = 0
	}
}
