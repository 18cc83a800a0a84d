-- What accountants are told of liabilities: month by month, by end and by cohort.

-- rollforward --
-- Each month of each company, account and program: what the card ledger says of it by
-- settled business day, and what the general ledger has. Contra accounts of expected
-- breakage count with the account whose liability they lower. `by_hand`: items that no
-- document of E-karte stands behind; they have no program.
WITH accounts AS (
    SELECT c.id AS company_id, k.account_key, k.account_id
    FROM res_company AS c
    CROSS JOIN LATERAL (
        VALUES
        ('LGC', c.ekarte_lgc_account_id), ('LGC', c.ekarte_lgx_account_id),
        ('LBN', c.ekarte_lbn_account_id), ('LBN', c.ekarte_lbx_account_id),
        ('LPS', c.ekarte_lps_account_id), ('LPL', c.ekarte_lpl_account_id)
    ) AS k (account_key, account_id)
    WHERE k.account_id IS NOT NULL
),

-- Bonuses that a pool's operator bears, by operation and program: by the terms of what an
-- operation undoes (ekarte.settled). Where there is no pool, nothing is looked at.
pooled AS (
    SELECT DISTINCT e.operation_id, p.program, t.liable
    FROM (SELECT DISTINCT program FROM ekarte.settling_terms WHERE liable <> '') AS of
    INNER JOIN ekarte.purse AS p ON p.program = of.program AND p.unit <> 'credit'
    INNER JOIN ekarte.entry AS e ON e.purse_id = p.id AND e.carry <> 0
    INNER JOIN ekarte.operation AS o ON o.id = e.operation_id
    LEFT JOIN ekarte.operation AS first ON first.id = o.original_id
    LEFT JOIN ekarte.operation AS second ON second.id = first.original_id
    LEFT JOIN ekarte.operation AS third ON third.id = second.original_id
    INNER JOIN ekarte.settling_terms AS t
        ON
            t.version = coalesce(
                third.network_version, second.network_version,
                first.network_version, o.network_version
            )
            AND t.program = p.program
            AND t.seller = o.issuer
            AND t.liable <> ''
),

-- First the sums, in few groups, then what they are called: a year has many entries.
summed AS (
    SELECT
        p.issuer, p.program, pooled.liable, o.business_day, e.event,
        o.command IN ('reverse', 'refund') AS undoes, sum(e.carry) AS carry
    FROM ekarte_settlement AS document
    INNER JOIN ekarte.settlement_operation AS x ON x.settlement_id = document.ledger_id
    INNER JOIN ekarte.operation AS o ON o.id = x.operation_id
    INNER JOIN ekarte.entry AS e
        ON
            e.operation_id = x.operation_id
            AND e.carry <> 0
            -- Within a program they sum to zero.
            AND e.event NOT IN ('convert', 'transfer')
    INNER JOIN ekarte.purse AS p ON p.id = e.purse_id AND p.unit <> 'credit'
    LEFT JOIN pooled
        ON pooled.operation_id = e.operation_id AND pooled.program = p.program
    WHERE document.state = 'posted'
    GROUP BY p.issuer, p.program, pooled.liable, o.business_day, e.event, undoes
),

