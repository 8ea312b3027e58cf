-- +goose Up
ALTER TABLE ledger ADD COLUMN IF NOT EXISTS postings String COMMENT 'postings of an entry that makes no lot, as JSON: [account, lot, points] each' CODEC(ZSTD(1)) AFTER arithmetic;

-- +goose Down
ALTER TABLE ledger DROP COLUMN IF EXISTS postings;
