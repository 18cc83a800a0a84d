-- What a card holds in each program. What is not counted is in hundredths.
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
    CASE WHEN purse.unit IN ('voucher', 'item') THEN purse.goods_group END
        AS voucher_code,
    purse.goods_group AS goods_group_code,
    coalesce(
        currency.id,
        (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1)
    ) AS currency_id,
    CASE WHEN purse.measure = 'points' THEN purse.posted ELSE 0 END AS points,
    CASE
        WHEN purse.scale = 1 OR purse.unit IN ('turnover', 'billed', 'lost') THEN 0
        ELSE purse.posted
    END / 100::numeric AS money,
    purse.posted / purse.scale AS balance,
    purse.held / purse.scale AS held,
    (purse.posted - purse.held + purse.credit_limit) / purse.scale AS available,
    purse.credit_limit / 100::numeric AS credit_limit,
    purse.last_at AT TIME ZONE 'UTC' AS last_at,
    purse.day_count,
    purse.carry / 100::numeric AS carry,
    purse.period_start,
    purse.valid_until AT TIME ZONE 'UTC' AS valid_until
FROM (
    SELECT
        *,
        CASE
            WHEN
                scale = 1
                OR unit IN ('turnover', 'voucher', 'credit', 'billed', 'lost')
                THEN unit
            ELSE 'money'
        END AS measure
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
        FROM ekarte.purse
    ) AS scaled
) AS purse
LEFT JOIN ekarte_program AS program ON program.code = purse.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
LEFT JOIN ekarte_goods_group AS goods_group ON goods_group.code = purse.goods_group
LEFT JOIN res_currency AS currency ON currency.name = purse.unit