moved AS (
    SELECT
        owner.company_id,
        CASE
            WHEN summed.liable IS NOT NULL THEN 'LPL'
            WHEN program.kind = 'gift_card' THEN 'LGC'
            WHEN program.kind = 'visit_pass' THEN 'LPS'
            ELSE 'LBN'
        END AS account_key,
        summed.program, date_trunc('month', summed.business_day)::date AS month,
        sum(summed.carry) FILTER (WHERE named.what = 'issued') AS issued,
        sum(summed.carry) FILTER (WHERE named.what = 'redeemed') AS redeemed,
        sum(summed.carry) FILTER (WHERE named.what = 'expired') AS expired,
        sum(summed.carry) FILTER (WHERE named.what = 'reversed') AS reversed,
        0 AS reestimated, 0 AS by_hand, 0 AS booked
    FROM summed
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN
                    summed.undoes
                    OR summed.event LIKE '%%\_restore'
                    OR summed.event = 'gift_charge_back'
                    THEN 'reversed'
                WHEN summed.event LIKE '%%\_expire' THEN 'expired'
                WHEN
                    summed.event IN ('bonus_earn', 'bonus_grant', 'gift_load', 'pass_load')
                    THEN 'issued'
                ELSE 'redeemed'
            END AS what
    ) AS named
    LEFT JOIN ekarte_program AS program ON program.code = summed.program
    INNER JOIN ekarte_issuer AS owner
        ON
            owner.code = coalesce(summed.liable, summed.issuer)
            AND owner.company_id IS NOT NULL
    GROUP BY owner.company_id, 2, summed.program, month
    UNION ALL
    SELECT
        item.company_id, accounts.account_key,
        coalesce(line.program, estimated.code, ''),
        date_trunc('month', coalesce(m.ekarte_day, m.date))::date AS month,
        0, 0, 0, 0,
        -100 * sum(item.balance) FILTER (WHERE m.ekarte_reestimate_id IS NOT NULL),
        -100 * sum(item.balance) FILTER (
            WHERE item.ekarte_line_id IS NULL AND m.ekarte_reestimate_id IS NULL
        ),
        -100 * sum(item.balance)
    FROM account_move_line AS item
    INNER JOIN accounts
        ON accounts.account_id = item.account_id AND accounts.company_id = item.company_id
    INNER JOIN account_move AS m ON m.id = item.move_id
    LEFT JOIN ekarte_settlement_line AS line ON line.id = item.ekarte_line_id
    LEFT JOIN ekarte_reestimate AS estimate ON estimate.id = m.ekarte_reestimate_id
    LEFT JOIN ekarte_program AS estimated ON estimated.id = estimate.program_id
    WHERE item.parent_state = 'posted'
    GROUP BY 1, 2, 3, 4
),

monthly AS (
    SELECT
        company_id, account_key, program, month,
        coalesce(sum(issued), 0) AS issued, coalesce(sum(redeemed), 0) AS redeemed,
        coalesce(sum(expired), 0) AS expired, coalesce(sum(reversed), 0) AS reversed,
        coalesce(sum(reestimated), 0) AS reestimated,
        coalesce(sum(by_hand), 0) AS by_hand, coalesce(sum(booked), 0) AS booked
    FROM moved
    GROUP BY company_id, account_key, program, month
),

-- A month in which nothing happened still opens and closes.
every_month AS (
    SELECT begun.company_id, begun.account_key, begun.program, at.month::date AS month
    FROM (
        SELECT company_id, account_key, program, min(month) AS since
        FROM monthly
        GROUP BY company_id, account_key, program
    ) AS begun
    CROSS JOIN LATERAL generate_series(
        begun.since,
        greatest(date_trunc('month', now())::date, (SELECT max(month) FROM monthly)),
        interval '1 month'
    ) AS at (month)
)

SELECT
    row_number() OVER (ORDER BY e.company_id, e.account_key, e.program, e.month) AS id,
    e.company_id, c.currency_id, e.account_key, e.program AS program_code,
    program.id AS program_id, e.month, to_char(e.month, 'YYYY-MM') AS month_name,
    sum(coalesce(m.booked, 0)) OVER upto / 100 AS gl,
    (
        sum(coalesce(
            m.issued + m.redeemed + m.expired + m.reversed + m.reestimated + m.by_hand, 0
        )) OVER upto
        - coalesce(
            m.issued + m.redeemed + m.expired + m.reversed + m.reestimated + m.by_hand, 0
        )
    ) / 100 AS opening,
    coalesce(m.issued, 0) / 100 AS issued,
    coalesce(m.redeemed, 0) / 100 AS redeemed,
    coalesce(m.expired, 0) / 100 AS expired,
    coalesce(m.reversed, 0) / 100 AS reversed,
    coalesce(m.reestimated, 0) / 100 AS reestimated,
    coalesce(m.by_hand, 0) / 100 AS by_hand,
    sum(coalesce(
        m.issued + m.redeemed + m.expired + m.reversed + m.reestimated + m.by_hand, 0
    )) OVER upto / 100 AS closing
FROM every_month AS e
INNER JOIN res_company AS c ON c.id = e.company_id
LEFT JOIN monthly AS m
    ON
        m.company_id = e.company_id AND m.account_key = e.account_key
        AND m.program = e.program AND m.month = e.month
LEFT JOIN ekarte_program AS program ON program.code = e.program
WINDOW upto AS (
    PARTITION BY e.company_id, e.account_key, e.program ORDER BY e.month
);

