-- What the report asks of the ledger. Queries that speak of the day take the
-- terminals and batches of demo/day.csv; the others speak of the whole ledger.

-- day_answers --
-- What the ledger has stored for the day, to compare with what terminals heard.
SELECT o.terminal, o.batch, o.number, o.answer
FROM ekarte.operation AS o
INNER JOIN unnest(%(terminals)s::text[], %(batches)s::integer[]) AS d (terminal, batch)
    ON o.terminal = d.terminal AND o.batch = d.batch;

-- knows --
-- Has the ledger seen this operation before?
SELECT EXISTS (
    SELECT FROM ekarte.operation
    WHERE terminal = %(terminal)s AND batch = %(batch)s AND number = %(number)s
);

-- sales --
-- Goods by seller: refunds and reversals are negative already in the sale lines, the
-- discount is taken from the operation, where a bonus taken back is not part of it.
SELECT
    o.issuer,
    sum(l.gross)::bigint,
    sum(CASE WHEN o.command IN ('sale', 'confirm') THEN o.discount ELSE -o.discount END)::bigint
FROM ekarte.operation AS o
INNER JOIN unnest(%(terminals)s::text[], %(batches)s::integer[]) AS d (terminal, batch)
    ON o.terminal = d.terminal AND o.batch = d.batch
INNER JOIN LATERAL (
    SELECT sum(s.gross)::bigint AS gross
    FROM ekarte.sale_line AS s WHERE s.operation_id = o.id
) AS l ON l.gross IS NOT NULL
GROUP BY o.issuer;

-- value --
-- Card value by seller and program: loads, spends, points, conversions.
SELECT o.issuer, o.command, e.program, e.event, e.unit, sum(e.posted)::bigint
FROM ekarte.operation AS o
INNER JOIN unnest(%(terminals)s::text[], %(batches)s::integer[]) AS d (terminal, batch)
    ON o.terminal = d.terminal AND o.batch = d.batch
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
WHERE e.purse_id IS NOT NULL AND e.posted <> 0 AND e.event <> 'turnover'
GROUP BY o.issuer, o.command, e.program, e.event, e.unit;

-- priced --
-- Sold passes and exchanged goods: entries count visits and points, the sale lines of
-- the same operations say what they cost.
SELECT o.issuer, e.program, e.event, sum(l.gross)::bigint
FROM ekarte.operation AS o
INNER JOIN unnest(%(terminals)s::text[], %(batches)s::integer[]) AS d (terminal, batch)
    ON o.terminal = d.terminal AND o.batch = d.batch
INNER JOIN LATERAL (
    SELECT DISTINCT n.event, p.program
    FROM ekarte.entry AS n
    INNER JOIN ekarte.purse AS p ON n.purse_id = p.id
    WHERE n.operation_id = o.id AND n.event IN ('pass_load', 'exchange_spend')
) AS e ON true
INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
GROUP BY o.issuer, e.program, e.event;

-- claims --
-- Who owes whom, from the entries themselves and not from settlement documents.
-- Exchanged goods: the entries count points, the sale lines say what they cost.
SELECT o.issuer AS seller, p.issuer, e.event, sum(e.posted)::bigint
FROM ekarte.entry AS e
INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
WHERE
    e.event IN (
        'gift_load', 'gift_spend', 'bonus_spend', 'voucher_spend',
        'credit_spend', 'credit_pay'
    )
    AND p.unit <> 'item'
    AND o.issuer <> p.issuer
GROUP BY o.issuer, p.issuer, e.event
UNION ALL
SELECT o.issuer, x.issuer, 'exchange_spend', -sum(l.gross)::bigint
FROM ekarte.operation AS o
INNER JOIN LATERAL (
    SELECT p.issuer
    FROM ekarte.entry AS e
    INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
    WHERE e.operation_id = o.id AND e.event = 'exchange_spend'
    LIMIT 1
) AS x ON o.issuer <> x.issuer
INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
GROUP BY o.issuer, x.issuer;

-- carried --
-- Value of all purses by issuer and program: what the ledger says is owed to holders,
-- and below zero what holders owe on credit.
SELECT
    issuer,
    program,
    sum(CASE WHEN unit = 'credit' THEN posted ELSE carry END)::bigint
FROM ekarte.purse
GROUP BY issuer, program;

-- unsettled --
-- Booked operations of closed batches that no settlement document covers.
SELECT count(*)
FROM ekarte.operation AS o
WHERE
    o.rc IN ('00', '10')
    AND EXISTS (
        SELECT FROM ekarte.batch_close AS b
        WHERE b.terminal = o.terminal AND b.batch = o.batch
    )
    AND (
        EXISTS (
            SELECT FROM ekarte.entry AS e
            WHERE e.operation_id = o.id AND (e.posted <> 0 OR e.carry <> 0)
        )
        OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
    )
    AND NOT EXISTS (
        SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id
    );

-- settlements --
-- Every document, and what accounting replied; null while it waits.
SELECT s.id, a.reply
FROM ekarte.settlement AS s
LEFT JOIN ekarte.settlement_accepted AS a ON a.settlement_id = s.id
ORDER BY s.id;

-- last_failure --
-- Why the last delivery did not work, for the message when nothing comes.
SELECT reason FROM ekarte.settlement_attempt ORDER BY at DESC LIMIT 1;
