package analytics

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// EntryRow is an entry of a member's history. Times are UTC; the zero time is "none" (ActiveAt) or "never" (ExpiresAt).
type EntryRow struct {
	ID, Kind, Rule, Version                  string
	Seq                                      uint64
	Points, Available, Pending, Frozen, Debt int64 // changes; Debt is negative when debt grows
	EffectiveAt, OccurredAt, RecordedAt      time.Time
	CauseSource, CauseID, CauseType          string
	Arithmetic                               string // JSON: why that amount
	Postings                                 string // JSON: [account, lot, points] each, of an entry that makes no lot
	Desired, Awarded                         int64
	Holdout                                  bool
	Lot                                      uint32
	ActiveAt, ExpiresAt                      time.Time
	Order, Refund                            string
	Redemption, Item, Outcome                string
	Quantity                                 int64
	TierFrom, TierTo                         string
	Act, Reason                              string
}

const entriesQuery = `SELECT id, toString(kind), toString(rule), toString(version), seq, points, available, pending, frozen, debt,
	effective_at, occurred_at, recorded_at, toString(cause_source), cause_id, toString(cause_type), arithmetic, postings, desired, awarded, holdout,
	lot, active_at, expires_at, order_id, refund, redemption, item, toString(outcome), quantity, toString(tier_from), toString(tier_to), act, toString(reason)
FROM ledger FINAL
WHERE account_kind = 'member' AND member = {member:String} AND ({shard:Int32} < 0 OR shard = {shard:Int32})
	AND ({seq:UInt64} = 0 OR seq < {seq:UInt64})
ORDER BY seq DESC
LIMIT {limit:UInt32}`

// Entries returns up to limit entries of member with a seq below before (0: the newest), the newest first: all are of
// one shard, whose seq grows with the time of recording. asOf is the instant up to which ClickHouse has the history of
// the member's shard at least; the zero time if it has nothing of it.
func (s *Store) Entries(ctx context.Context, member string, limit int, before uint64) (entries []EntryRow, asOf time.Time, err error) {
	shard := s.shardOf(member)
	// First how far the table is, then the rows: what comes in between shows up early, never late.
	if asOf, err = s.asOf(ctx, shard); err != nil {
		return nil, time.Time{}, err
	}
	rows, err := s.conn.Query(ctx, entriesQuery, clickhouse.Named("member", member), clickhouse.Named("shard", shard),
		clickhouse.Named("seq", before), clickhouse.Named("limit", limit))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("entries of a member: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var r EntryRow
		var id string
		if err := rows.Scan(&id, &r.Kind, &r.Rule, &r.Version, &r.Seq, &r.Points, &r.Available, &r.Pending, &r.Frozen, &r.Debt,
			&r.EffectiveAt, &r.OccurredAt, &r.RecordedAt, &r.CauseSource, &r.CauseID, &r.CauseType, &r.Arithmetic, &r.Postings, &r.Desired, &r.Awarded, &r.Holdout,
			&r.Lot, &r.ActiveAt, &r.ExpiresAt, &r.Order, &r.Refund, &r.Redemption, &r.Item, &r.Outcome, &r.Quantity, &r.TierFrom, &r.TierTo, &r.Act, &r.Reason); err != nil {
			return nil, time.Time{}, fmt.Errorf("entries of a member: %w", err)
		}
		r.ID = hex.EncodeToString([]byte(id))
		r.ActiveAt, r.ExpiresAt = noEpoch(r.ActiveAt), noEpoch(r.ExpiresAt)
		entries = append(entries, r)
	}
	if err := rows.Err(); err != nil {
		return nil, time.Time{}, fmt.Errorf("entries of a member: %w", err)
	}
	return entries, asOf, nil
}

func (s *Store) asOf(ctx context.Context, shard int32) (time.Time, error) {
	var t time.Time
	err := s.conn.QueryRow(ctx, "SELECT max(recorded_at) FROM ledger WHERE {shard:Int32} < 0 OR shard = {shard:Int32}",
		clickhouse.Named("shard", shard)).Scan(&t)
	if err != nil {
		return time.Time{}, fmt.Errorf("age of the history: %w", err)
	}
	return noEpoch(t), nil
}

// noEpoch is t, or the zero time where the table holds its 0.
func noEpoch(t time.Time) time.Time {
	if t.UnixMilli() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// collect reads all rows of a query; columns are where those of one go.
func collect[T any](ctx context.Context, s *Store, what string, columns func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := s.conn.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	var all []T
	for rows.Next() {
		var row T
		if err := rows.Scan(columns(&row)...); err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return all, nil
}
