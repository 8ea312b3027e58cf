package analytics

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MemberSum is what a member holds as booked; Debt is positive.
type MemberSum struct{ Available, Pending, Frozen, Debt int64 }

// Sums are the ledger's sums as ClickHouse has them (I14).
type Sums struct {
	Members map[string]MemberSum
	// Balance = Σ over members of available + pending + frozen − debt = Granted − Reversed − Expired − Redeemed − Adjusted.
	Balance                                        int64
	Granted, Reversed, Expired, Redeemed, Adjusted int64
}

// within is the condition that a row lies within the seqs of upTo, which are inclusive; shards that it does not name have no bound.
func within(upTo map[int32]uint64) string {
	if len(upTo) == 0 {
		return "true"
	}
	shards := slices.Sorted(maps.Keys(upTo))
	names, seqs := make([]string, len(shards)), make([]string, len(shards))
	for i, n := range shards {
		names[i], seqs[i] = fmt.Sprintf("toInt32(%d)", n), fmt.Sprintf("toUInt64(%d)", upTo[n])
	}
	return fmt.Sprintf("seq <= transform(toInt32(shard), [%s], [%s], toUInt64(18446744073709551615))", strings.Join(names, ", "), strings.Join(seqs, ", "))
}

// Sums adds up every member's entries up to a seq of each shard; nil: all.
func (s *Store) Sums(ctx context.Context, upTo map[int32]uint64) (Sums, error) {
	sums := Sums{Members: map[string]MemberSum{}}
	rows, err := s.conn.Query(ctx, `SELECT member, sum(available), sum(pending), sum(frozen), -sum(debt), sum(points),
	-sum(issued), sum(reversed), sum(breakage), sum(redeemed), sum(adjusted)
FROM ledger FINAL WHERE account_kind = 'member' AND `+within(upTo)+` GROUP BY member`)
	if err != nil {
		return Sums{}, fmt.Errorf("sums: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var member string
		var m MemberSum
		var balance, granted, reversed, expired, redeemed, adjusted int64
		if err := rows.Scan(&member, &m.Available, &m.Pending, &m.Frozen, &m.Debt, &balance, &granted, &reversed, &expired, &redeemed, &adjusted); err != nil {
			return Sums{}, fmt.Errorf("sums: %w", err)
		}
		sums.Members[member] = m
		sums.Balance += balance
		sums.Granted, sums.Reversed, sums.Expired = sums.Granted+granted, sums.Reversed+reversed, sums.Expired+expired
		sums.Redeemed, sums.Adjusted = sums.Redeemed+redeemed, sums.Adjusted+adjusted
	}
	if err := rows.Err(); err != nil {
		return Sums{}, fmt.Errorf("sums: %w", err)
	}
	return sums, nil
}

// ShardCount counts a shard's rows: Rows = Distinct = Max is I14. Last is the last seq, also beyond the rows that are counted;
// Stored counts copies too that a merge has yet to drop.
type ShardCount struct{ Rows, Distinct, Max, Last, Stored uint64 }

// ShardCounts counts every shard that has rows, up to a seq of each; nil: all.
func (s *Store) ShardCounts(ctx context.Context, upTo map[int32]uint64) (map[int32]ShardCount, error) {
	rows, err := s.conn.Query(ctx, `SELECT toInt32(shard), sum(f), sum(d), max(m), max(l), sum(r) FROM (
	SELECT shard, count() AS f, uniqExact(seq) AS d, max(seq) AS m, 0 AS l, 0 AS r FROM ledger FINAL WHERE `+within(upTo)+` GROUP BY shard
	UNION ALL SELECT shard, 0, 0, 0, max(seq), count() FROM ledger GROUP BY shard) GROUP BY shard`)
	if err != nil {
		return nil, fmt.Errorf("counts of shards: %w", err)
	}
	defer func() { _ = rows.Close() }()
	counts := map[int32]ShardCount{}
	for rows.Next() {
		var shard int32
		var c ShardCount
		if err := rows.Scan(&shard, &c.Rows, &c.Distinct, &c.Max, &c.Last, &c.Stored); err != nil {
			return nil, fmt.Errorf("counts of shards: %w", err)
		}
		counts[shard] = c
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counts of shards: %w", err)
	}
	return counts, nil
}
