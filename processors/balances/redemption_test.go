package balances_test

import (
	"fmt"
	"testing"

	"jifen/ledger"
	"jifen/topics"
)

// vectorX3: 6000 points, a night for 6000, fifty requests with their own keys.
func vectorX3(t *testing.T) {
	p := start(t)
	p.batch(p.load("night", 6000, 60), p.gift("ana", "g", 6000))
	var all []topics.Record
	for i := range 50 {
		all = append(all, p.reserve("ana", "night", fmt.Sprint(i), 1))
	}
	p.batch(all...)
	p.batch(p.queueAll()...) // fifty debits in one transaction
	p.drain()
	w := p.log.world(t)
	equal(t, "applied", p.outcomes["debit applied"], 1)
	equal(t, "refused", p.outcomes["debit insufficient_points"], 49)
	equal(t, "balance", p.available("ana"), int64(0))
	night := w.Items["night"]
	equal(t, "free, reserved, sold", []int64{night.Free, night.Reserved, night.Sold}, []int64{59, 0, 1})
	equal(t, "answers", len(p.redeemed), 50)
	p.sound("at the end")
}

func (p *program) queueAll() []topics.Record {
	all := p.queue
	p.queue = nil
	return all
}

// vectorX4: one unit, fifty members.
func vectorX4(t *testing.T) {
	p := start(t)
	batch := []topics.Record{p.load("night", 100, 1)}
	for i := range 50 {
		batch = append(batch, p.gift(fmt.Sprint("m", i), "g", 100))
	}
	p.batch(batch...)
	var all []topics.Record
	for i := range 50 {
		all = append(all, p.reserve(fmt.Sprint("m", i), "night", "k", 1))
	}
	p.batch(all[:20]...)
	p.batch(all[20:]...)
	p.drain()
	equal(t, "applied", p.outcomes["debit applied"], 1)
	equal(t, "sold out", p.outcomes["debit sold_out"], 49)
	untouched := 0
	for i := range 50 {
		if p.available(fmt.Sprint("m", i)) == 100 {
			untouched++
		}
	}
	equal(t, "unchanged balances", untouched, 49)
	night := p.log.world(t).Items["night"]
	equal(t, "free, reserved, sold", []int64{night.Free, night.Reserved, night.Sold}, []int64{0, 0, 1})
	p.sound("at the end")
}

// vectorX5: one key fifty times, in all the ways in which repeats can overtake each other.
func vectorX5(t *testing.T) {
	for name, feed := range map[string]func(p *program, r topics.Record){
		"one batch": func(p *program, r topics.Record) {
			var all []topics.Record
			for range 50 {
				all = append(all, r)
			}
			p.batch(all...)
			p.batch(p.queueAll()...)
			p.drain()
		},
		"one after the other": func(p *program, r topics.Record) {
			for range 50 {
				p.batch(r)
				p.drain()
			}
		},
		"interleaved": func(p *program, r topics.Record) {
			for range 50 {
				p.batch(r)
				if len(p.queue) > 1 {
					next := p.queue[len(p.queue)-1]
					p.queue = p.queue[:len(p.queue)-1]
					p.batch(next)
				}
			}
			p.drain()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			p.batch(p.load("cup", 60, 5), p.gift("ana", "g", 100))
			feed(p, p.reserve("ana", "cup", "k", 1))
			w := p.log.world(t)
			equal(t, "orders", p.log.kinds(t)["REDEEMED"], 1)
			equal(t, "applied", p.outcomes["debit applied"], 1)
			equal(t, "repeats", p.outcomes["debit duplicate"]+p.outcomes["debit applied"], 50)
			equal(t, "balance", p.available("ana"), int64(40))
			cup := w.Items["cup"]
			equal(t, "free, reserved, sold", []int64{cup.Free, cup.Reserved, cup.Sold}, []int64{4, 0, 1})
			for id, r := range w.Redemptions {
				equal(t, id, r.Outcome, ledger.Applied)
			}
			p.sound("at the end")
		})
	}
}

func TestSameKeyWithAnotherBodyIsAConflictAndReleases(t *testing.T) {
	p := start(t)
	p.batch(p.load("cup", 10, 5), p.load("pot", 20, 5), p.gift("ana", "g", 100))
	p.batch(p.reserve("ana", "cup", "k", 1))
	p.drain()
	p.batch(p.reserve("ana", "cup", "k", 2))
	p.drain()
	p.batch(p.reserve("ana", "pot", "k", 1))
	p.drain()
	equal(t, "conflicts", p.outcomes["debit conflict"], 2)
	equal(t, "balance", p.available("ana"), int64(90))
	w := p.log.world(t)
	for item, want := range map[string][]int64{"cup": {4, 0, 1}, "pot": {5, 0, 0}} {
		i := w.Items[item]
		equal(t, item, []int64{i.Free, i.Reserved, i.Sold}, want)
	}
	equal(t, "answer", w.Redemptions[topics.RedemptionID("ana", "k")].Quantity, int64(1))
	p.sound("at the end")
}

// TestBodiesInFlightTogether: both bodies of one key are reserved before either is decided.
func TestBodiesInFlightTogether(t *testing.T) {
	p := start(t)
	p.batch(p.load("cup", 10, 5), p.gift("ana", "g", 100))
	p.batch(p.reserve("ana", "cup", "k", 1), p.reserve("ana", "cup", "k", 3))
	reserved := p.log.world(t).Items["cup"]
	equal(t, "held", []int64{reserved.Free, reserved.Reserved}, []int64{1, 4})
	p.drain()
	cup := p.log.world(t).Items["cup"]
	equal(t, "free, reserved, sold", []int64{cup.Free, cup.Reserved, cup.Sold}, []int64{4, 0, 1})
	equal(t, "balance", p.available("ana"), int64(90))
	equal(t, "outcomes", []int{p.outcomes["debit applied"], p.outcomes["debit conflict"]}, []int{1, 1})
}

// vectorX11 kills the owner of either shard at every point of the three steps, with the requests of clients repeated.
func vectorX11(t *testing.T) {
	for _, points := range []int64{100, 5} { // enough, and not
		for step := range 3 {
			for _, kill := range []string{"after decide", "after commit", "after apply"} {
				t.Run(fmt.Sprint(points, " points, step ", step+1, " ", kill), func(t *testing.T) { finishes(t, points, step, kill) })
			}
		}
	}
}

func finishes(t *testing.T, points int64, step int, kill string) {
	p := start(t)
	p.batch(p.load("cup", 60, 2), p.gift("ana", "g", points))
	next := []topics.Record{p.reserve("ana", "cup", "k", 1)}
	for n := 0; len(next) > 0; n++ {
		switch {
		case n != step:
			p.batch(next...)
		case kill == "after decide":
			p.process(next...)
			p.takeover()
			p.batch(next...)
		case kill == "after commit":
			p.commit(p.process(next...))
			p.takeover()
		default:
			p.batch(next...)
			p.takeover()
		}
		next = p.queueAll()
	}
	p.batch(p.reserve("ana", "cup", "k", 1)) // the client repeats itself
	p.drain()
	w := p.log.world(t)
	cup := w.Items["cup"]
	sold, left := int64(1), points-60
	if points < 60 {
		sold, left = 0, points
	}
	equal(t, "free, reserved, sold", []int64{cup.Free, cup.Reserved, cup.Sold}, []int64{2 - sold, 0, sold})
	equal(t, "balance", p.available("ana"), left)
	kinds := p.log.kinds(t)
	equal(t, "answers", kinds["REDEEMED"]+kinds["REFUSED"], 1)
	p.wakeAll()
	p.sound("at the end")
}
