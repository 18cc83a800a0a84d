-- Of each issuer's value used at others, what is not owed any more: all that posted
-- settlements say was used, less what is open in clearing, less what is not paid of
-- posted statements. Minor units.
SELECT issuer.code, (100 * (used.amount - open.amount - greatest(due.amount, 0)))::bigint
FROM ekarte_issuer AS issuer
CROSS JOIN LATERAL (
    SELECT coalesce(sum(
        CASE WHEN line.event LIKE '%%\_restore' THEN -line.amount ELSE line.amount END
    ), 0) AS amount
    FROM ekarte_settlement_line AS line
    INNER JOIN ekarte_settlement AS document ON document.id = line.settlement_id
    WHERE
        document.state = 'posted' AND line.issuer = issuer.code
        AND line.seller <> line.issuer
        AND line.event IN (
            'gift_spend', 'bonus_spend', 'voucher_spend', 'exchange_spend', 'credit_spend',
            'gift_restore', 'bonus_restore', 'voucher_restore', 'credit_restore'
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
    SELECT coalesce(sum(
        CASE
            WHEN item.company_id = operator.company_id THEN item.amount_residual
            ELSE -item.amount_residual
        END
    ), 0) AS amount
    FROM ekarte_clearing_statement AS statement
    INNER JOIN ekarte_issuer AS operator ON operator.id = statement.operator_id
    INNER JOIN account_move_line AS item
        ON
            item.ekarte_statement_id = statement.id
            AND item.company_id = coalesce(operator.company_id, issuer.company_id)
    WHERE statement.issuer_id = issuer.id AND item.parent_state = 'posted'
) AS due
