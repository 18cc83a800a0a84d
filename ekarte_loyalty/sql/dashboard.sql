-- The issuer's dashboard, from daily sums alone; run by queries.fetch. `branches` is empty
-- for all of them.

-- sales --
SELECT
    coalesce(sum(purchases) FILTER (WHERE day > %(middle)s), 0)::integer,
    coalesce(sum(purchases) FILTER (WHERE day <= %(middle)s), 0)::integer,
    coalesce(sum(amount) FILTER (WHERE day > %(middle)s), 0),
    coalesce(sum(amount) FILTER (WHERE day <= %(middle)s), 0),
    coalesce(sum(discount) FILTER (WHERE day > %(middle)s), 0),
    coalesce(sum(discount) FILTER (WHERE day <= %(middle)s), 0)
FROM ekarte_daily_branch
WHERE
    issuer_id = ANY(%(issuers)s) AND day > %(start)s AND day <= %(until)s
    AND (%(branches)s::integer[] = '{}' OR branch_id = ANY(%(branches)s));

-- points --
SELECT
    coalesce(sum(issued) FILTER (WHERE day > %(middle)s AND measure = 'points'), 0),
    coalesce(sum(issued) FILTER (WHERE day <= %(middle)s AND measure = 'points'), 0),
    coalesce(sum(used) FILTER (WHERE day > %(middle)s AND measure = 'points'), 0),
    coalesce(sum(used) FILTER (WHERE day <= %(middle)s AND measure = 'points'), 0),
    coalesce(sum(expired) FILTER (WHERE day > %(middle)s AND measure = 'points'), 0),
    coalesce(sum(expired) FILTER (WHERE day <= %(middle)s AND measure = 'points'), 0)
FROM ekarte_daily_program
WHERE
    issuer_id = ANY(%(issuers)s) AND day > %(start)s AND day <= %(until)s
    AND (%(branches)s::integer[] = '{}' OR branch_id = ANY(%(branches)s));

-- liability --
SELECT
    coalesce(sum(liability), 0),
    coalesce(sum(liability) FILTER (WHERE day <= %(middle)s), 0),
    coalesce(sum(liability_issued), 0),
    coalesce(sum(liability_issued) FILTER (WHERE day <= %(middle)s), 0),
    coalesce(sum(liability_used), 0),
    coalesce(sum(liability_used) FILTER (WHERE day <= %(middle)s), 0)
FROM ekarte_daily_program
WHERE issuer_id = ANY(%(issuers)s) AND day <= %(until)s;

-- counts --
-- Cards and active holders, now and a period before; what ends soon.
SELECT
    coalesce(sum(cards) FILTER (WHERE day = %(until)s AND days = 0), 0)::integer,
    coalesce(sum(cards) FILTER (WHERE day = %(middle)s AND days = 0), 0)::integer,
    coalesce(
        sum(expiring_points) FILTER (WHERE day = %(until)s AND days = 0), 0
    )::bigint,
    coalesce(sum(expiring_liability) FILTER (WHERE day = %(until)s AND days = 0), 0)
FROM ekarte_daily_count
WHERE issuer_id = ANY(%(issuers)s) AND branch_id IS NULL;

-- active --
SELECT
    coalesce(sum(holders) FILTER (WHERE day = %(until)s), 0)::integer,
    coalesce(sum(holders) FILTER (WHERE day = %(middle)s), 0)::integer
FROM ekarte_daily_count
WHERE
    issuer_id = ANY(%(issuers)s) AND days = %(days)s AND day IN (%(until)s, %(middle)s)
    AND CASE
        WHEN %(branches)s::integer[] = '{}' THEN branch_id IS NULL
        ELSE branch_id = ANY(%(branches)s)
    END;

-- sales_course --
SELECT
    step.number,
    coalesce(sum(d.amount) FILTER (WHERE NOT d.before), 0),
    coalesce(sum(d.amount) FILTER (WHERE d.before), 0),
    coalesce(sum(d.discount) FILTER (WHERE NOT d.before), 0)
FROM generate_series(0, %(steps)s - 1) AS step (number)
LEFT JOIN (
    SELECT
        amount, discount, day <= %(middle)s AS before,
        (
            day - CASE WHEN day <= %(middle)s THEN %(start)s ELSE %(middle)s END::date - 1
        ) / %(width)s AS step
    FROM ekarte_daily_branch
    WHERE
        issuer_id = ANY(%(issuers)s) AND day > %(start)s AND day <= %(until)s
        AND (%(branches)s::integer[] = '{}' OR branch_id = ANY(%(branches)s))
) AS d ON step.number = d.step
GROUP BY step.number
ORDER BY step.number;

-- points_course --
SELECT
    step.number, coalesce(sum(d.issued), 0), coalesce(sum(d.used), 0),
    coalesce(sum(d.expired), 0)
FROM generate_series(0, %(steps)s - 1) AS step (number)
LEFT JOIN (
    SELECT issued, used, expired, (day - %(middle)s::date - 1) / %(width)s AS step
    FROM ekarte_daily_program
    WHERE
        issuer_id = ANY(%(issuers)s) AND day > %(middle)s AND day <= %(until)s
        AND measure = 'points'
        AND (%(branches)s::integer[] = '{}' OR branch_id = ANY(%(branches)s))
) AS d ON step.number = d.step
GROUP BY step.number
ORDER BY step.number;

-- by_branch --
SELECT
    b.branch_id,
    coalesce(sum(b.purchases) FILTER (WHERE b.day > %(middle)s), 0)::integer,
    coalesce(sum(b.amount) FILTER (WHERE b.day > %(middle)s), 0),
    coalesce(sum(b.amount) FILTER (WHERE b.day <= %(middle)s), 0),
    coalesce(sum(b.discount) FILTER (WHERE b.day > %(middle)s), 0),
    coalesce(max(c.holders), 0)::integer
FROM ekarte_daily_branch AS b
LEFT JOIN ekarte_daily_count AS c
    ON b.branch_id = c.branch_id AND c.day = %(until)s AND c.days = %(days)s
WHERE
    b.issuer_id = ANY(%(issuers)s) AND b.day > %(start)s AND b.day <= %(until)s
    AND (%(branches)s::integer[] = '{}' OR b.branch_id = ANY(%(branches)s))
GROUP BY b.branch_id
ORDER BY 3 DESC, 1;

-- by_program --
SELECT program_id, sum(liability)
FROM ekarte_daily_program
WHERE issuer_id = ANY(%(issuers)s) AND day <= %(until)s AND program_id IS NOT NULL
GROUP BY program_id
HAVING sum(liability) <> 0
ORDER BY 2 DESC
LIMIT 8;
