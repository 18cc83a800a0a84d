-- The parts of a purse, each with its own end. Money is in hundredths.
WITH lot AS (
    SELECT * FROM ekarte.lot
)

SELECT
    lot.id,
    lot.purse_id,
    purse.card_id,
    issuer.id AS issuer_id,
    coalesce(currency.id, (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1))
        AS currency_id,
    lot.valid_until AT TIME ZONE 'UTC' AS valid_until,
    lot.issued / CASE WHEN purse.unit = 'points' THEN 1 ELSE 100 END::numeric AS issued,
    lot.posted / CASE WHEN purse.unit = 'points' THEN 1 ELSE 100 END::numeric AS balance,
    lot.held / CASE WHEN purse.unit = 'points' THEN 1 ELSE 100 END::numeric AS held,
    lot.carry / 100::numeric AS carry
FROM lot
INNER JOIN ekarte.purse AS purse ON purse.id = lot.purse_id
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
LEFT JOIN res_currency AS currency ON currency.name = purse.unit
