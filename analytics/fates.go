package analytics

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Fate is what entries of a kind took from a lot, expired parts that a return absorbed aside.
type Fate struct {
	Kind   string
	Points int64
}

const fatesQuery = `SELECT p.2 AS lot, toString(kind), -sum(p.3) AS taken FROM (
	SELECT kind, arrayJoin(JSONExtract(postings, 'Array(Tuple(String, UInt32, Int64))')) AS p FROM ledger FINAL
	WHERE account_kind = 'member' AND member = {member:String} AND ({shard:Int32} < 0 OR shard = {shard:Int32}) AND postings != '')
WHERE has({lots:Array(UInt32)}, p.2) AND p.1 IN ('available', 'pending', 'frozen')
GROUP BY lot, kind
HAVING taken != 0
ORDER BY lot, kind`

// Fates says what became of a member's lots since they were made, in the order of kinds.
func (s *Store) Fates(ctx context.Context, member string, lots []uint32) (map[uint32][]Fate, error) {
	rows, err := s.conn.Query(ctx, fatesQuery, clickhouse.Named("member", member), clickhouse.Named("shard", s.shardOf(member)), clickhouse.Named("lots", lots))
	if err != nil {
		return nil, fmt.Errorf("fates of lots: %w", err)
	}
	defer func() { _ = rows.Close() }()
	fates := map[uint32][]Fate{}
	for rows.Next() {
		var lot uint32
		var f Fate
		if err := rows.Scan(&lot, &f.Kind, &f.Points); err != nil {
			return nil, fmt.Errorf("fates of lots: %w", err)
		}
		fates[lot] = append(fates[lot], f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("fates of lots: %w", err)
	}
	return fates, nil
}
