package analytics

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
)

// send inserts the fields as one block: one part of an unpartitioned table, so all of it or nothing. A block that was
// inserted before under the same token changes nothing. The caller holds s.mu.
func (s *Store) send(ctx context.Context, table, token string, fields []field) error {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.label()
	}
	settings := clickhouse.Settings{
		"insert_deduplication_token": token,
		"async_insert":               0,
		"optimize_on_insert":         0, // the block has no two rows of one key, and is in the key's order
	}
	into := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")"
	write := s.sendBatch
	if s.http {
		write = s.sendNative
	}
	if err := write(ctx, into, settings, fields); err != nil {
		return fmt.Errorf("insert into %s: %w", table, err)
	}
	return nil
}

// sendBatch sends the block through clickhouse-go's batch: the way of the native protocol.
func (s *Store) sendBatch(ctx context.Context, into string, settings clickhouse.Settings, fields []field) error {
	batch, err := s.conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), into)
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	for i, f := range fields {
		if err := f.appendTo(batch.Column(i)); err != nil {
			return fmt.Errorf("column %s: %w", f.label(), err)
		}
	}
	return batch.Send()
}

// sendNative sends the block over HTTP in Native format. The batch would copy every value twice more, into columns that
// grow anew for each block: half of the feed's time (BenchmarkFeed).
func (s *Store) sendNative(ctx context.Context, into string, settings clickhouse.Settings, fields []field) error {
	input := make(proto.Input, len(fields))
	for i, f := range fields {
		input[i] = proto.InputColumn{Name: f.label(), Data: f}
	}
	block := proto.Block{Columns: len(fields), Rows: fields[0].Rows()}
	s.body.Reset()
	if err := block.EncodeRawBlock(&s.body, 0, input); err != nil {
		return fmt.Errorf("encode block: %w", err)
	}
	body := s.body.Buf
	if s.compressor != nil {
		settings["decompress"] = 1
		var err error
		if body, err = compressed(s.compressor, body); err != nil {
			return err
		}
	}
	return s.conn.InsertFormat(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), "Native", into, bytes.NewReader(body))
}

// compressed is data in ClickHouse's compressed blocks, of the size that its own client makes.
func compressed(w *compress.Writer, data []byte) ([]byte, error) {
	out := make([]byte, 0, len(data)/2)
	for len(data) > 0 {
		n := min(len(data), 1<<20)
		if err := w.Compress(data[:n]); err != nil {
			return nil, fmt.Errorf("compress block: %w", err)
		}
		out, data = append(out, w.Data...), data[n:]
	}
	return out, nil
}
