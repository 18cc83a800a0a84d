-- The lines of an operation: purse legs with the balance after, and counter legs.
-- The id is made of both keys (see _ledger_key): no table of Odoo points at it.
SELECT
    entry.operation_id,
    entry.line,
    operation.business_day,
    operation.terminal || '/' || operation.batch || '/' || operation.number
        AS operation_name,
    entry.purse_id,
    entry.lot_id,
    purse.card_id,
    entry.account,
    entry.event,
    entry.program AS program_code,
    program.id AS program_id,
    coalesce(purse_issuer.id, program.issuer_id) AS issuer_id,
    entry.unit,
    coalesce(
        currency.id,
        (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1)
    ) AS currency_id,
    CASE
        WHEN
            entry.scale = 1
            OR entry.unit IN ('turnover', 'voucher', 'credit', 'billed', 'lost')
            THEN entry.unit
        ELSE 'money'
    END AS measure,
    CASE WHEN entry.unit = 'points' THEN entry.posted ELSE 0 END AS points,
    CASE
        WHEN entry.scale = 1 OR entry.unit IN ('turnover', 'billed', 'lost') THEN 0
        ELSE entry.posted
    END / 100::numeric AS money,
    entry.posted / entry.scale AS posted,
    entry.held / entry.scale AS held,
    entry.posted_after / entry.scale AS posted_after,
    entry.held_after / entry.scale AS held_after,
    entry.carry / 100::numeric AS carry,
    entry.operation_id * 32768 + entry.line AS id
FROM (
    SELECT
        *,
        CASE
            WHEN
                unit IN (
                    'points', 'visits', 'item', 'purchases', 'visited', 'earned',
                    'owed', 'tickets'
                )
                THEN 1
            ELSE 100
        END::numeric AS scale
    FROM ekarte.entry
) AS entry
LEFT JOIN ekarte.operation AS operation ON operation.id = entry.operation_id
LEFT JOIN ekarte.purse AS purse ON purse.id = entry.purse_id
LEFT JOIN ekarte_issuer AS purse_issuer ON purse_issuer.code = purse.issuer
LEFT JOIN ekarte_program AS program ON program.code = entry.program
LEFT JOIN res_currency AS currency ON currency.name = entry.unit
