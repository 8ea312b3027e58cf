-- A merge costs twice the insert. Taking 30 parts at once instead of 10 rewrites a row about two thirds as often, and
-- leaves up to some ninety parts to read. T64 keeps as many bits of a number as its neighbours need: a fifth less to store
-- than with LZ4 alone, for the same CPU. ZSTD pays where texts are long; on a column of small numbers it costs more than it saves.
-- +goose Up
CREATE TABLE IF NOT EXISTS ledger
(
    shard           UInt16                  COMMENT 'shard of the account: partition of points.ledger.v1',
    seq             UInt64                  COMMENT 'number of the entry within its shard: dense, from 1' CODEC(Delta, LZ4),
    record_offset   Int64                   COMMENT 'offset of the record in its partition of points.ledger.v1' CODEC(Delta, LZ4),
    id              FixedString(16)         COMMENT 'id made from the cause: the same cause gives the same id' CODEC(NONE),
    account_kind    LowCardinality(String)  COMMENT 'whose account: member, item, campaign or other',
    member          String                  COMMENT 'member, if it is a member''s account',
    item            String                  COMMENT 'item of the account, or of the redemption',
    kind            LowCardinality(String)  COMMENT 'recorded, granted, activated, expired, reversed, repaid, tier_changed, tier_kept, redeemed, refused, reserved, sold, released, item_set, refunded, completed, milestone, coupon_revoked, coupon_used, removed, referred, taken, given or forgotten',
    effective_at    DateTime64(3, 'UTC')    COMMENT 'instant from which the entry counts' CODEC(T64, LZ4),
    recorded_at     DateTime64(3, 'UTC')    COMMENT 'instant at which the owner of the shard decided it' CODEC(T64, LZ4),
    cause_source    LowCardinality(String)  COMMENT 'source of the event or request that the entry follows from',
    cause_id        String                  COMMENT 'id of that event or request',
    cause_type      LowCardinality(String)  COMMENT 'type of that event or request',
    occurred_at     DateTime64(3, 'UTC')    COMMENT 'instant at which it happened' CODEC(T64, LZ4),
    backfill        LowCardinality(String)  COMMENT 'name of the run that brought it in as history; empty: live',
    store           LowCardinality(String)  COMMENT 'store that it happened in',
    channel         LowCardinality(String)  COMMENT 'channel that it came through',
    rule            LowCardinality(String)  COMMENT 'rule that decided',
    version         LowCardinality(String)  COMMENT 'version of the rulebook that decided',
    points          Int64                   COMMENT 'net change of what the member holds: available + pending + frozen + debt, debt being negative' CODEC(T64, LZ4),
    issued          Int64                   COMMENT 'posted to issued: negative when points are granted' CODEC(T64, LZ4),
    pending         Int64                   COMMENT 'posted to pending' CODEC(T64, LZ4),
    available       Int64                   COMMENT 'posted to available' CODEC(T64, LZ4),
    frozen          Int64                   COMMENT 'posted to frozen' CODEC(T64, LZ4),
    debt            Int64                   COMMENT 'posted to debt: negative when debt grows' CODEC(T64, LZ4),
    redeemed        Int64                   COMMENT 'posted to redeemed' CODEC(T64, LZ4),
    breakage        Int64                   COMMENT 'posted to breakage: points that expired' CODEC(T64, LZ4),
    reversed        Int64                   COMMENT 'posted to reversed: points taken back' CODEC(T64, LZ4),
    adjusted        Int64                   COMMENT 'posted to adjusted: corrections by hand' CODEC(T64, LZ4),
    desired         Int64                   COMMENT 'points that the rule wanted to give' CODEC(T64, LZ4),
    awarded         Int64                   COMMENT 'points that it gave, after caps, limits, budgets and hold-out' CODEC(T64, LZ4),
    holdout         Bool                    COMMENT 'the member is in the hold-out of the rule: desired is kept, nothing awarded',
    arithmetic      String                  COMMENT 'why that amount, as JSON: mode, points, per, eligible, quantity, tier, multipliers, campaigns' CODEC(ZSTD(1)),
    lot             UInt32                  COMMENT 'number of the lot that the entry made, or activated at its order''s completion, within its member; 0: none' CODEC(T64, LZ4),
    active_at       DateTime64(3, 'UTC')    COMMENT 'instant from which that lot can be spent; 1970: none, or once its order is completed' CODEC(T64, LZ4),
    expires_at      DateTime64(3, 'UTC')    COMMENT 'instant from which that lot cannot be spent any more; 1970: never, or not known before the lot is active' CODEC(T64, LZ4),
    order_id        String                  COMMENT 'order of the event, as the shop names it',
    order_net       Int64                   COMMENT 'net of the order''s lines, minor units' CODEC(T64, LZ4),
    refund          String                  COMMENT 'refund of the event, as the shop names it',
    redemption      String                  COMMENT 'redemption that the entry is a step of',
    quantity        Int64                   COMMENT 'units of the item in that redemption' CODEC(T64, LZ4),
    outcome         LowCardinality(String)  COMMENT 'outcome of that redemption: applied, or the code of the refusal',
    tier_from       LowCardinality(String)  COMMENT 'tier before a change',
    tier_to         LowCardinality(String)  COMMENT 'tier after it',
    inserted_at     DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'instant at which the feed wrote the row',
    INDEX member_index member TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree
ORDER BY (shard, seq)
SETTINGS non_replicated_deduplication_window = 1000, min_bytes_for_wide_part = 268435456, min_parts_to_merge_at_once = 30
COMMENT 'Every entry of points.ledger.v1 once. Unpartitioned, so that a block of the feed is one part: all of it or nothing.';

-- +goose Down
DROP TABLE IF EXISTS ledger SYNC;
