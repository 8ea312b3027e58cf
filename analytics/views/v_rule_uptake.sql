CREATE OR REPLACE VIEW v_rule_uptake
AS WITH
    books AS (SELECT * FROM rulebooks FINAL),
    seen AS
    (
        SELECT v.version AS version, e.type AS type, toDate(e.occurred_at, {zone}) AS day, uniqExact(e.source, e.id) AS events
        FROM (SELECT 1 AS one, type, source, id, occurred_at FROM shop_events WHERE type != '') AS e
        ASOF INNER JOIN (SELECT 1 AS one, max(version) AS version, effective_from FROM books GROUP BY effective_from) AS v
            ON e.one = v.one AND e.occurred_at >= v.effective_from
        GROUP BY version, type, day
    ),
    parts AS
    (
        SELECT b.rule AS rule, s.version AS version, s.day AS day, s.events AS events_seen,
            0 AS members, 0 AS awards, 0 AS points, 0 AS points_reversed,
            0 AS holdout_members, 0 AS holdout_events, 0 AS holdout_desired
        FROM seen AS s INNER JOIN books AS b ON b.version = s.version AND b.event_type = s.type
        UNION ALL
        SELECT rule, version, toDate(occurred_at, {zone}) AS day, 0,
            uniqExactIf(member, NOT holdout AND awarded > 0), uniqExactIf(cause_source, cause_id, NOT holdout AND awarded > 0), -sum(issued), 0,
            uniqExactIf(member, holdout), countIf(holdout), sumIf(desired, holdout)
        FROM ledger FINAL
        WHERE rule != '' AND kind IN ('granted', 'recorded')
        GROUP BY rule, version, day
        UNION ALL
        SELECT rule, version, toDate(occurred_at, {zone}) AS day, 0, 0, 0, 0, sum(reversed), 0, 0, 0
        FROM ledger FINAL
        WHERE rule != '' AND kind = 'reversed'
        GROUP BY rule, version, day
    )
SELECT
    p.rule AS rule, p.version AS version, p.day AS day,
    sum(p.events_seen) AS events_seen,
    sum(p.members) AS members,
    sum(p.awards) AS awards,
    sum(p.points) AS points,
    sum(p.points_reversed) AS points_reversed,
    if(any(c.point_cost_den) = 0, NULL, points * any(c.point_cost_num) / any(c.point_cost_den)) AS cost,
    any(c.holdout_percent) AS holdout_percent,
    sum(p.holdout_members) AS holdout_members,
    sum(p.holdout_events) AS holdout_events,
    sum(p.holdout_desired) AS holdout_desired
FROM parts AS p
LEFT JOIN books AS c ON c.version = p.version AND c.rule = p.rule
GROUP BY rule, version, day
COMMENT 'Per rule, version and day of the event: events of the rule''s type seen, members who took part, points and their cost in minor units; beside it the hold-out: its members, events and the points that they would have got.'
