CREATE OR REPLACE VIEW v_daily_points
AS SELECT
    toDate(effective_at, {zone}) AS day,
    -sum(l.issued) AS granted,
    sum(l.reversed) AS reversed,
    sum(l.breakage) AS expired,
    sum(l.redeemed) AS redeemed,
    sum(l.adjusted) AS adjusted,
    sum(l.points) AS change,
    uniqExact(member) AS members,
    count() AS entries
FROM ledger AS l FINAL
WHERE account_kind = 'member'
GROUP BY day
COMMENT 'Points per day of the program''s time zone, by the instant from which they count. change = granted - reversed - expired - redeemed - adjusted.'
