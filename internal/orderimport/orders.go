package orderimport

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"jifen/topics"
)

// names keeps one copy of each text that rows repeat; 0 is the empty text.
type names struct {
	numbers map[string]uint32
	texts   []string
}

func newNames() *names { return &names{numbers: map[string]uint32{"": 0}, texts: []string{""}} }

func (n *names) number(s string) uint32 {
	v, ok := n.numbers[s]
	if !ok {
		s = strings.Clone(s)
		v = uint32(len(n.texts))
		n.numbers[s] = v
		n.texts = append(n.texts, s)
	}
	return v
}

// order is a sale or a refund with its lines, in the order of the file's rows.
type order struct {
	id                     string
	at                     time.Time // of its first row
	member, store, channel uint32
	first                  int // number of its first row in the file
	rows                   int // how many it has, the unusable aside
	refund                 bool
	lines                  []line
}

// line is what was sold, and how much of it has been given back so far.
type line struct {
	number             int // of its row within the order, from 1
	sku, category      uint32
	quantity, returned int64 // as parsedRow.quantity
	pieces             int64
	price              decimal
	net, refunded      int64
}

func (o *order) net() (sum int64) {
	for i := range o.lines {
		sum += o.lines[i].net
	}
	return sum
}

// book gathers the rows of a file into orders; rows of one order need not be adjacent.
type book struct {
	m       *Map
	names   *names
	sales   map[string]*order
	refunds map[string]*order
	list    []*order
	twins   map[topics.Mark]int // how often a row without an order id was there already
	last    *order
}

func newBook(m *Map) *book {
	return &book{m: m, names: newNames(), sales: map[string]*order{}, refunds: map[string]*order{}, twins: map[topics.Mark]int{}}
}

// add puts a row into its order.
func (b *book) add(r *parsedRow, summary *Summary) *refusal {
	if r.order == "" && r.worthNoLine {
		summary.LinesLeftOut++
		return nil
	}
	o := b.orderOf(r)
	member := b.names.number(r.member)
	if member != 0 && o.member != 0 && member != o.member {
		return &refusal{rejectDiffers, "is another than in the order's rows before"}
	}
	if !r.worthNoLine && !o.refund && len(o.lines) == topics.LinesMax {
		return &refusal{rejectTooMany, "the order has " + strconv.Itoa(topics.LinesMax) + " lines already"}
	}
	if o.member == 0 {
		o.member = member
	}
	o.rows++
	if r.worthNoLine {
		summary.LinesLeftOut++
		return nil
	}
	if r.rounded {
		summary.AmountsRounded++
	}
	o.lines = append(o.lines, line{
		number: o.rows, sku: b.names.number(r.sku), category: b.names.number(r.category),
		quantity: r.quantity, pieces: r.pieces, price: r.price, net: r.net,
	})
	return nil
}

func (b *book) orderOf(r *parsedRow) *order {
	if b.last != nil && b.last.id == r.order && b.last.refund == r.refund {
		return b.last
	}
	id := r.order
	if id == "" {
		id = b.madeID(r)
	}
	orders := b.sales
	if r.refund {
		orders = b.refunds
	}
	o := orders[id]
	if o == nil {
		id = strings.Clone(id)
		o = &order{id: id, at: r.at, store: b.names.number(r.store), channel: b.names.number(r.channel), first: r.line, refund: r.refund}
		orders[id] = o
		b.list = append(b.list, o)
	}
	b.last = o
	return o
}

// madeID is the id of a row without one (interfaces: "History"): the same file gives the same ids, another file others.
func (b *book) madeID(r *parsedRow) string {
	amount := strconv.FormatInt(r.net, 10)
	if r.refund {
		amount = "-" + amount
	}
	at := r.at.UTC().Format(time.RFC3339)
	mark := topics.MarkOf(r.member, at, amount, r.sku)
	nth := b.twins[mark]
	b.twins[mark]++
	return topics.ImportedOrderID(r.member, at, amount, r.sku, strconv.Itoa(nth))
}

// inTime sorts by time, orders before refunds at equal times, then as the file has them.
func (b *book) inTime() {
	slices.SortStableFunc(b.list, func(x, y *order) int {
		if c := x.at.Compare(y.at); c != 0 {
			return c
		}
		if x.refund != y.refund {
			if y.refund {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.first, y.first)
	})
}
