package analytics

import (
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// field is one column of a block that is to be inserted. It is written into a Native block by ch-go (HTTP), or handed to
// clickhouse-go's batch (native protocol).
type field interface {
	proto.ColInput
	label() string
	// encode appends values from row on until the buffer holds a piece, and returns the row to go on from.
	encode(b *proto.Buffer, row int) int
	appendTo(c driver.BatchColumn) error
	reset()
}

// column buffers the values of one column; its memory is used again for the next block.
type column[T any] struct {
	name   string
	typ    proto.ColumnType // that goes over the wire; the server casts String to a LowCardinality column
	put    func(b *proto.Buffer, values []T)
	values []T
}

func (c *column[T]) add(v T) { c.values = append(c.values, v) }

func (c *column[T]) label() string                         { return c.name }
func (c *column[T]) Type() proto.ColumnType                { return c.typ }
func (c *column[T]) Rows() int                             { return len(c.values) }
func (c *column[T]) EncodeColumn(b *proto.Buffer)          { c.put(b, c.values) }
func (c *column[T]) WriteColumn(w *proto.Writer)           { w.ChainBuffer(c.EncodeColumn) }
func (c *column[T]) appendTo(col driver.BatchColumn) error { return col.Append(c.values) }

func (c *column[T]) encode(b *proto.Buffer, row int) int {
	const step = 64
	for row < len(c.values) && len(b.Buf) < pieceBytes {
		to := min(row+step, len(c.values))
		c.put(b, c.values[row:to])
		row = to
	}
	return row
}

func (c *column[T]) reset() {
	clear(c.values) // gives back the records that strings point into
	c.values = c.values[:0]
}

// columns is a list of fields under construction.
type columns []field

func add[T any](l *columns, name string, typ proto.ColumnType, put func(*proto.Buffer, []T)) *column[T] {
	c := &column[T]{name: name, typ: typ, put: put}
	*l = append(*l, c)
	return c
}

func (l *columns) text(name string) *column[string] {
	return add(l, name, proto.ColumnTypeString, func(b *proto.Buffer, values []string) {
		for _, v := range values {
			b.PutString(v)
		}
	})
}

func (l *columns) number(name string) *column[int64] {
	return add(l, name, proto.ColumnTypeInt64, putInt64)
}

// instant is a column of Unix milliseconds.
func (l *columns) instant(name string) *column[int64] {
	return add(l, name, "DateTime64(3, 'UTC')", putInt64)
}

// mark is a column of 16 bytes.
func (l *columns) mark(name string) *column[[]byte] {
	return add(l, name, "FixedString(16)", func(b *proto.Buffer, values [][]byte) {
		for _, v := range values {
			var fixed [16]byte
			copy(fixed[:], v)
			b.Buf = append(b.Buf, fixed[:]...)
		}
	})
}

func putInt64(b *proto.Buffer, v []int64)   { proto.ColInt64(v).EncodeColumn(b) }
func putInt32(b *proto.Buffer, v []int32)   { proto.ColInt32(v).EncodeColumn(b) }
func putUInt64(b *proto.Buffer, v []uint64) { proto.ColUInt64(v).EncodeColumn(b) }
func putUInt32(b *proto.Buffer, v []uint32) { proto.ColUInt32(v).EncodeColumn(b) }
func putUInt16(b *proto.Buffer, v []uint16) { proto.ColUInt16(v).EncodeColumn(b) }
func putBool(b *proto.Buffer, v []bool)     { proto.ColBool(v).EncodeColumn(b) }

// textColumn buffers texts that are made here: they share one buffer until the block is sent.
type textColumn struct {
	*column[string]
	buf  []byte
	ends []int
}

func (l *columns) madeText(name string) *textColumn {
	c := &textColumn{column: l.text(name)}
	(*l)[len(*l)-1] = c
	return c
}

// end closes the text that was appended to buf since the last one.
func (c *textColumn) end() { c.ends = append(c.ends, len(c.buf)) }

// seal makes the values out of buf, which must not grow any more.
func (c *textColumn) seal() {
	from := 0
	for _, end := range c.ends {
		c.add(text(c.buf[from:end]))
		from = end
	}
	c.ends = c.ends[:0]
}

func (c *textColumn) reset() {
	c.column.reset()
	c.buf, c.ends = c.buf[:0], c.ends[:0]
}

// text is b as a string without a copy: the block is sent before b changes.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