-- ageing --
-- Lots that still hold value, by when they end.
SELECT
    l.id, l.id AS lot_id, p.card_id, issuer.id AS issuer_id, issuer.company_id,
    company.currency_id, program.id AS program_id, p.program AS program_code,
    CASE
        WHEN pooled.liable IS NOT NULL THEN 'LPL'
        WHEN program.kind = 'gift_card' THEN 'LGC'
        WHEN program.kind = 'visit_pass' THEN 'LPS'
        ELSE 'LBN'
    END AS account_key,
    l.valid_until AT TIME ZONE 'UTC' AS valid_until,
    CASE
        WHEN l.valid_until IS NULL THEN '5_for_ever'
        WHEN l.valid_until <= now() THEN '0_expired'
        WHEN l.valid_until <= now() + interval '30 days' THEN '1_month'
        WHEN l.valid_until <= now() + interval '90 days' THEN '2_quarter'
        WHEN l.valid_until <= now() + interval '365 days' THEN '3_year'
        ELSE '4_later'
    END AS bucket,
    l.carry / 100::numeric AS carry
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON p.id = l.purse_id
LEFT JOIN (
    SELECT DISTINCT t.program, t.liable
    FROM ekarte.settling_terms AS t
    CROSS JOIN LATERAL (
        SELECT d.version FROM ekarte.network_document AS d
        WHERE EXISTS (
            SELECT FROM jsonb_array_elements(d.body::jsonb -> 'programs') AS told
            WHERE told ->> 'code' = t.program
        )
        ORDER BY d.version DESC
        LIMIT 1
    ) AS last
    WHERE t.liable <> '' AND t.version = last.version
) AS pooled ON pooled.program = p.program
INNER JOIN ekarte_issuer AS issuer ON issuer.code = coalesce(pooled.liable, p.issuer)
LEFT JOIN res_company AS company ON company.id = issuer.company_id
LEFT JOIN ekarte_program AS program ON program.code = p.program
WHERE l.carry <> 0;

-- cohorts --
-- What was issued in each month, and what became of it until a day, of posted documents.
-- A card's liability in a program is used, ended and taken back oldest first: as
-- terminals take lots that end alike. Points that became money keep their month.
WITH entries AS (
    SELECT
        p.issuer, p.program, p.card_id, o.business_day, e.carry,
        CASE
            WHEN e.event LIKE '%%_expire' THEN 'expired'
            WHEN
                e.event IN ('bonus_earn', 'bonus_grant') OR e.event LIKE '%%_load'
                THEN 'issued'
            WHEN e.event = 'transfer' OR e.event LIKE '%%_charge_back' THEN 'issued'
            WHEN e.event <> 'convert' THEN 'used'
        END AS what
    FROM ekarte_settlement AS document
    INNER JOIN ekarte.settlement_operation AS s ON s.settlement_id = document.ledger_id
    INNER JOIN ekarte.operation AS o ON o.id = s.operation_id
    INNER JOIN ekarte.entry AS e ON e.operation_id = o.id AND e.carry <> 0
    INNER JOIN ekarte.purse AS p ON p.id = e.purse_id AND p.unit <> 'credit'
    WHERE
        document.state = 'posted'
        AND o.business_day <= %(until)s::date
        AND (%(program)s::text IS NULL OR p.program = %(program)s::text)
),

gone AS (
    SELECT
        issuer, program, card_id,
        coalesce(-sum(carry) FILTER (WHERE what = 'issued' AND carry < 0), 0) AS back,
        coalesce(-sum(carry) FILTER (WHERE what = 'used'), 0) AS used,
        coalesce(-sum(carry) FILTER (WHERE what = 'expired'), 0) AS expired
    FROM entries
    GROUP BY issuer, program, card_id
),

-- What is taken back was issued last.
issued AS (
    SELECT
        of_month.issuer, of_month.program, of_month.card_id, of_month.month,
        g.used, g.expired,
        of_month.carry - greatest(0, least(g.back - of_month.after, of_month.carry))
        AS carry
    FROM (
        SELECT
            issuer, program, card_id, date_trunc('month', business_day)::date AS month,
            sum(carry) AS carry,
            sum(sum(carry)) OVER (
                PARTITION BY issuer, program, card_id
                ORDER BY date_trunc('month', business_day) DESC
            ) - sum(carry) AS after
        FROM entries
        WHERE what = 'issued' AND carry > 0
        GROUP BY issuer, program, card_id, date_trunc('month', business_day)
    ) AS of_month
    INNER JOIN gone AS g USING (issuer, program, card_id)
),

