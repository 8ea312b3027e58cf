CREATE OR REPLACE VIEW v_share_exposure
AS WITH
    created AS
    (
        SELECT member, JSONExtractString(data, 'token') AS token, JSONExtractString(data, 'product') AS product,
            JSONExtractString(data, 'platform') AS platform, source, id, occurred_at
        FROM shop_events
        WHERE type = 'shop.share.created.v1'
    ),
    -- A token is its first sharer's: another member who sends it shares nothing.
    tokens AS
    (
        SELECT token, argMin(member, (occurred_at, source, id)) AS sharer, argMin(product, (occurred_at, source, id)) AS product,
            argMin(platform, (occurred_at, source, id)) AS platform
        FROM created
        GROUP BY token
    ),
    parts AS
    (
        SELECT c.product AS product, c.platform AS platform, toDate(c.occurred_at, {zone}) AS day,
            uniqExact(c.source, c.id) AS shares, 0 AS clicks, 0 AS visitors, 0 AS orders
        FROM created AS c INNER JOIN tokens AS t ON t.token = c.token
        WHERE t.sharer = c.member AND t.product = c.product
        GROUP BY product, platform, day
        UNION ALL
        SELECT t.product, t.platform, toDate(e.occurred_at, {zone}) AS day, 0,
            uniqExact(e.source, e.id), uniqExact(JSONExtractString(e.data, 'visitor')), 0
        FROM (SELECT *, JSONExtractString(data, 'token') AS token FROM shop_events WHERE type = 'shop.share.clicked.v1') AS e
        INNER JOIN tokens AS t ON t.token = e.token
        WHERE t.sharer = e.member AND JSONExtractString(e.data, 'visitor') != e.member
        GROUP BY t.product, t.platform, day
        UNION ALL
        SELECT t.product, t.platform, toDate(e.occurred_at, {zone}) AS day, 0, 0, 0, uniqExact(e.source, JSONExtractString(e.data, 'order'))
        FROM (SELECT *, JSONExtractString(data, 'referral') AS token FROM shop_events WHERE type = 'shop.order.paid.v1' AND data LIKE '%"referral"%') AS e
        INNER JOIN tokens AS t ON t.token = e.token
        WHERE t.sharer != e.member
        GROUP BY t.product, t.platform, day
    )
SELECT product, platform, day, sum(shares) AS shares, sum(clicks) AS clicks, sum(visitors) AS visitors, sum(orders) AS orders
FROM parts
GROUP BY product, platform, day
COMMENT 'Per product, platform and day of the event: shares, clicks on their links and distinct visitors of that day without the sharers'' own, and orders of others through them. Exposure only, as the shops told it: points stand in the ledger.'
