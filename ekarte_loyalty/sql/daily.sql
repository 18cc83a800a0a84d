-- What happened each day, summed once: dashboards and reports read these, not the ledger.
-- Business days are given at the moment of booking, so only the last ones still change:
-- what happened from `since` until the day before `before` is counted anew.

-- last_day --
SELECT max(day) FROM ekarte_daily_count;

-- days --
SELECT DISTINCT business_day FROM ekarte.operation
WHERE business_day >= %(since)s
ORDER BY business_day;

-- one_at_a_time --
SELECT pg_advisory_xact_lock(hashtext('ekarte_daily'));

-- forget_sales --
DELETE FROM ekarte_daily_sale WHERE day >= %(since)s AND day < %(before)s;

-- add_sales --
-- A purchase counts once: its reversal takes it back, on the day of the reversal.
INSERT INTO ekarte_daily_sale
(
    day, issuer_id, branch_id, card_id, currency_id, purchases, refunds, reversals, visits,
    amount, discount
)
SELECT
    o.business_day, o.issuer_id, o.branch_id, o.card_id, o.currency_id,
    count(*) FILTER (WHERE o.command NOT IN ('reverse', 'refund') AND o.sold > 0)
    - count(*) FILTER (WHERE o.command = 'reverse' AND o.sold < 0),
    count(*) FILTER (WHERE o.command = 'refund'),
    count(*) FILTER (WHERE o.command = 'reverse'),
    count(*) FILTER (WHERE o.command = 'check_in'),
    sum(o.sold), sum(o.sold_discount)
FROM ekarte_operation AS o
WHERE
    o.business_day >= %(since)s AND o.business_day < %(before)s
    AND o.rc IN ('00', '10') AND o.card_id IS NOT NULL
    AND o.issuer_id IS NOT NULL AND o.branch_id IS NOT NULL
    AND o.command IN (
        'sale', 'confirm', 'accrue', 'voucher', 'redeem', 'refund', 'reverse', 'check_in'
    )
GROUP BY o.business_day, o.issuer_id, o.branch_id, o.card_id, o.currency_id;

-- forget_branches --
DELETE FROM ekarte_daily_branch WHERE day >= %(since)s AND day < %(before)s;

-- add_branches --
INSERT INTO ekarte_daily_branch
(
    day, issuer_id, branch_id, currency_id, cards, purchases, refunds, reversals, visits,
    amount, discount
)
SELECT
    day, issuer_id, branch_id, currency_id, count(*), sum(purchases), sum(refunds),
    sum(reversals), sum(visits), sum(amount), sum(discount)
FROM ekarte_daily_sale
WHERE day >= %(since)s AND day < %(before)s
GROUP BY day, issuer_id, branch_id, currency_id;

-- forget_answers --
DELETE FROM ekarte_daily_answer WHERE day >= %(since)s AND day < %(before)s;

-- add_answers --
INSERT INTO ekarte_daily_answer
(
    day, issuer_id, branch_id, currency_id, terminal, batch, command, rc, declined,
    operations, amount
)
SELECT
    o.business_day, issuer.id, branch.id, currency.id, o.terminal, o.batch, o.command,
    o.rc, CASE WHEN o.rc IN ('00', '10') THEN 0 ELSE count(*) END,
    count(*), sum(o.amount) / 100::numeric
FROM ekarte.operation AS o
INNER JOIN ekarte_issuer AS issuer ON o.issuer = issuer.code
LEFT JOIN ekarte_branch AS branch ON o.branch = branch.code
LEFT JOIN res_currency AS currency ON o.currency = currency.name
WHERE
    o.business_day >= %(since)s AND o.business_day < %(before)s
    AND o.terminal NOT LIKE '~%%'
GROUP BY
    o.business_day, issuer.id, branch.id, currency.id, o.terminal, o.batch, o.command,
    o.rc;

-- forget_programs --
DELETE FROM ekarte_daily_program WHERE day >= %(since)s AND day < %(before)s;

-- add_programs --
-- Points that became money or a prize are used; the money or prize is value issued.
INSERT INTO ekarte_daily_program
(
    day, issuer_id, branch_id, program_id, currency_id, measure, issued, used, expired,
    liability_issued, liability_used, liability_expired, liability
)
SELECT
    e.business_day, e.issuer_id, branch.id, e.program_id, e.currency_id, e.measure,
    coalesce(sum(e.posted) FILTER (WHERE e.way = 'in'), 0),
    coalesce(-sum(e.posted) FILTER (WHERE e.way = 'out'), 0),
    coalesce(-sum(e.posted) FILTER (WHERE e.way = 'end'), 0),
    coalesce(sum(e.carry) FILTER (WHERE e.way = 'in' AND e.event <> 'convert'), 0),
    coalesce(-sum(e.carry) FILTER (WHERE e.way = 'out' AND e.event <> 'convert'), 0),
    coalesce(-sum(e.carry) FILTER (WHERE e.way = 'end'), 0),
    sum(e.carry)
