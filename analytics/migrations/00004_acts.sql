-- What is done by hand. An old row has none.
-- +goose Up
ALTER TABLE ledger
    ADD COLUMN IF NOT EXISTS act    String                 COMMENT 'the freeze or adjustment that the entry is, or is about' AFTER tier_to,
    ADD COLUMN IF NOT EXISTS reason LowCardinality(String) COMMENT 'word for why something was done by hand' AFTER act,
    COMMENT COLUMN kind 'recorded, granted, activated, expired, reversed, repaid, tier_changed, tier_kept, redeemed, refused, reserved, sold, released, item_set, refunded, completed, forgotten, frozen, unfrozen, adjusted, proposed, declined, appealed, review_due or restored',
    COMMENT COLUMN refund 'refund of the event, as the shop names it, or return of the redemption',
    COMMENT COLUMN outcome 'outcome of that redemption, or of what was done by hand: applied, proposed, or the code of the refusal';

-- +goose Down
ALTER TABLE ledger DROP COLUMN IF EXISTS act, DROP COLUMN IF EXISTS reason;
