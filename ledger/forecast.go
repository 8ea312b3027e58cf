package ledger

import "jifen/topics/pointspb"

// Forecast books in a world of its own what the clock will make due for a member up to an instant, step by step, as an
// owner who is never late and hears of no event would. It returns the entries in the order of their effective time.
func Forecast(w *World, member string, m Moment, until int64) []*pointspb.Entry {
	entries := Advance(w, member, m).Entries
	a := w.Member(member)
	for a.Due != 0 && a.Due <= until {
		entries = append(entries, Advance(w, member, Moment{Now: a.Due, Books: m.Books}).Entries...)
	}
	return entries
}

// Calendar is what becomes of a member's lots by the clock alone, by instant.
type Calendar struct {
	Expiries    []Expiring
	Activations []Activating
	Awaiting    int64 // pending until orders are completed
	Lasting     int64 // spendable or pending points that expire later, or never
}

// Expiring are the points that become breakage at an instant, Unix ms.
type Expiring struct{ At, Points int64 }

// Activating are pending points that become spendable at an instant, Unix ms, what repays debt taken off.
type Activating struct{ At, Points int64 }

// CalendarOf makes the calendar of a forecast: its entries, and the account as they leave it.
func CalendarOf(entries []*pointspb.Entry, a *Account) Calendar {
	var c Calendar
	for _, e := range entries {
		switch e.Kind {
		case pointspb.Kind_EXPIRED:
			if n := len(c.Expiries); n == 0 || c.Expiries[n-1].At != e.EffectiveAt {
				c.Expiries = append(c.Expiries, Expiring{At: e.EffectiveAt})
			}
			c.Expiries[len(c.Expiries)-1].Points += posted(e, pointspb.Account_BREAKAGE)
		case pointspb.Kind_ACTIVATED, pointspb.Kind_REPAID:
			if n := len(c.Activations); n == 0 || c.Activations[n-1].At != e.EffectiveAt {
				c.Activations = append(c.Activations, Activating{At: e.EffectiveAt})
			}
			c.Activations[len(c.Activations)-1].Points += posted(e, pointspb.Account_AVAILABLE)
		}
	}
	for i := range a.Lots {
		switch l := &a.Lots[i]; {
		case l.awaits():
			c.Awaiting += l.Remaining
		default:
			c.Lasting += l.Remaining
		}
	}
	return c
}

// posted is what an entry posts to an account.
func posted(e *pointspb.Entry, account pointspb.Account) int64 {
	var n int64
	for _, p := range e.Postings {
		if p.Account == account {
			n += p.Points
		}
	}
	return n
}
