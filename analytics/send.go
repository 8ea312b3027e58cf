package analytics

import (
	"context"
	"fmt"
	"strings"

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

// sendNative sends the block over HTTP in Native format, piece by piece. The batch would copy every value twice more, into
// columns that grow anew for each block: half of the feed's time (BenchmarkFeed).
func (s *Store) sendNative(ctx context.Context, into string, settings clickhouse.Settings, fields []field) error {
	if s.compressor != nil {
		settings["decompress"] = 1
	}
	body, err := newBlockBody(&s.piece, s.compressor, fields)
	if err != nil {
		return err
	}
	defer body.end() // an HTTP client that gave up may read on for a while; the columns are filled anew then
	return s.conn.InsertFormat(clickhouse.Context(ctx, clickhouse.WithSettings(settings)), "Native", into, body)
}
