-- Vouchers, each by its purse: after a transfer the old purse stays, marked as moved.
SELECT
    purse.id,
    purse.card_id,
    voucher.code,
    voucher.kind,
    voucher.product,
    program.id AS program_id,
    issuer.id AS issuer_id,
    (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1) AS currency_id,
    voucher.value / 100::numeric AS value,
    voucher.issued_at AT TIME ZONE 'UTC' AS issued_at,
    voucher.valid_until AT TIME ZONE 'UTC' AS valid_until,
    CASE
        WHEN purse.posted > 0 AND coalesce(voucher.valid_until > now(), true)
            THEN 'open'
        WHEN purse.posted > 0 THEN 'ended'
        WHEN gone.used THEN 'used'
        WHEN gone.moved THEN 'moved'
        WHEN gone.taken_back THEN 'taken_back'
        ELSE 'ended'
    END AS state
FROM ekarte.purse AS purse
INNER JOIN ekarte.voucher AS voucher ON voucher.code = purse.goods_group
CROSS JOIN LATERAL (
    SELECT
        bool_or(entry.event = 'voucher_spend') AS used,
        bool_or(entry.event = 'transfer') AS moved,
        bool_or(entry.event = 'convert') AS taken_back
    FROM ekarte.entry AS entry
    WHERE entry.purse_id = purse.id AND entry.posted < 0
) AS gone
LEFT JOIN ekarte_program AS program ON program.code = voucher.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = voucher.issuer
WHERE purse.unit IN ('voucher', 'item')
