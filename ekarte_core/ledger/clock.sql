-- turnovers_due --
-- Accounts with sums whose period is over or whose card is idle.
SELECT DISTINCT p.card_id
FROM ekarte.purse AS p
INNER JOIN unnest(
    %(programs)s::text[], %(months)s::integer[], %(idle_days)s::integer[],
    %(todays)s::date[], %(zones)s::text[]
) AS d (program, months, idle_days, today, zone) ON p.program = d.program
WHERE
    p.unit = 'turnover' AND p.posted > 0
    AND (
        (d.months > 0 AND p.period_start + make_interval(months => d.months) <= d.today)
        OR (
            d.idle_days > 0
            AND (p.last_at AT TIME ZONE d.zone)::date + d.idle_days <= d.today
        )
    )
LIMIT %(limit)s;

-- statements_due --
-- Credit purses with a debt from before a day and no statement of that day: account,
-- purse, its version then, what was owed, and what was bought since.
SELECT
    p.card_id, p.id, e.version, -e.posted_after,
    coalesce((
        SELECT -sum(n.posted) FROM ekarte.entry AS n
        WHERE
            n.purse_id = p.id AND n.version > e.version AND n.event = 'credit_spend'
    ), 0)::bigint
FROM ekarte.purse AS p
CROSS JOIN LATERAL (
    SELECT e.version, e.posted_after
    FROM ekarte.entry AS e
    INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
    WHERE e.purse_id = p.id AND o.at < %(before)s
    ORDER BY e.version DESC
    LIMIT 1
) AS e
WHERE
    p.program = %(program)s AND p.unit = 'credit' AND e.posted_after < 0
    AND NOT EXISTS (
        SELECT FROM ekarte.statement AS s
        WHERE s.purse_id = p.id AND s.made_on = %(made_on)s
    )
ORDER BY p.id
LIMIT %(limit)s;

-- add_statement --
INSERT INTO ekarte.statement
(operation_id, purse_id, purse_version, made_on, due_on, amount, newly_billed)
VALUES (
    %(operation)s, %(purse)s, %(version)s, %(made_on)s, %(due_on)s, %(amount)s,
    %(newly_billed)s
);

-- late_statements --
-- The last statements of debts whose day to pay is over, not paid and not charged for:
-- account, purse, day of the statement.
SELECT p.card_id, s.purse_id, s.made_on
FROM ekarte.statement AS s
INNER JOIN ekarte.purse AS p ON s.purse_id = p.id
WHERE
    p.program = %(program)s AND p.posted < 0 AND s.due_on < %(today)s
    AND NOT EXISTS (
        SELECT FROM ekarte.statement AS n
        WHERE n.purse_id = s.purse_id AND n.made_on > s.made_on AND n.due_on < %(today)s
    )
    AND s.amount > coalesce((
        SELECT sum(e.posted) FROM ekarte.entry AS e
        WHERE
            e.purse_id = s.purse_id AND e.version > s.purse_version
            -- One row by its key: an EXISTS beside OR may read all operations once.
            AND (e.posted > 0 OR 'reverse' = (
                SELECT o.command FROM ekarte.operation AS o WHERE o.id = e.operation_id
            ))
    ), 0)
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS c
        WHERE
            c.terminal = %(terminal)s AND c.number = s.purse_id
            AND c.batch = to_char(s.made_on, 'YYYYMMDD')::integer
    )
ORDER BY s.purse_id
LIMIT %(limit)s;

-- take_notices --
-- Lots that end soon and whose holders have not been told; two at once get different ones.
WITH due AS (
    SELECT l.id, l.purse_id, l.posted - l.held AS amount, l.valid_until
    FROM ekarte.lot AS l
    INNER JOIN ekarte.purse AS p ON l.purse_id = p.id
    INNER JOIN unnest(%(programs)s::text[], %(until)s::timestamptz[])
    AS d (program, until) ON p.program = d.program
    WHERE
        l.valid_until > %(now)s AND l.valid_until <= d.until AND l.posted > l.held
        AND NOT EXISTS (SELECT FROM ekarte.lot_notice AS n WHERE n.lot_id = l.id)
    ORDER BY l.valid_until, l.id
    LIMIT %(limit)s
), told AS (
    INSERT INTO ekarte.lot_notice (lot_id, noticed_at)
    SELECT due.id, %(now)s FROM due
    ON CONFLICT DO NOTHING
    RETURNING lot_id
)
SELECT p.card_id, p.issuer, p.program, p.unit, due.amount, due.valid_until
FROM due
INNER JOIN told ON due.id = told.lot_id
INNER JOIN ekarte.purse AS p ON due.purse_id = p.id
ORDER BY due.valid_until, due.id;
