package orderimport

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"jifen/topics"
)

// writer turns orders, in time order, into events.
type writer struct {
	m        *Map
	names    *names
	shelf    *shelf
	backfill string
	summary  *Summary
	members  map[uint32]struct{}
	events   []topics.Event
}

func (w *writer) sale(o *order) {
	if len(o.lines) == 0 || o.net() == 0 {
		return
	}
	if o.member == 0 {
		w.summary.OrdersWithoutMember++
		return
	}
	w.summary.OrdersPaid++
	w.summary.Lines += len(o.lines)
	w.members[o.member] = struct{}{}
	w.shelf.put(o)
	e := w.event(topics.TypeOrderPaid, o, o.member)
	e.ID = boundedID("paid", o.id)
	e.Data.Order, e.Data.Currency = o.id, w.m.Currency
	e.Data.Lines = make([]topics.Line, len(o.lines))
	for i := range o.lines {
		l := &o.lines[i]
		e.Data.Lines[i] = topics.Line{
			Line: strconv.Itoa(l.number), SKU: w.names.texts[l.sku], Category: w.names.texts[l.category],
			Quantity: l.pieces, Net: l.net,
		}
	}
	w.events = append(w.events, e)
}

func (w *writer) event(typ string, o *order, member uint32) topics.Event {
	return topics.Event{
		Source: w.m.Source, Type: typ, Time: o.at, Backfill: w.backfill,
		Data: topics.Data{Member: w.names.texts[member], Store: w.names.texts[o.store], Channel: w.names.texts[o.channel]},
	}
}

// refund writes one event for each order that the refund takes from.
func (w *writer) refund(o *order) {
	w.summary.RefundOrders++
	member := o.member
	if original := w.shelf.original(o); original != nil {
		member = original.member
	}
	if member == 0 {
		w.summary.RefundLinesWithoutMember += len(o.lines)
		return
	}
	var parts []given
	for i := range o.lines {
		found, left := w.shelf.take(o, o.lines[i].sku, o.lines[i].quantity)
		switch {
		case left == 0:
			w.summary.RefundLinesMatched++
		case len(found) > 0:
			w.summary.RefundLinesPartlyMatched++
			w.summary.RefundLinesUnmatched++
		default:
			w.summary.RefundLinesUnmatched++
		}
		parts = append(parts, found...)
	}
	for len(parts) > 0 {
		parts = w.refundOf(o, member, parts)
	}
}

// refundOf writes what the parts give back of the first part's order, and returns the parts of other orders.
func (w *writer) refundOf(o *order, member uint32, parts []given) (others []given) {
	original := parts[0].ref.o
	nets := map[int]int64{}
	var lines []int
	for _, p := range parts {
		if p.ref.o != original {
			others = append(others, p)
			continue
		}
		if _, known := nets[p.ref.at]; !known {
			lines = append(lines, p.ref.at)
		}
		nets[p.ref.at] += p.net
	}
	e := w.event(topics.TypeOrderRefunded, o, member)
	e.Data.Order, e.Data.Refund = original.id, boundedID(o.id, original.id)
	e.ID = boundedID("refunded", e.Data.Refund)
	for _, at := range lines {
		if nets[at] > 0 {
			e.Data.Lines = append(e.Data.Lines, topics.Line{Line: strconv.Itoa(original.lines[at].number), Net: nets[at]})
		}
	}
	if len(e.Data.Lines) > 0 {
		w.events = append(w.events, e)
	}
	return others
}

// boundedID joins parts to an id; where that is too long, a hash stands for them.
func boundedID(parts ...string) string {
	id := strings.Join(parts, ":")
	if utf8.RuneCountInString(id) <= topics.IDCharsMax {
		return id
	}
	mark := topics.MarkOf(parts...)
	return "sha256:" + hex.EncodeToString(mark[:])
}
