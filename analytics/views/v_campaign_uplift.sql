CREATE OR REPLACE VIEW v_campaign_uplift
AS WITH
    visits AS
    (
        SELECT JSONExtractString(data, 'campaign') AS campaign, toDate(occurred_at, {zone}) AS day, member
        FROM shop_events
        WHERE topic = 'points.visits.v1' AND campaign != ''
    ),
    spent AS
    (
        SELECT l.campaign AS campaign, toDate(l.effective_at, {zone}) AS day, l.member AS member, l.item AS item, l.redeemed AS points
        FROM ledger AS l FINAL
        WHERE l.kind = 'redeemed' AND l.account_kind = 'member' AND l.redemption != ''
    ),
    -- A campaign begins with the first day on which somebody looked at it or redeemed under it.
    begins AS
    (
        SELECT campaign, min(day) AS first FROM
        (SELECT campaign, day FROM visits UNION ALL SELECT campaign, day FROM spent WHERE campaign != '')
        GROUP BY campaign
    ),
    its_items AS (SELECT DISTINCT campaign, item FROM spent WHERE campaign != ''),
    before AS
    (
        SELECT b.campaign AS campaign, uniqExact(s.member) AS redeemers, count() AS redemptions, sum(s.points) AS points
        FROM its_items AS i INNER JOIN begins AS b ON b.campaign = i.campaign INNER JOIN spent AS s ON s.item = i.item
        WHERE s.day < b.first AND s.day >= b.first - 28
        GROUP BY b.campaign
    ),
    parts AS
    (
        SELECT campaign, day, uniqExact(member) AS visitors, 0 AS redeemers, 0 AS redemptions, toInt64(0) AS points FROM visits GROUP BY campaign, day
        UNION ALL
        SELECT campaign, day, 0, uniqExact(member), count(), sum(points) FROM spent WHERE campaign != '' GROUP BY campaign, day
    )
SELECT p.campaign AS campaign, p.day AS day, sum(p.visitors) AS visitors, sum(p.redeemers) AS redeemers, sum(p.redemptions) AS redemptions,
    sum(p.points) AS points, any(b.redeemers) AS before_redeemers, any(b.redemptions) AS before_redemptions, any(b.points) AS before_points
FROM parts AS p LEFT JOIN before AS b ON b.campaign = p.campaign
GROUP BY campaign, day
COMMENT 'Per campaign and day: distinct visitors of its pages, and who redeemed what under it; beside it, before_*: the same items in the 28 days before its first day.'
