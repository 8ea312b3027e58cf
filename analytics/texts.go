package analytics

import (
	"bytes"
	"fmt"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// texts is a column of short strings, kept as they go over the wire.
type texts struct {
	name string
	buf  proto.Buffer
	n    int // rows in buf
}

func (l *columns) text(name string) *texts {
	c := &texts{name: name}
	*l = append(*l, c)
	return c
}

func (c *texts) add(row int, v string) {
	if v != "" {
		c.seal(row)
		c.buf.PutString(v)
		c.n++
	}
}

func (c *texts) seal(rows int) {
	for ; c.n < rows; c.n++ {
		c.buf.Buf = append(c.buf.Buf, 0) // an empty string is its length
	}
}

func (c *texts) label() string                { return c.name }
func (c *texts) blank() bool                  { return c.n == 0 }
func (c *texts) Type() proto.ColumnType       { return proto.ColumnTypeString }
func (c *texts) Rows() int                    { return c.n }
func (c *texts) EncodeColumn(b *proto.Buffer) { b.PutRaw(c.buf.Buf) }
func (c *texts) WriteColumn(w *proto.Writer)  { w.ChainBuffer(c.EncodeColumn) }
func (c *texts) encode(b *proto.Buffer, at int) int {
	return encodeBytes(b, c.buf.Buf, at)
}

func (c *texts) reset() {
	c.buf.Reset()
	c.n = 0
}

func (c *texts) appendTo(col driver.BatchColumn) error {
	var read proto.ColStr
	if err := read.DecodeColumn(proto.NewReader(bytes.NewReader(c.buf.Buf)), c.n); err != nil {
		return fmt.Errorf("read what was buffered: %w", err)
	}
	values := make([]string, c.n)
	for i := range values {
		values[i] = read.Row(i)
	}
	return col.Append(values)
}

func encodeBytes(b *proto.Buffer, all []byte, at int) int {
	to := min(len(all), at+max(pieceBytes-len(b.Buf), 0))
	b.PutRaw(all[at:to])
	if to == len(all) {
		return done
	}
	return to
}

// marks is a column of 16 bytes each.
type marks struct {
	name string
	buf  []byte
}

const markSize = 16

func (l *columns) mark(name string) *marks {
	c := &marks{name: name}
	*l = append(*l, c)
	return c
}

func (c *marks) add(row int, v []byte) {
	c.seal(row)
	c.buf = append(c.buf, v...)
	c.seal(row + 1)
}

func (c *marks) seal(rows int) {
	for missing := rows*markSize - len(c.buf); missing > 0; missing -= markSize {
		var zero [markSize]byte
		c.buf = append(c.buf, zero[:min(missing, markSize)]...)
	}
}

func (c *marks) label() string                      { return c.name }
func (c *marks) blank() bool                        { return len(c.buf) == 0 }
func (c *marks) Type() proto.ColumnType             { return "FixedString(16)" }
func (c *marks) Rows() int                          { return len(c.buf) / markSize }
func (c *marks) EncodeColumn(b *proto.Buffer)       { b.PutRaw(c.buf) }
func (c *marks) WriteColumn(w *proto.Writer)        { w.ChainBuffer(c.EncodeColumn) }
func (c *marks) encode(b *proto.Buffer, at int) int { return encodeBytes(b, c.buf, at) }
func (c *marks) reset()                             { c.buf = c.buf[:0] }

func (c *marks) appendTo(col driver.BatchColumn) error {
	values := make([][]byte, c.Rows())
	for i := range values {
		values[i] = c.buf[i*markSize : (i+1)*markSize]
	}
	return col.Append(values)
}

// bodies is a column of long strings: it refers to the records' bytes, which are copied once, while they are sent.
type bodies struct {
	name   string
	values [][]byte
}

func (l *columns) body(name string) *bodies {
	c := &bodies{name: name}
	*l = append(*l, c)
	return c
}

func (c *bodies) add(row int, v []byte) {
	if len(v) > 0 {
		c.seal(row)
		c.values = append(c.values, v)
	}
}

func (c *bodies) seal(rows int) {
	for len(c.values) < rows {
		c.values = append(c.values, nil)
	}
}

func (c *bodies) label() string               { return c.name }
func (c *bodies) blank() bool                 { return len(c.values) == 0 }
func (c *bodies) Type() proto.ColumnType      { return proto.ColumnTypeString }
func (c *bodies) Rows() int                   { return len(c.values) }
func (c *bodies) WriteColumn(w *proto.Writer) { w.ChainBuffer(c.EncodeColumn) }

func (c *bodies) EncodeColumn(b *proto.Buffer) {
	for _, v := range c.values {
		b.PutString(text(v))
	}
}

func (c *bodies) encode(b *proto.Buffer, at int) int {
	for ; at < len(c.values); at++ {
		if len(b.Buf) >= pieceBytes {
			return at
		}
		b.PutString(text(c.values[at]))
	}
	return done
}

func (c *bodies) reset() {
	clear(c.values) // gives back the records
	c.values = c.values[:0]
}

func (c *bodies) appendTo(col driver.BatchColumn) error {
	values := make([]string, len(c.values))
	for i, v := range c.values {
		values[i] = text(v)
	}
	return col.Append(values)
}