of_cards AS (
    SELECT
        issuer, program, month, carry,
        greatest(0, least(used - before, carry)) AS used,
        greatest(0, least(used + expired - before, carry)) AS used_expired
    FROM (
        SELECT *, sum(carry) OVER w - carry AS before
        FROM issued
        WINDOW w AS (PARTITION BY issuer, program, card_id ORDER BY month)
    ) AS lined_up
)

SELECT
    row_number() OVER (ORDER BY o.issuer, o.program, o.month) AS id,
    owner.company_id, company.currency_id, owner.id AS issuer_id,
    program.id AS program_id, o.program AS program_code, o.month,
    to_char(o.month, 'YYYY-MM') AS month_name,
    sum(o.carry)::bigint / 100::numeric AS issued,
    sum(o.used)::bigint / 100::numeric AS used,
    sum(o.used_expired - o.used)::bigint / 100::numeric AS expired,
    sum(o.carry - o.used_expired)::bigint / 100::numeric AS outstanding
FROM of_cards AS o
INNER JOIN ekarte_issuer AS owner ON owner.code = o.issuer
LEFT JOIN res_company AS company ON company.id = owner.company_id
LEFT JOIN ekarte_program AS program ON program.code = o.program
GROUP BY
    owner.company_id, company.currency_id, owner.id, o.issuer, program.id, o.program,
    o.month;

-- trial_balance --
-- Posted sums of each account that E-karte uses, by issuer, partner and date. An account
-- that serves twice counts once, under its first use. Tax: that of E-karte's own entries.
-- Outside issuers keep no books here: of them there is what open clearing lines say.
WITH accounts AS (
    SELECT DISTINCT ON (c.id, k.account_id)
        c.id AS company_id, c.currency_id, issuer.id AS issuer_id, k.*
    FROM res_company AS c
    INNER JOIN ekarte_issuer AS issuer ON issuer.company_id = c.id
    CROSS JOIN LATERAL (VALUES %(accounts)s) AS k (place, account_key, account_id)
    WHERE k.account_id IS NOT NULL
    ORDER BY c.id, k.account_id, k.place
),

balances AS (
    SELECT
        accounts.account_key, accounts.issuer_id, accounts.company_id,
        accounts.currency_id, accounts.account_id, item.partner_id, item.date,
        item.debit, item.credit
    FROM account_move_line AS item
    INNER JOIN accounts
        ON
            accounts.account_id = item.account_id
            AND accounts.company_id = item.company_id
    WHERE item.parent_state = 'posted'
    UNION ALL
    SELECT
        CASE tax.type_tax_use WHEN 'purchase' THEN 'VATI' ELSE 'VATO' END, issuer.id,
        item.company_id, item.company_currency_id, item.account_id, item.partner_id,
        item.date, item.debit, item.credit
    FROM account_move_line AS item
    INNER JOIN account_tax AS tax ON tax.id = item.tax_line_id
    INNER JOIN account_move AS m ON m.id = item.move_id AND m.ekarte_key IS NOT NULL
    INNER JOIN ekarte_issuer AS issuer ON issuer.company_id = item.company_id
    WHERE
        item.parent_state = 'posted'
        AND NOT EXISTS (
            SELECT FROM accounts
            WHERE
                accounts.account_id = item.account_id
                AND accounts.company_id = item.company_id
        )
    UNION ALL
    SELECT
        'CLR', line.issuer_id, NULL, line.currency_id, NULL,
        coalesce(company.partner_id, other.partner_id), line.day,
        greatest(line.amount, 0), greatest(-line.amount, 0)
    FROM ekarte_clearing_line AS line
    INNER JOIN ekarte_issuer AS issuer
        ON issuer.id = line.issuer_id AND issuer.company_id IS NULL
    INNER JOIN ekarte_issuer AS other ON other.id = line.other_id
    LEFT JOIN res_company AS company ON company.id = other.company_id
    WHERE line.state <> 'closed'
)

SELECT
    row_number() OVER (
        ORDER BY account_key, issuer_id, account_id, partner_id, currency_id, date
    ) AS id,
    account_key, issuer_id, company_id, currency_id, account_id, partner_id, date,
    sum(debit) AS debit, sum(credit) AS credit, sum(debit - credit) AS balance
FROM balances
GROUP BY
    account_key, issuer_id, company_id, currency_id, account_id, partner_id, date;
