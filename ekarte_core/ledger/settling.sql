-- lock_settling --
-- One settlement is built at a time (advisory key: 'EKST').
SELECT pg_advisory_xact_lock(1162564436);

-- last_cutoff --
-- Up to when everything has been settled, but for what was being booked at the time.
SELECT max(cutoff) FROM ekarte.settlement;

-- settling_operations --
-- Booked operations not yet in a settlement: their batch is closed or their time came.
-- `since` keeps it from looking at the whole ledger; null: look at the whole.
WITH unsettled AS MATERIALIZED (
    SELECT o.id, o.network_version, o.at, o.terminal, o.batch
    FROM ekarte.operation AS o
    WHERE
        o.rc IN ('00', '10')
        AND (%(since)s::date IS NULL OR o.business_day >= %(since)s)
        AND NOT EXISTS (
            SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id
        )
)

SELECT o.id, o.network_version
FROM unsettled AS o
WHERE
    (
        o.at < %(cutoff)s
        OR EXISTS (
            SELECT FROM ekarte.batch_close AS b
            WHERE b.terminal = o.terminal AND b.batch = o.batch
        )
    )
    AND (
        EXISTS (SELECT FROM ekarte.entry AS e WHERE e.operation_id = o.id AND (e.posted <> 0 OR e.carry <> 0))
        OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
    )
ORDER BY o.id;

-- settlement_lines --
-- Entries and sale lines of these operations, summed for accounting. Goods and loads are
-- summed apart where Odoo, or the shop's own register, books them itself.
WITH own AS MATERIALIZED (
    SELECT version, terminal FROM ekarte.odoo_terminal
    WHERE version = ANY(%(versions)s::integer[])
)

SELECT
    n.day, n.event, n.seller, n.issuer, n.branch, n.program, n.tax_rate_bp, n.currency,
    sum(n.amount)::bigint AS amount, sum(n.carry)::bigint AS carry,
    sum(n.tendered)::bigint AS tendered, sum(n.reimbursed)::bigint AS reimbursed,
    n.price_bp, sum(n.billed)::bigint AS billed, n.liable, n.as_payment,
    count(DISTINCT n.operation_id)::integer AS operations,
    n.branch <> ALL(%(registers)s::text[]) AND NOT (
        n.event IN ('gift_load', 'credit_pay', 'gift_pay_out', 'gift_charge_back')
        AND (n.network_version, n.terminal) IN (SELECT version, terminal FROM own)
    ) AS books_sales
FROM ekarte.settled AS n
WHERE n.operation_id = ANY(%(ids)s::bigint[])
GROUP BY
    n.day, n.event, n.seller, n.issuer, n.branch, n.program, n.tax_rate_bp, n.currency,
    n.price_bp, n.liable, n.as_payment, books_sales
UNION ALL
SELECT
    o.business_day, 'sale', o.issuer, o.issuer, o.branch, '', l.tax_rate_bp, o.currency,
    sum(l.gross - l.discount - l.bonus)::bigint, 0::bigint, sum(l.tendered)::bigint,
    NULL::bigint, 10000, 0::bigint, '', FALSE, count(DISTINCT o.id)::integer,
    o.branch <> ALL(%(registers)s::text[])
    AND (o.network_version, o.terminal) NOT IN (SELECT version, terminal FROM own)
    AS books_sales
FROM ekarte.operation AS o
INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
WHERE o.id = ANY(%(ids)s::bigint[])
GROUP BY o.business_day, o.issuer, o.branch, l.tax_rate_bp, o.currency, books_sales
ORDER BY 1, 3, 5, 2, 4, 6, 7, 18, 13, 15, 16;

-- add_settlement --
INSERT INTO ekarte.settlement (id, created_at, cutoff, sha256, body)
VALUES (%(id)s, %(now)s, %(cutoff)s, %(sha256)s, %(body)s);

-- next_settlement_id --
SELECT nextval('ekarte.settlement_id_seq')::integer;

-- add_settlement_operations --
INSERT INTO ekarte.settlement_operation (operation_id, settlement_id)
SELECT n, %(id)s FROM unnest(%(ids)s::bigint[]) AS n;

-- pending_settlements --
SELECT s.id, s.body
FROM ekarte.settlement AS s
WHERE
    NOT EXISTS (
        SELECT FROM ekarte.settlement_accepted AS a WHERE a.settlement_id = s.id
    )
ORDER BY s.id
LIMIT 100;

-- accept_settlement --
INSERT INTO ekarte.settlement_accepted (settlement_id, accepted_at, reply)
VALUES (%(id)s, %(now)s, %(reply)s)
ON CONFLICT DO NOTHING;

-- fail_settlement --
INSERT INTO ekarte.settlement_attempt (settlement_id, at, reason)
VALUES (%(id)s, %(now)s, %(reason)s);
