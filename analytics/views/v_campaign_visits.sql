CREATE OR REPLACE VIEW v_campaign_visits
AS SELECT
    JSONExtractString(data, 'campaign') AS campaign,
    toDate(occurred_at, {zone}) AS day,
    JSONExtractString(data, 'page') AS page,
    uniqExact(source, id) AS views,
    uniqExact(member) AS visitors
FROM shop_events
WHERE topic = 'points.visits.v1' AND campaign != ''
GROUP BY campaign, day, page
COMMENT 'Per campaign, day and page of the mall: how often members looked at it, and how many did. Those of erased members are gone.'
