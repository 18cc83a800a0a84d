-- Parts of purses whose coming end was noted: their holders are to be told.
SELECT
    notice.lot_id AS id,
    notice.noticed_at AT TIME ZONE 'UTC' AS noticed_at,
    lot.purse_id,
    purse.card_id,
    program.id AS program_id,
    issuer.id AS issuer_id,
    lot.valid_until AT TIME ZONE 'UTC' AS valid_until,
    CASE
        WHEN lot.valid_until <= now() THEN 'ended'
        WHEN lot.posted = 0 THEN 'gone'
        ELSE 'soon'
    END AS state
FROM ekarte.lot_notice AS notice
INNER JOIN ekarte.lot AS lot ON lot.id = notice.lot_id
INNER JOIN ekarte.purse AS purse ON purse.id = lot.purse_id
LEFT JOIN ekarte_program AS program ON program.code = purse.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
