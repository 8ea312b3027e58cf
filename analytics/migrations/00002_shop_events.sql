-- A merge costs as much as the insert. Taking 30 parts at once instead of 10 rewrites a row about two thirds as often, and
-- leaves up to some ninety parts to read.
-- +goose Up
CREATE TABLE IF NOT EXISTS shop_events
(
    topic           LowCardinality(String)  COMMENT 'topic that the event came in by',
    partition       Int32                   COMMENT 'partition of that topic',
    record_offset   Int64                   COMMENT 'offset of the record in its partition' CODEC(Delta, LZ4),
    source          LowCardinality(String)  COMMENT 'ce_source: shop system that sent it; empty: not a CloudEvent',
    id              String                  COMMENT 'ce_id: unique within its source',
    type            LowCardinality(String)  COMMENT 'ce_type',
    occurred_at     DateTime64(3, 'UTC')    COMMENT 'ce_time: instant at which it happened; 1970: unreadable' CODEC(T64, LZ4),
    member          String                  COMMENT 'key of the record: the member',
    backfill        LowCardinality(String)  COMMENT 'ce_backfill: name of the run that brought it in as history',
    data            String                  COMMENT 'data of the event as it came, JSON; of an unreadable record its value' CODEC(ZSTD(1)),
    inserted_at     DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'instant at which the feed wrote the row'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, partition, record_offset)
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 268435456, min_parts_to_merge_at_once = 30
COMMENT 'Every record of the shop.* topics once, dead letters too. A source may send an event twice: count by (source, id).';

-- +goose Down
DROP TABLE IF EXISTS shop_events SYNC;
