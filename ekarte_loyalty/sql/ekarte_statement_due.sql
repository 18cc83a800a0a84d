-- What is not paid of each posted statement, item by item: above zero the issuer owes it,
-- below it is to receive. In the operator's books, or in the issuer's own where the
-- operator keeps none here.
SELECT
    item.id, statement.id AS statement_id, statement.issuer_id, statement.coalition_id,
    CASE
        WHEN item.company_id = operator.company_id THEN item.amount_residual
        ELSE -item.amount_residual
    END AS amount
FROM ekarte_clearing_statement AS statement
INNER JOIN ekarte_issuer AS issuer ON issuer.id = statement.issuer_id
INNER JOIN ekarte_issuer AS operator ON operator.id = statement.operator_id
INNER JOIN account_move_line AS item
    ON
        item.ekarte_statement_id = statement.id
        AND item.company_id = coalesce(operator.company_id, issuer.company_id)
WHERE item.parent_state = 'posted'