FROM (
    SELECT
        entry.*, operation.branch,
        CASE
            WHEN entry.event LIKE '%%\_expire' THEN 'end'
            WHEN
                entry.event LIKE '%%\_spend' OR entry.event LIKE '%%\_restore'
                OR entry.event = 'pass_use'
                THEN 'out'
            WHEN entry.event = 'convert' AND entry.measure = 'points' THEN 'out'
            WHEN
                entry.event IN (
                    'gift_load', 'bonus_earn', 'bonus_grant', 'pass_load', 'convert'
                )
                THEN 'in'
            ELSE 'other'
        END AS way
    FROM ekarte_entry AS entry
    INNER JOIN ekarte.operation AS operation ON entry.operation_id = operation.id
    WHERE
        operation.business_day >= %(since)s AND operation.business_day < %(before)s
        AND entry.purse_id IS NOT NULL
        AND entry.issuer_id IS NOT NULL
        AND entry.measure IN ('points', 'money', 'voucher', 'item', 'visits')
) AS e
LEFT JOIN ekarte_branch AS branch ON e.branch = branch.code
GROUP BY
    e.business_day, e.issuer_id, branch.id, e.program_id, e.currency_id, e.measure;

-- forget_customers --
-- Those who bought since; their sums are made anew from all their days.
DELETE FROM ekarte_branch_customer AS c
USING (
    SELECT DISTINCT branch_id, card_id FROM ekarte_daily_sale
    WHERE day >= %(since)s AND day < %(before)s
) AS s
WHERE c.branch_id = s.branch_id AND c.card_id = s.card_id;

-- add_customers --
INSERT INTO ekarte_branch_customer
(
    issuer_id, branch_id, card_id, currency_id, days, purchases, refunds, visits, amount,
    discount, first_day, last_day
)
SELECT
    d.issuer_id, d.branch_id, d.card_id, d.currency_id,
    count(*) FILTER (WHERE d.purchases + d.visits > 0), sum(d.purchases), sum(d.refunds),
    sum(d.visits), sum(d.amount), sum(d.discount), min(d.day), max(d.day)
FROM ekarte_daily_sale AS d
INNER JOIN (
    SELECT DISTINCT branch_id, card_id FROM ekarte_daily_sale
    WHERE day >= %(since)s AND day < %(before)s
) AS s ON d.branch_id = s.branch_id AND d.card_id = s.card_id
GROUP BY d.issuer_id, d.branch_id, d.card_id, d.currency_id;

-- forget_counts --
-- Long spans are counted once a day: they move little and take longest.
DELETE FROM ekarte_daily_count
WHERE %(afresh)s OR day > %(until)s OR (day = %(until)s AND days < 90);

-- add_active --
INSERT INTO ekarte_daily_count
(day, days, issuer_id, branch_id, holders, cards, expiring_points, expiring_liability)
SELECT
    %(day)s, %(days)s, s.issuer_id, s.branch_id, count(DISTINCT s.card_id), 0, 0, 0
FROM ekarte_daily_sale AS s
WHERE
    s.day > %(day)s::date - %(days)s AND s.day <= %(day)s AND s.purchases + s.visits > 0
    AND NOT EXISTS (
        SELECT FROM ekarte_daily_count AS c
        WHERE c.day = %(day)s AND c.days = %(days)s
    )
GROUP BY GROUPING SETS ((s.issuer_id), (s.issuer_id, s.branch_id));

-- add_cards --
INSERT INTO ekarte_daily_count
(day, days, issuer_id, holders, cards, expiring_points, expiring_liability)
SELECT
    d.day, 0, issuer.id, 0,
    coalesce(sum(joined.cards) FILTER (WHERE joined.day <= d.day), 0), 0, 0
FROM ekarte_issuer AS issuer
CROSS JOIN unnest(%(days)s::date[]) AS d (day)
LEFT JOIN (
    SELECT first.issuer, first.day, count(*) AS cards
    FROM (
        SELECT issuer, card_id, min(since)::date AS day
        FROM ekarte.membership
        GROUP BY issuer, card_id
    ) AS first
    GROUP BY first.issuer, first.day
) AS joined ON issuer.code = joined.issuer
WHERE NOT EXISTS (
    SELECT FROM ekarte_daily_count AS c WHERE c.day = d.day AND c.days = 0
)
GROUP BY d.day, issuer.id;

-- add_expiring --
-- What ends within 30 days of the last day, unless it is used before.
UPDATE ekarte_daily_count AS c
SET expiring_points = due.points, expiring_liability = due.liability
FROM (
    SELECT
        issuer.id AS issuer_id,
        coalesce(sum(lot.posted) FILTER (WHERE purse.unit = 'points'), 0) AS points,
        coalesce(sum(lot.carry), 0) / 100::numeric AS liability
    FROM ekarte.lot AS lot
    INNER JOIN ekarte.purse AS purse ON lot.purse_id = purse.id
    INNER JOIN ekarte_issuer AS issuer ON purse.issuer = issuer.code
    WHERE
        lot.valid_until >= %(until)s::date AND lot.valid_until < %(until)s::date + 31
        AND lot.posted > 0
    GROUP BY issuer.id
) AS due
WHERE c.day = %(until)s AND c.days = 0 AND c.issuer_id = due.issuer_id;
