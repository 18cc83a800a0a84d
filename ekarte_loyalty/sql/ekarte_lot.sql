-- The parts of a purse, each with its own end. Money is in hundredths.
SELECT
    lot.id,
    lot.purse_id,
    purse.card_id,
    issuer.id AS issuer_id,
    coalesce(
        currency.id,
        (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1)
    ) AS currency_id,
    lot.valid_until AT TIME ZONE 'UTC' AS valid_until,
    lot.issued / purse.scale AS issued,
    lot.posted / purse.scale AS balance,
    lot.held / purse.scale AS held,
    lot.carry / 100::numeric AS carry
FROM ekarte.lot AS lot
INNER JOIN (
    SELECT
        *,
        CASE WHEN unit IN ('points', 'visits', 'item') THEN 1 ELSE 100 END::numeric
        AS scale
    FROM ekarte.purse
) AS purse ON purse.id = lot.purse_id
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
LEFT JOIN res_currency AS currency ON currency.name = purse.unit
