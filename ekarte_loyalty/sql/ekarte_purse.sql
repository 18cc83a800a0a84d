-- What a card holds in each program. Money and turnover are in hundredths.
WITH purse AS (
    SELECT
        *,
        CASE WHEN unit IN ('points', 'turnover') THEN unit ELSE 'money' END AS measure,
        CASE WHEN unit = 'points' THEN 1 ELSE 100 END::numeric AS scale
    FROM ekarte.purse
)

SELECT
    purse.id,
    purse.card_id,
    purse.program AS program_code,
    program.id AS program_id,
    purse.issuer AS issuer_code,
    issuer.id AS issuer_id,
    purse.measure,
    purse.unit,
    goods_group.id AS goods_group_id,
    purse.goods_group AS goods_group_code,
    currency.id AS currency_id,
    purse.posted / purse.scale AS balance,
    purse.held / purse.scale AS held,
    (purse.posted - purse.held) / purse.scale AS available,
    purse.carry / 100::numeric AS carry,
    purse.period_start,
    purse.valid_until AT TIME ZONE 'UTC' AS valid_until
FROM purse
LEFT JOIN ekarte_program AS program ON program.code = purse.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
LEFT JOIN ekarte_goods_group AS goods_group ON goods_group.code = purse.goods_group
LEFT JOIN res_currency AS currency
    ON currency.name = CASE
        WHEN purse.measure = 'money' THEN purse.unit
        WHEN purse.measure = 'turnover' THEN (
            SELECT own.name
            FROM ekarte_network AS network
            INNER JOIN res_currency AS own ON own.id = network.currency_id
            LIMIT 1
        )
    END
