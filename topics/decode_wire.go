package topics

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A wire type is one event type's data as JSON has it. Optional members may be absent, null or, if text, empty;
// a pointer tells absent from 0. Unknown members are ignored.
type wire interface{ fill(c *checker, d *Data) }

// decodeAs reads data of type T strictly: duplicate names, invalid UTF-8 and wrong JSON types are refused.
func decodeAs[T any, P interface {
	*T
	wire
}](value []byte, d *Data) *Reject {
	var w T
	if err := json.Unmarshal(value, &w); err != nil {
		return rejectJSON(err, value)
	}
	var c checker
	P(&w).fill(&c, d)
	return c.reject
}

// memberWire is what every type's data has.
type memberWire struct {
	Member  string `json:"member"`
	Store   string `json:"store"`
	Channel string `json:"channel"`
}

func (w *memberWire) fill(c *checker, d *Data) {
	d.Member, d.Store, d.Channel = w.Member, w.Store, w.Channel
	c.id("member", w.Member)
	c.optional("store", w.Store)
	c.optional("channel", w.Channel)
}

type paidWire struct {
	memberWire
	Order          string     `json:"order"`
	Currency       string     `json:"currency"`
	Lines          []lineWire `json:"lines"`
	Freight        int64      `json:"freight"`
	Tax            int64      `json:"tax"`
	PaidWithPoints int64      `json:"paid_with_points"`
	Referral       string     `json:"referral"`
}

type lineWire struct {
	Line     string   `json:"line"`
	SKU      string   `json:"sku"`
	Category string   `json:"category"`
	Tags     []string `json:"tags"`
	Quantity *int64   `json:"quantity"` // 1 if absent
	Net      *int64   `json:"net"`
}

func (w *paidWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Order, d.Currency, d.Referral = w.Order, w.Currency, w.Referral
	d.Freight, d.Tax, d.PaidWithPoints = w.Freight, w.Tax, w.PaidWithPoints
	c.id("order", w.Order)
	c.currency(w.Currency)
	c.token("referral", w.Referral, false)
	c.amount("freight", w.Freight)
	c.amount("tax", w.Tax)
	c.amount("paid_with_points", w.PaidWithPoints)
	if !c.lineCount(len(w.Lines)) {
		return
	}
	d.Lines = make([]Line, len(w.Lines))
	for i := range w.Lines {
		w.Lines[i].fill(c, &d.Lines[i])
	}
	c.lines(d)
}

func (w *lineWire) fill(c *checker, l *Line) {
	l.Line, l.SKU, l.Category = w.Line, w.SKU, w.Category
	c.id("lines.line", w.Line)
	c.optional("lines.sku", w.SKU)
	c.optional("lines.category", w.Category)
	for _, tag := range w.Tags {
		c.id("lines.tags", tag)
	}
	if len(w.Tags) > 0 {
		l.Tags = w.Tags
	}
	l.Quantity = c.quantity("lines.quantity", w.Quantity)
	l.Net = c.net(w.Net)
}

type completedWire struct {
	memberWire
	Order string `json:"order"`
}

func (w *completedWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Order = w.Order
	c.id("order", w.Order)
}

type refundedWire struct {
	memberWire
	Order  string           `json:"order"`
	Refund string           `json:"refund"`
	Lines  []refundLineWire `json:"lines"`
}

type refundLineWire struct {
	Line string `json:"line"`
	Net  *int64 `json:"net"`
}

func (w *refundedWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Order, d.Refund = w.Order, w.Refund
	c.id("order", w.Order)
	c.id("refund", w.Refund)
	if !c.lineCount(len(w.Lines)) {
		return
	}
	d.Lines = make([]Line, len(w.Lines))
	for i, l := range w.Lines {
		c.id("lines.line", l.Line)
		d.Lines[i] = Line{Line: l.Line, Net: c.net(l.Net)}
	}
	c.lines(d)
}

type activityWire struct {
	memberWire
	Activity   string                    `json:"activity"`
	Quantity   *int64                    `json:"quantity"` // 1 if absent
	Amount     int64                     `json:"amount"`
	Attributes map[string]jsontext.Value `json:"attributes"`
}

func (w *activityWire) fill(c *checker, d *Data) {
	w.memberWire.fill(c, d)
	d.Activity, d.Amount = w.Activity, w.Amount
	c.id("activity", w.Activity)
	c.amount("amount", w.Amount)
	d.Quantity = c.quantity("quantity", w.Quantity)
	if len(w.Attributes) > 0 {
		d.Attributes = make(map[string]string, len(w.Attributes))
	}
	for name, v := range w.Attributes {
		d.Attributes[name] = attribute(v)
	}
}

// attribute is the text of a string, and any other value as its JSON.
func attribute(v jsontext.Value) string {
	var s string
	if v.Kind() == '"' && json.Unmarshal(v, &s) == nil {
		return s
	}
	return string(v)
}
