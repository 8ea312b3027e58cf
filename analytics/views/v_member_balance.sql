CREATE OR REPLACE VIEW v_member_balance
AS SELECT
    member,
    sum(l.available) AS available,
    sum(l.pending) AS pending,
    sum(l.frozen) AS frozen,
    -sum(l.debt) AS debt,
    sum(l.points) AS balance,
    max(l.seq) AS last_seq,
    max(l.recorded_at) AS last_recorded_at
FROM ledger AS l FINAL
WHERE account_kind = 'member'
GROUP BY member
COMMENT 'What each member holds, as booked: what is due but not yet booked (an expiry, an activation) is not in it. balance = available + pending + frozen - debt.'
