-- What issuers owe others; run by queries.fetch.

-- exposure_cleared --
-- Of each issuer's value used at others, what is not owed any more: all that posted
-- settlements say was used, less what is open in clearing, less what is not paid of
-- posted statements. Minor units.
SELECT issuer.code, (100 * (used.amount - open.amount - greatest(due.amount, 0)))::bigint
FROM ekarte_issuer AS issuer
CROSS JOIN LATERAL (
    SELECT coalesce(sum(
        CASE
            WHEN line.event LIKE '%%\_restore' THEN -line.amount
            WHEN line.event = 'pass_use' THEN line.reimbursed
            ELSE line.amount
        END
    ), 0) AS amount
    FROM ekarte_settlement_line AS line
    INNER JOIN ekarte_settlement AS document ON document.id = line.settlement_id
    WHERE
        document.state = 'posted' AND line.issuer = issuer.code
        AND line.seller <> line.issuer
        AND line.event IN (
            'gift_spend', 'bonus_spend', 'voucher_spend', 'exchange_spend', 'credit_spend',
            'pass_use', 'gift_restore', 'bonus_restore', 'voucher_restore', 'credit_restore'
        )
) AS used
CROSS JOIN LATERAL (
    SELECT coalesce(-sum(line.amount), 0) AS amount
    FROM ekarte_clearing_line AS line
    WHERE
        line.issuer_id = issuer.id AND line.state <> 'closed' AND line.side = 'pay'
        AND line.event NOT IN ('gift_load', 'credit_pay')
) AS open
CROSS JOIN LATERAL (
    SELECT coalesce(sum(item.amount), 0) AS amount
    FROM ekarte_statement_due AS item
    WHERE item.issuer_id = issuer.id
) AS due;

-- default_figures --
-- Of each member: what it owes by posted statements and is to receive, what is open in
-- clearing, what of its value no settlement has brought yet, and what it issued lately.
SELECT
    issuer.id, issuer.code,
    (100 * greatest(due.owes, 0))::bigint AS due,
    (100 * CASE WHEN issuer.id = operator.id THEN mirror.amount ELSE due.receives END)::bigint
    AS receive,
    (100 * lines.amount)::bigint AS open, unsettled.amount AS unsettled,
    issued.amount AS issued
FROM ekarte_issuer AS issuer
INNER JOIN ekarte_coalition AS coalition ON coalition.id = %(coalition)s
LEFT JOIN ekarte_issuer AS operator ON operator.id = coalition.operator_id
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(greatest(item.amount, 0)), 0) AS owes,
        coalesce(sum(greatest(-item.amount, 0)), 0) AS receives
    FROM ekarte_statement_due AS item
    WHERE
        item.issuer_id = issuer.id AND item.coalition_id = coalition.id
        AND NOT item.mirror
) AS due
-- The operator pays itself nothing: what is left of the others' balances is its own.
CROSS JOIN LATERAL (
    SELECT coalesce(greatest(-sum(item.amount), 0), 0) AS amount
    FROM ekarte_statement_due AS item
    WHERE
        item.issuer_id = operator.id AND item.coalition_id = coalition.id
        AND item.mirror
) AS mirror
CROSS JOIN LATERAL (
    SELECT coalesce(sum(line.amount), 0) AS amount
    FROM ekarte_clearing_line AS line
    WHERE
        line.issuer_id = issuer.id AND line.coalition_id = coalition.id
        AND line.state <> 'closed'
) AS lines
CROSS JOIN LATERAL (
    SELECT coalesce(sum(used.amount), 0)::bigint AS amount
    FROM (
        SELECT x.used AS amount FROM ekarte.exposure AS x WHERE x.issuer = issuer.code
        UNION ALL
        SELECT u.amount FROM ekarte.exposure_use AS u WHERE u.issuer = issuer.code
        UNION ALL
        SELECT -(100 * CASE
            WHEN line.event LIKE '%%\_restore' THEN -line.amount
            WHEN line.event = 'pass_use' THEN line.reimbursed
            ELSE line.amount
        END)::bigint
        FROM ekarte_settlement_line AS line
        INNER JOIN ekarte_settlement AS document ON document.id = line.settlement_id
        WHERE
            document.state = 'posted' AND line.issuer = issuer.code
            AND line.seller <> line.issuer
            AND line.event IN (
                'gift_spend', 'bonus_spend', 'voucher_spend', 'exchange_spend',
                'credit_spend', 'pass_use', 'gift_restore', 'bonus_restore',
                'voucher_restore', 'credit_restore'
            )
    ) AS used
) AS unsettled
CROSS JOIN LATERAL (
    SELECT greatest(coalesce(100 * sum(line.carry), 0), 0)::bigint AS amount
    FROM ekarte_settlement_line AS line
    INNER JOIN ekarte_settlement AS document ON document.id = line.settlement_id
    WHERE
        document.state = 'posted' AND line.issuer = issuer.code
        AND line.event IN ('gift_load', 'bonus_earn', 'bonus_grant', 'pass_load')
        AND line.day > %(since)s AND line.day <= %(until)s
) AS issued
WHERE issuer.id = ANY(%(members)s)
ORDER BY issuer.code;

-- unsettled_across --
-- Operations between an issuer and others that no posted settlement has brought yet.
SELECT count(DISTINCT o.id)
FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
LEFT JOIN ekarte.settlement_operation AS s ON o.id = s.operation_id
LEFT JOIN ekarte_settlement AS document ON s.settlement_id = document.ledger_id
WHERE
    p.issuer <> o.issuer AND %(issuer)s IN (p.issuer, o.issuer)
    AND o.rc IN ('00', '10') AND e.posted <> 0
    AND document.state IS DISTINCT FROM 'posted';
