-- What is not paid of each posted statement, item by item: above zero the issuer owes it,
-- below it is to receive. In the operator's books, or in the issuer's own where the
-- operator keeps none here. An operator that is a member pays itself nothing: what passes
-- through it, in its own books, is `mirror`, and what is left of that its own share.
SELECT
    item.id, statement.id AS statement_id, who.issuer_id, statement.coalition_id,
    who.mirror,
    CASE
        WHEN item.company_id = operator.company_id AND NOT who.mirror
            THEN item.amount_residual
        ELSE -item.amount_residual
    END AS amount
FROM ekarte_clearing_statement AS statement
INNER JOIN ekarte_issuer AS issuer ON issuer.id = statement.issuer_id
INNER JOIN ekarte_issuer AS operator ON operator.id = statement.operator_id
INNER JOIN account_move_line AS item
    ON
        item.ekarte_statement_id = statement.id
        AND item.company_id = coalesce(operator.company_id, issuer.company_id)
CROSS JOIN LATERAL (
    SELECT issuer.id AS issuer_id, false AS mirror
    UNION ALL
    SELECT operator.id, true
    WHERE item.company_id = operator.company_id
) AS who
WHERE item.parent_state = 'posted'
