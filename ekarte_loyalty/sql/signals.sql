-- What deserves a look: one row for each seller, day and card or till. `l` has how many
-- are too many for each seller; the day's index keeps the rest of the ledger out.

-- refunds --
-- Much is given back to one card on one day.
SELECT
    o.issuer, max(o.branch), '' AS terminal, o.card_id, o.business_day,
    count(*) AS found, sum(o.amount) AS amount
FROM ekarte.operation AS o
INNER JOIN unnest(%(issuers)s, %(limits)s) AS l (issuer, at_least) ON o.issuer = l.issuer
WHERE
    o.business_day >= %(since)s AND o.rc IN ('00', '10') AND o.card_id IS NOT NULL
    AND o.command IN ('refund', 'reverse')
GROUP BY o.issuer, o.card_id, o.business_day, l.at_least
HAVING count(*) >= l.at_least;

-- till_card --
-- One card buys again and again at one till: perhaps the cashier's own.
SELECT
    o.issuer, o.branch, o.terminal, o.card_id, o.business_day,
    count(*) AS found, sum(o.amount) AS amount
FROM ekarte.operation AS o
INNER JOIN unnest(%(issuers)s, %(limits)s) AS l (issuer, at_least) ON o.issuer = l.issuer
WHERE
    o.business_day >= %(since)s AND o.rc IN ('00', '10') AND o.card_id IS NOT NULL
    AND o.command IN ('sale', 'confirm', 'accrue')
GROUP BY o.issuer, o.branch, o.terminal, o.card_id, o.business_day, l.at_least
HAVING count(*) >= l.at_least;

-- fast --
-- Many purchases of one card within an hour.
SELECT
    p.issuer, max(p.branch), '' AS terminal, p.card_id, p.business_day,
    max(p.found) AS found, max(p.amount) AS amount
FROM (
    SELECT
        o.issuer, o.branch, o.card_id, o.business_day, l.at_least,
        count(*) OVER hour AS found, sum(o.amount) OVER hour AS amount
    FROM ekarte.operation AS o
    INNER JOIN unnest(%(issuers)s, %(limits)s) AS l (issuer, at_least)
        ON o.issuer = l.issuer
    WHERE
        o.business_day >= %(since)s AND o.rc IN ('00', '10') AND o.card_id IS NOT NULL
        AND o.command IN ('sale', 'confirm', 'accrue')
    WINDOW hour AS (
        PARTITION BY o.issuer, o.card_id ORDER BY o.at
        RANGE BETWEEN INTERVAL '1 hour' PRECEDING AND CURRENT ROW
    )
) AS p
WHERE p.found >= p.at_least
GROUP BY p.issuer, p.card_id, p.business_day;

-- far --
-- One card at two branches of a seller, sooner after each other than anybody travels.
SELECT
    p.issuer, max(p.branch), '' AS terminal, p.card_id, p.business_day,
    count(*) AS found, sum(p.amount) AS amount
FROM (
    SELECT
        o.issuer, o.branch, o.card_id, o.business_day, o.at, o.amount, l.at_least,
        lag(o.branch) OVER way AS branch_before, lag(o.at) OVER way AS at_before
    FROM ekarte.operation AS o
    INNER JOIN unnest(%(issuers)s, %(limits)s) AS l (issuer, at_least)
        ON o.issuer = l.issuer
    WHERE
        o.business_day >= %(since)s AND o.rc IN ('00', '10') AND o.card_id IS NOT NULL
        AND o.command IN ('sale', 'confirm', 'accrue', 'check_in')
    WINDOW way AS (PARTITION BY o.issuer, o.card_id ORDER BY o.at)
) AS p
WHERE p.branch <> p.branch_before AND p.at - p.at_before < p.at_least * INTERVAL '1 minute'
GROUP BY p.issuer, p.card_id, p.business_day;

-- wrong --
-- A terminal that shows unknown cards or wrong access codes again and again.
SELECT
    o.issuer, o.branch, o.terminal, NULL::integer AS card_id, o.business_day,
    count(*) AS found, sum(o.amount) AS amount
FROM ekarte.operation AS o
INNER JOIN unnest(%(issuers)s, %(limits)s) AS l (issuer, at_least) ON o.issuer = l.issuer
WHERE o.business_day >= %(since)s AND o.rc IN ('14', '55', '75')
GROUP BY o.issuer, o.branch, o.terminal, o.business_day, l.at_least
HAVING count(*) >= l.at_least;
