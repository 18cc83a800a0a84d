-- What people have to look at of operations that terminals did while nobody answered.
SELECT
    found.operation_id * 100 + found.line AS id,
    found.operation_id AS operation_key,
    found.kind,
    found.rc,
    found.amount / 100::numeric AS amount,
    operation.at AT TIME ZONE 'UTC' AS told_at,
    operation.local_time AT TIME ZONE 'UTC' AS done_at,
    operation.terminal || '/' || operation.batch || '/' || operation.number AS name,
    operation.command,
    operation.card_id,
    operation.reference,
    operation.amount / 100::numeric AS operation_amount,
    terminal.id AS terminal_id,
    branch.id AS branch_id,
    issuer.id AS issuer_id,
    currency.id AS currency_id,
    CASE WHEN handled.id IS NULL THEN 'open' ELSE 'done' END AS state,
    handled.note,
    handled.create_uid AS handled_by,
    handled.create_date AS handled_at
FROM ekarte.offline_exception AS found
INNER JOIN ekarte.operation AS operation ON operation.id = found.operation_id
LEFT JOIN ekarte_offline_handled AS handled
    ON handled.exception_key = (found.operation_id * 100 + found.line)::text
LEFT JOIN ekarte_terminal AS terminal ON terminal.code = operation.terminal
LEFT JOIN ekarte_branch AS branch ON branch.code = operation.branch
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = operation.issuer
LEFT JOIN res_currency AS currency ON currency.name = operation.currency
