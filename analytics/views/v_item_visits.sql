CREATE OR REPLACE VIEW v_item_visits
AS SELECT
    JSONExtractString(data, 'item') AS item,
    toDate(occurred_at, {zone}) AS day,
    uniqExact(source, id) AS views,
    uniqExact(member) AS visitors
FROM shop_events
WHERE topic = 'points.visits.v1' AND item != '' AND JSONExtractString(data, 'page') = 'item'
GROUP BY item, day
COMMENT 'Per item and day: how often members looked at its page in the mall, and how many did. Those of erased members are gone.'
