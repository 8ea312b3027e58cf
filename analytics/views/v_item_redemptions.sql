CREATE OR REPLACE VIEW v_item_redemptions
AS SELECT
    item, toDate(effective_at, {zone}) AS day,
    countIf(kind = 'redeemed') AS redemptions, sumIf(quantity, kind = 'redeemed') AS units, uniqExactIf(member, kind = 'redeemed') AS redeemers,
    sumIf(redeemed, kind = 'redeemed') AS points,
    uniqExactIf(redemption, kind = 'restored') AS returned, sumIf(-redeemed, kind = 'restored') AS points_returned,
    uniqExactIf(redemption, kind = 'refused' AND outcome = 'sold_out') AS sold_out,
    uniqExactIf(member, kind = 'refused' AND outcome = 'sold_out') AS turned_away
FROM ledger FINAL
WHERE account_kind = 'member' AND item != '' AND redemption != '' AND (kind IN ('redeemed', 'restored') OR kind = 'refused' AND outcome = 'sold_out')
GROUP BY item, day
COMMENT 'Per item and day: what was redeemed, what came back, and who asked for it when it was sold out.'
