-- Every operation that terminals sent and the ledger kept, with what was answered.
-- `sold` counts each purchase once: a reversal takes back what its original counted.
-- Loads are no purchases, and what is given back of them is no refund of one.
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
    operation.other_card_id,
    operation.issuer AS issuer_code,
    issuer.id AS issuer_id,
    operation.branch AS branch_code,
    branch.id AS branch_id,
    currency.id AS currency_id,
    operation.amount / 100::numeric AS amount,
    operation.discount / 100::numeric AS discount,
    operation.amount_due / 100::numeric AS amount_due,
    (
        operation.sign * operation.amount
        - coalesce(undone.sign * undone.amount, 0)
    ) / 100::numeric AS sold,
    (
        operation.sign * operation.discount
        - coalesce(undone.sign * undone.discount, 0)
    ) / 100::numeric AS sold_discount,
    operation.original_id AS original_key,
    operation.reference,
    operation.local_time AT TIME ZONE 'UTC' AS local_time,
    operation.network_version,
    operation.decision,
    operation.answer
FROM (
    SELECT
        *,
        CASE
            WHEN rc NOT IN ('00', '10') THEN 0
            WHEN command IN ('sale', 'confirm', 'accrue', 'voucher', 'redeem') THEN 1
            WHEN command = 'refund' AND NOT EXISTS (
                SELECT 1
                FROM ekarte.operation AS load
                WHERE
                    load.id = any_operation.original_id
                    AND load.command IN ('activate', 'top_up')
            ) THEN -1
            ELSE 0
        END AS sign
    FROM ekarte.operation AS any_operation
) AS operation
LEFT JOIN (
    SELECT
        *,
        CASE
            WHEN rc NOT IN ('00', '10') THEN 0
            WHEN command IN ('sale', 'confirm', 'accrue', 'voucher', 'redeem') THEN 1
            WHEN command = 'refund' AND NOT EXISTS (
                SELECT 1
                FROM ekarte.operation AS load
                WHERE
                    load.id = any_operation.original_id
                    AND load.command IN ('activate', 'top_up')
            ) THEN -1
            ELSE 0
        END AS sign
    FROM ekarte.operation AS any_operation
) AS undone
    ON
        undone.id = operation.original_id
        AND operation.command = 'reverse' AND operation.rc = '00'
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = operation.issuer
LEFT JOIN ekarte_branch AS branch ON branch.code = operation.branch
LEFT JOIN res_currency AS currency ON currency.name = operation.currency
