-- Under which campaign something was redeemed. An old row has none.
-- +goose Up
ALTER TABLE ledger ADD COLUMN IF NOT EXISTS campaign LowCardinality(String) COMMENT 'campaign that made the redemption cheaper, or that doubles its rebate' AFTER outcome;

ALTER TABLE shop_events MODIFY COMMENT 'Every record of the shop.* topics once, dead letters too, and of points.visits.v1. A source may send an event twice: count by (source, id).';

-- +goose Down
ALTER TABLE ledger DROP COLUMN IF EXISTS campaign;
