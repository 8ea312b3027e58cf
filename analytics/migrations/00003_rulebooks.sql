-- +goose Up
CREATE TABLE IF NOT EXISTS rulebooks
(
    version         String                  COMMENT 'version of the rulebook',
    rule            String                  COMMENT 'id of the rule in that version',
    name            LowCardinality(String)  COMMENT 'name of the rulebook',
    effective_from  DateTime64(3, 'UTC')    COMMENT 'instant from which the version is in force',
    event_type      LowCardinality(String)  COMMENT 'type of the events that the rule is for',
    holdout_percent UInt8                   COMMENT 'percent of the members that the rule is tried without',
    point_cost_num  Int64                   COMMENT 'cost of a point in minor units: numerator',
    point_cost_den  Int64                   COMMENT 'cost of a point in minor units: denominator',
    inserted_at     DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'instant at which the row was written'
)
ENGINE = ReplacingMergeTree(inserted_at)
ORDER BY (version, rule)
COMMENT 'One row per rule of every published version of the rulebook.';

-- +goose Down
DROP TABLE IF EXISTS rulebooks SYNC;
