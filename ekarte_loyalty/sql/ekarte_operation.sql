-- Every operation that terminals sent and the ledger kept, with what was answered.
WITH operation AS (
    SELECT * FROM ekarte.operation
)

SELECT
    operation.id,
    operation.at AT TIME ZONE 'UTC' AS at,
    operation.business_day,
    operation.terminal,
    operation.batch,
    operation.number,
    operation.terminal || '/' || operation.batch || '/' || operation.number AS name,
    operation.command,
    operation.rc,
    operation.card_id,
    operation.issuer AS issuer_code,
    issuer.id AS issuer_id,
    operation.branch AS branch_code,
    branch.id AS branch_id,
    currency.id AS currency_id,
    operation.amount / 100::numeric AS amount,
    operation.discount / 100::numeric AS discount,
    operation.amount_due / 100::numeric AS amount_due,
    operation.original_id AS original_key,
    operation.reference,
    operation.local_time AT TIME ZONE 'UTC' AS local_time,
    operation.network_version,
    operation.decision,
    operation.answer
FROM operation
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = operation.issuer
LEFT JOIN ekarte_branch AS branch ON branch.code = operation.branch
LEFT JOIN res_currency AS currency ON currency.name = operation.currency
