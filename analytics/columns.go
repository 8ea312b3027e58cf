package analytics

import (
	"context"
	"fmt"
	"strings"
	"unsafe"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// field is one column of a block that is to be inserted.
type field interface {
	meta() clickhouse.ColumnNameAndType
	appendTo(c driver.BatchColumn) error
	reset()
}

// column buffers the values of one column; its memory is used again for the next block.
type column[T any] struct {
	name, typ string // typ is what goes over the wire; the server casts it to a LowCardinality column
	values    []T
}

func (c *column[T]) meta() clickhouse.ColumnNameAndType {
	return clickhouse.ColumnNameAndType{Name: c.name, Type: c.typ}
}
func (c *column[T]) add(v T)                               { c.values = append(c.values, v) }
func (c *column[T]) appendTo(col driver.BatchColumn) error { return col.Append(c.values) }

func (c *column[T]) reset() {
	clear(c.values) // gives back the records that strings point into
	c.values = c.values[:0]
}

// textColumn buffers texts that are made here: they share one buffer until the block is sent.
type textColumn struct {
	column[string]
	buf  []byte
	ends []int
}

// end closes the text that was appended to buf since the last one.
func (c *textColumn) end() { c.ends = append(c.ends, len(c.buf)) }

func (c *textColumn) appendTo(col driver.BatchColumn) error {
	from := 0
	for _, end := range c.ends {
		c.add(text(c.buf[from:end]))
		from = end
	}
	err := c.column.appendTo(col)
	c.column.reset()
	return err
}

func (c *textColumn) reset() {
	c.column.reset()
	c.buf, c.ends = c.buf[:0], c.ends[:0]
}

// text is b as a string without a copy: the block is sent, copied by the driver, before b changes.
func text(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// send inserts the fields as one block: one part of an unpartitioned table, so all of it or nothing. A block that was
// inserted before under the same token changes nothing.
func (s *Store) send(ctx context.Context, table, token string, fields []field) error {
	metas, names := make([]clickhouse.ColumnNameAndType, 0, len(fields)), make([]string, 0, len(fields))
	for _, f := range fields {
		metas, names = append(metas, f.meta()), append(names, f.meta().Name)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithColumnNamesAndTypes(metas), clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token": token,
		"async_insert":               0,
		"optimize_on_insert":         0, // the block has no two rows of one key, and is in the key's order
	}))
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	defer func() { _ = batch.Close() }()
	for i, f := range fields {
		if err := f.appendTo(batch.Column(i)); err != nil {
			return fmt.Errorf("insert into %s: column %s: %w", table, names[i], err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}
