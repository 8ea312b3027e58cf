package analytics

import (
	"context"
	"fmt"
)

// Heads is the last seq of each shard that has rows; unlike LedgerPositions it disturbs no feed.
func (s *Store) Heads(ctx context.Context) (map[int32]uint64, error) {
	rows, err := s.conn.Query(ctx, "SELECT toInt32(shard), max(seq) FROM ledger GROUP BY shard")
	if err != nil {
		return nil, fmt.Errorf("heads of the ledger: %w", err)
	}
	defer func() { _ = rows.Close() }()
	heads := map[int32]uint64{}
	for rows.Next() {
		var shard int32
		var seq uint64
		if err := rows.Scan(&shard, &seq); err != nil {
			return nil, fmt.Errorf("heads of the ledger: %w", err)
		}
		heads[shard] = seq
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("heads of the ledger: %w", err)
	}
	return heads, nil
}
