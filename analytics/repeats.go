package analytics

import (
	"slices"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// repeats is a column of few different strings, sent as LowCardinality: each of them once, and a key per row. The server
// keeps them so, and need not look every row's string up.
type repeats struct {
	name  string
	raw   proto.ColLowCardinalityRaw
	words proto.ColStr // the dictionary; the first is the empty string
	keys  map[string]int
	last  string // of the rows from raw.Rows() on
	key   int
}

func (l *columns) repeated(name string) *repeats {
	c := &repeats{name: name, keys: map[string]int{}}
	c.raw.Index = &c.words
	c.reset()
	*l = append(*l, c)
	return c
}

// add needs to be told of a row only if its value may differ from the row's before.
func (c *repeats) add(row int, v string) {
	if v == c.last {
		return
	}
	c.seal(row)
	key, known := c.keys[v]
	if !known {
		key = c.words.Rows()
		c.words.Append(v)
		c.keys[v] = key
		c.widen(key)
	}
	c.last, c.key = v, key
}

// seal gives the last value to the rows up to there.
func (c *repeats) seal(rows int) {
	switch c.raw.Key {
	case proto.KeyUInt8:
		c.raw.Keys8 = upTo(c.raw.Keys8, rows, uint8(c.key)) //nolint:gosec // widen sees to it
	case proto.KeyUInt16:
		c.raw.Keys16 = upTo(c.raw.Keys16, rows, uint16(c.key)) //nolint:gosec // widen sees to it
	default:
		c.raw.Keys32 = upTo(c.raw.Keys32, rows, uint32(c.key)) //nolint:gosec // there are fewer rows
	}
}

func upTo[T any](keys []T, rows int, key T) []T {
	keys = slices.Grow(keys, max(rows-len(keys), 0))
	for len(keys) < rows {
		keys = append(keys, key)
	}
	return keys
}

// widen makes room for a key that is one larger than those before.
func (c *repeats) widen(key int) {
	switch key {
	case 1 << 8:
		for _, k := range c.raw.Keys8 {
			c.raw.Keys16 = append(c.raw.Keys16, uint16(k))
		}
		c.raw.Key = proto.KeyUInt16
	case 1 << 16:
		for _, k := range c.raw.Keys16 {
			c.raw.Keys32 = append(c.raw.Keys32, uint32(k))
		}
		c.raw.Key = proto.KeyUInt32
	}
}

func (c *repeats) label() string                { return c.name }
func (c *repeats) blank() bool                  { return c.words.Rows() == 1 }
func (c *repeats) Type() proto.ColumnType       { return c.raw.Type() }
func (c *repeats) Rows() int                    { return c.raw.Rows() }
func (c *repeats) EncodeState(b *proto.Buffer)  { c.raw.EncodeState(b) }
func (c *repeats) EncodeColumn(b *proto.Buffer) { c.raw.EncodeColumn(b) }
func (c *repeats) WriteColumn(w *proto.Writer)  { w.ChainBuffer(c.EncodeColumn) }

func (c *repeats) encode(b *proto.Buffer, _ int) int {
	c.raw.EncodeColumn(b)
	return done
}

func (c *repeats) reset() {
	c.raw.Reset()
	c.raw.Key = proto.KeyUInt8
	clear(c.keys)
	c.words.Append("")
	c.keys[""] = 0
	c.last, c.key = "", 0
}

func (c *repeats) appendTo(col driver.BatchColumn) error {
	values := make([]string, 0, c.Rows())
	word := func(key int) { values = append(values, c.words.Row(key)) }
	switch c.raw.Key {
	case proto.KeyUInt8:
		each(c.raw.Keys8, word)
	case proto.KeyUInt16:
		each(c.raw.Keys16, word)
	default:
		each(c.raw.Keys32, word)
	}
	return col.Append(values)
}

func each[T ~uint8 | ~uint16 | ~uint32](keys []T, do func(int)) {
	for _, k := range keys {
		do(int(k))
	}
}
