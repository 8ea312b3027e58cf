CREATE OR REPLACE VIEW v_ledger
AS SELECT
    shard, seq, lower(hex(id)) AS entry, account_kind, member, item, kind,
    effective_at, recorded_at, toDate(effective_at, {zone}) AS day,
    cause_source, cause_id, cause_type, occurred_at, backfill, store, channel, rule, version,
    points, issued, pending, available, frozen, debt, redeemed, breakage, reversed, adjusted,
    desired, awarded, holdout, arithmetic, postings,
    lot, if(lot = 0 OR active_at = 0, NULL, active_at) AS active_at, if(lot = 0 OR expires_at = 0, NULL, expires_at) AS expires_at,
    order_id, order_net, refund, redemption, quantity, outcome, campaign, tier_from, tier_to, act, reason, inserted_at
FROM ledger FINAL
COMMENT 'Every ledger entry once, with its day in the program''s time zone.'
