-- Value that an authorization reserved, and how the reservation ended.
SELECT
    hold.operation_id AS id,
    hold.card_id,
    hold.expires_at AT TIME ZONE 'UTC' AS expires_at,
    coalesce(hold_end.how, 'open') AS state,
    hold_end.operation_id AS end_key,
    operation.at AT TIME ZONE 'UTC' AS at,
    operation.terminal,
    operation.terminal || '/' || operation.batch || '/' || operation.number AS name,
    branch.id AS branch_id,
    issuer.id AS issuer_id,
    currency.id AS currency_id,
    operation.amount / 100::numeric AS amount
FROM ekarte.hold AS hold
INNER JOIN ekarte.operation AS operation ON operation.id = hold.operation_id
LEFT JOIN ekarte.hold_end AS hold_end ON hold_end.hold_id = hold.operation_id
LEFT JOIN ekarte_branch AS branch ON branch.code = operation.branch
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = operation.issuer
LEFT JOIN res_currency AS currency ON currency.name = operation.currency
