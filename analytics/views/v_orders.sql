CREATE OR REPLACE VIEW v_orders
AS SELECT
    source, id,
    JSONExtractString(data, 'order') AS order_id,
    member,
    occurred_at, toDate(occurred_at, {zone}) AS day,
    JSONExtractString(data, 'store') AS store,
    JSONExtractString(data, 'channel') AS channel,
    JSONExtractString(data, 'currency') AS currency,
    JSONLength(data, 'lines') AS lines,
    arraySum(line -> JSONExtractInt(line, 'net'), JSONExtractArrayRaw(data, 'lines')) AS net,
    JSONExtractInt(data, 'freight') AS freight,
    JSONExtractInt(data, 'tax') AS tax,
    JSONExtractInt(data, 'paid_with_points') AS paid_with_points,
    backfill
FROM shop_events
WHERE type = 'shop.order.paid.v1'
ORDER BY topic, partition, record_offset
LIMIT 1 BY source, id
COMMENT 'Paid orders as the shops sent them, the first of repeated events; amounts in minor units. Refunds are not taken off.'
