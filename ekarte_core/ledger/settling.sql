-- lock_settling --
-- One settlement is built at a time (advisory key: 'EKST').
SELECT pg_advisory_xact_lock(1162564436);

-- settling_operations --
-- Booked operations not yet in a settlement: their batch is closed or their time came.
SELECT o.id, o.network_version
FROM ekarte.operation AS o
WHERE
    o.rc IN ('00', '10')
    AND NOT EXISTS (
        SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id
    )
    AND (
        EXISTS (SELECT FROM ekarte.entry AS e WHERE e.operation_id = o.id AND (e.posted <> 0 OR e.carry <> 0))
        OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
    )
    AND (
        o.at < %(cutoff)s
        OR EXISTS (
            SELECT FROM ekarte.batch_close AS b
            WHERE b.terminal = o.terminal AND b.batch = o.batch
        )
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
    o.business_day, e.event, o.issuer AS seller, p.issuer, o.branch, e.program,
    0 AS tax_rate_bp, o.currency,
    -- A clawback takes money where points are gone: its event counts points. What an
    -- exchange is worth to the seller stands on the operation, on its first entry.
    sum(CASE
        WHEN e.event IN ('bonus_earn', 'bonus_grant', 'bonus_expire') AND e.unit <> 'points'
            THEN 0
        WHEN e.unit = 'item' THEN 0
        WHEN e.event = 'exchange_spend' AND e.line = (
            SELECT min(f.line) FROM ekarte.entry AS f
            WHERE
                f.operation_id = e.operation_id AND f.event = 'exchange_spend'
                AND f.purse_id IS NOT NULL
        ) THEN sign(e.posted)::bigint * o.amount
        WHEN e.event = 'exchange_spend' THEN 0
        ELSE e.posted
    END)::bigint AS amount,
    sum(e.carry)::bigint AS carry, 0::bigint AS tendered,
    count(DISTINCT o.id)::integer AS operations,
    o.branch <> ALL(%(registers)s::text[]) AND NOT (
        e.event IN ('gift_load', 'credit_pay')
        AND (o.network_version, o.terminal) IN (SELECT version, terminal FROM own)
    ) AS books_sales
FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
WHERE
    o.id = ANY(%(ids)s)
    AND e.event IN (
        'gift_load', 'gift_spend', 'gift_expire', 'bonus_earn', 'bonus_grant',
        'bonus_spend', 'bonus_expire', 'voucher_spend', 'voucher_expire',
        'exchange_spend', 'pass_load', 'pass_use', 'pass_expire', 'credit_spend',
        'credit_pay'
    )
GROUP BY
    o.business_day, e.event, o.issuer, p.issuer, o.branch, e.program, o.currency,
    books_sales
UNION ALL
SELECT
    o.business_day, 'sale', o.issuer, o.issuer, o.branch, '', l.tax_rate_bp, o.currency,
    sum(l.gross - l.discount - l.bonus)::bigint, 0::bigint, sum(l.tendered)::bigint,
    count(DISTINCT o.id)::integer,
    o.branch <> ALL(%(registers)s::text[])
    AND (o.network_version, o.terminal) NOT IN (SELECT version, terminal FROM own)
    AS books_sales
FROM ekarte.operation AS o
INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
WHERE o.id = ANY(%(ids)s)
GROUP BY o.business_day, o.issuer, o.branch, l.tax_rate_bp, o.currency, books_sales
ORDER BY 1, 3, 5, 2, 4, 6, 7, 13;

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
