package analytics

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"jifen/topics"
)

// Past asks what members held at AsOf by what was known at KnownAt: the sum of the entries with effective_at <= AsOf and
// recorded_at <= KnownAt (semantics §10, F3).
type Past struct {
	AsOf, KnownAt time.Time
	Member        string // empty: everybody
}

// MemberPast is a member of whom such entries are there; Debt is positive.
type MemberPast struct {
	Member string
	MemberSum
	Tier string // that a change has led to; empty: none has
}

// Reach is how far the table is with a shard: later entries may be missing.
type Reach struct {
	Seq        uint64
	RecordedAt time.Time // of its last entry; the zero time if it has none
}

const pastQuery = `SELECT member, sum(l.available), sum(l.pending), sum(l.frozen), -sum(l.debt),
	toString(argMaxIf(tier_to, (effective_at, seq), kind = 'tier_changed'))
FROM ledger AS l FINAL
WHERE account_kind = 'member' AND ({shard:Int32} < 0 OR shard = {shard:Int32}) AND ({member:String} = '' OR member = {member:String})
	AND toUnixTimestamp64Milli(effective_at) <= {as_of:Int64} AND toUnixTimestamp64Milli(recorded_at) <= {known_at:Int64}
GROUP BY member
ORDER BY member`

// Past adds up the entries that a question is about, in order of member. Sums may be below 0 where history came late.
func (s *Store) Past(ctx context.Context, p Past) ([]MemberPast, error) {
	return collect(ctx, s, "balances of the past", func(m *MemberPast) []any {
		return []any{&m.Member, &m.Available, &m.Pending, &m.Frozen, &m.Debt, &m.Tier}
	}, pastQuery, clickhouse.Named("shard", s.shardOf(p.Member)), clickhouse.Named("member", p.Member),
		clickhouse.Named("as_of", p.AsOf.UnixMilli()), clickhouse.Named("known_at", p.KnownAt.UnixMilli()))
}

// Reach says how far the table is with a member's shard.
func (s *Store) Reach(ctx context.Context, member string) (Reach, error) {
	var r Reach
	err := s.conn.QueryRow(ctx, "SELECT max(seq), max(recorded_at) FROM ledger WHERE {shard:Int32} < 0 OR shard = {shard:Int32}",
		clickhouse.Named("shard", s.shardOf(member))).Scan(&r.Seq, &r.RecordedAt)
	if err != nil {
		return Reach{}, fmt.Errorf("age of the history: %w", err)
	}
	r.RecordedAt = noEpoch(r.RecordedAt)
	return r, nil
}

// shardOf is the shard of a member; -1: all, or not known.
func (s *Store) shardOf(member string) int32 {
	if member == "" || s.shards == 0 {
		return -1
	}
	return topics.Shard(topics.MemberAccount(member), s.shards)
}
