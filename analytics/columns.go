package analytics

import (
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// field is one column of a block that is to be inserted. It is written into a Native block by ch-go (HTTP), or handed to
// clickhouse-go's batch (native protocol). Values are added by row; rows that are passed over hold the type's default.
type field interface {
	proto.ColInput
	label() string
	// blank says that every row holds the default: such a column is left out, and the server fills it in.
	blank() bool
	// seal ends the column at that many rows; nothing is added after it.
	seal(rows int)
	// encode appends what follows from at until the buffer holds a piece, and returns where to go on, or done.
	encode(b *proto.Buffer, at int) int
	appendTo(c driver.BatchColumn) error
	reset()
}

// done is the place in a column behind its end.
const done = -1

// block is the columns of a table and how many rows they have.
type block struct {
	fields []field
	n      int
}

func (b *block) rows() int { return b.n }

// seal returns the columns that are to be sent.
func (b *block) seal() []field {
	var sent []field
	for _, f := range b.fields {
		if !f.blank() {
			f.seal(b.n)
			sent = append(sent, f)
		}
	}
	return sent
}

func (b *block) reset() {
	b.n = 0
	for _, f := range b.fields {
		f.reset()
	}
}

// column buffers numbers; its memory is used again for the next block.
type column[T number] struct {
	name   string
	typ    proto.ColumnType
	put    func(b *proto.Buffer, values []T)
	values []T
}

type number interface {
	~uint16 | ~uint32 | ~uint64 | ~int32 | ~int64 | ~uint8
}

func (c *column[T]) add(row int, v T) {
	if v == 0 {
		return
	}
	if len(c.values) < row {
		c.seal(row)
	}
	c.values = append(c.values, v)
}

func (c *column[T]) seal(rows int) {
	from := len(c.values)
	if cap(c.values) < rows {
		c.values = append(make([]T, 0, max(rows, 2*cap(c.values))), c.values...)
	}
	c.values = c.values[:rows]
	clear(c.values[from:])
}

func (c *column[T]) label() string                         { return c.name }
func (c *column[T]) blank() bool                           { return len(c.values) == 0 }
func (c *column[T]) Type() proto.ColumnType                { return c.typ }
func (c *column[T]) Rows() int                             { return len(c.values) }
func (c *column[T]) EncodeColumn(b *proto.Buffer)          { c.put(b, c.values) }
func (c *column[T]) WriteColumn(w *proto.Writer)           { w.ChainBuffer(c.EncodeColumn) }
func (c *column[T]) appendTo(col driver.BatchColumn) error { return col.Append(c.values) }
func (c *column[T]) reset()                                { c.values = c.values[:0] }

func (c *column[T]) encode(b *proto.Buffer, at int) int {
	const step = 1024
	for at < len(c.values) && len(b.Buf) < pieceBytes {
		to := min(at+step, len(c.values))
		c.put(b, c.values[at:to])
		at = to
	}
	if at == len(c.values) {
		return done
	}
	return at
}

// flags is a column of booleans.
type flags struct{ column[uint8] }

func (c *flags) add(row int, v bool) {
	if v {
		c.column.add(row, 1)
	}
}

func (c *flags) appendTo(col driver.BatchColumn) error {
	values := make([]bool, len(c.values))
	for i, v := range c.values {
		values[i] = v != 0
	}
	return col.Append(values)
}

// columns is a list of fields under construction.
type columns []field

func add[T number](l *columns, name string, typ proto.ColumnType, put func(*proto.Buffer, []T)) *column[T] {
	c := &column[T]{name: name, typ: typ, put: put}
	*l = append(*l, c)
	return c
}

func (l *columns) number(name string) *column[int64] {
	return add(l, name, proto.ColumnTypeInt64, putInt64)
}

// instant is a column of Unix milliseconds.
func (l *columns) instant(name string) *column[int64] {
	return add(l, name, "DateTime64(3, 'UTC')", putInt64)
}

func (l *columns) flag(name string) *flags {
	c := &flags{column[uint8]{name: name, typ: proto.ColumnTypeBool, put: putUInt8}}
	*l = append(*l, c)
	return c
}

func putInt64(b *proto.Buffer, v []int64)   { proto.ColInt64(v).EncodeColumn(b) }
func putInt32(b *proto.Buffer, v []int32)   { proto.ColInt32(v).EncodeColumn(b) }
func putUInt64(b *proto.Buffer, v []uint64) { proto.ColUInt64(v).EncodeColumn(b) }
func putUInt32(b *proto.Buffer, v []uint32) { proto.ColUInt32(v).EncodeColumn(b) }
func putUInt16(b *proto.Buffer, v []uint16) { proto.ColUInt16(v).EncodeColumn(b) }
func putUInt8(b *proto.Buffer, v []uint8)   { proto.ColUInt8(v).EncodeColumn(b) }

// text is b as a string without a copy: the block is sent before b changes.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}
