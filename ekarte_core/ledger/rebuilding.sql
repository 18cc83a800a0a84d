-- purses_end --
-- The highest purse that is there, or that an entry speaks of.
SELECT greatest(
    (SELECT max(id) FROM ekarte.purse),
    (SELECT max(purse_id) FROM ekarte.entry WHERE purse_id IS NOT NULL)
);

-- differences --
-- Purses and lots of a span of purses that are not the sums of their entries. One
-- statement, so that a ledger at work is seen at one moment. Stored figures are null
-- where entries speak of a row that is not there.
WITH leg AS (
    SELECT
        purse_id, lot_id, sum(posted)::bigint AS posted, sum(held)::bigint AS held,
        sum(carry)::bigint AS carry, max(version) AS version
    FROM ekarte.entry
    WHERE purse_id > %(after)s AND purse_id <= %(upto)s
    GROUP BY purse_id, lot_id
),

lot AS (
    SELECT
        coalesce(l.id, n.lot_id) AS id, coalesce(l.purse_id, n.purse_id) AS purse_id,
        l.id IS NOT NULL AS stored, l.posted, l.held, l.carry, l.valid_until,
        coalesce(n.posted, 0) AS posted_now, coalesce(n.held, 0) AS held_now,
        coalesce(n.carry, 0) AS carry_now
    FROM (
        SELECT id, purse_id, posted, held, carry, valid_until FROM ekarte.lot
        WHERE purse_id > %(after)s AND purse_id <= %(upto)s
    ) AS l
    FULL JOIN (SELECT * FROM leg WHERE lot_id IS NOT NULL) AS n
        ON l.id = n.lot_id AND l.purse_id = n.purse_id
),

next_end AS (
    SELECT purse_id, min(valid_until) AS valid_until FROM lot
    WHERE posted_now <> 0 AND stored
    GROUP BY purse_id
),

sums AS (
    SELECT
        purse_id, sum(posted)::bigint AS posted, sum(held)::bigint AS held,
        sum(carry)::bigint AS carry, max(version) AS version
    FROM leg
    GROUP BY purse_id
),

purse AS (
    SELECT
        coalesce(p.id, n.purse_id) AS id, p.card_id, p.id IS NOT NULL AS stored,
        p.posted, p.held, p.carry, p.version, p.valid_until, p.credit_limit,
        coalesce(n.posted, 0) AS posted_now, coalesce(n.held, 0) AS held_now,
        coalesce(n.carry, 0) AS carry_now, coalesce(n.version, 0) AS version_now
    FROM (
        SELECT * FROM ekarte.purse WHERE id > %(after)s AND id <= %(upto)s
    ) AS p
    FULL JOIN sums AS n ON p.id = n.purse_id
)

SELECT
    'purse' AS kind, p.id, p.card_id, p.id AS purse_id, p.stored,
    p.posted, p.held, p.carry, p.version, p.valid_until,
    p.posted_now, p.held_now, p.carry_now, p.version_now, e.valid_until AS end_now,
    coalesce(p.credit_limit, 0) AS credit_limit
FROM purse AS p
LEFT JOIN next_end AS e ON p.id = e.purse_id
WHERE
    (p.posted, p.held, p.carry, p.version, p.valid_until)
    IS DISTINCT FROM (p.posted_now, p.held_now, p.carry_now, p.version_now, e.valid_until)
    OR NOT p.stored
UNION ALL
SELECT
    'lot', l.id, p.card_id, l.purse_id, l.stored,
    l.posted, l.held, l.carry, 0, l.valid_until,
    l.posted_now, l.held_now, l.carry_now, 0, l.valid_until, 0
FROM lot AS l
LEFT JOIN ekarte.purse AS p ON l.purse_id = p.id
WHERE
    (l.posted, l.held, l.carry)
    IS DISTINCT FROM (l.posted_now, l.held_now, l.carry_now)
    OR NOT l.stored
ORDER BY purse_id, kind DESC, id;

-- versions_torn --
-- The part of I4 that is about entries alone: dense versions, each balance after the one
-- before. Without it there is nothing to rebuild from.
SELECT 'purse ' || purse_id || ' version ' || version
FROM (
    SELECT
        purse_id, version, posted, held, posted_after, held_after,
        lag(version, 1, 0) OVER w AS before,
        lag(posted_after, 1, 0::bigint) OVER w AS posted_before,
        lag(held_after, 1, 0::bigint) OVER w AS held_before
    FROM ekarte.entry
    WHERE purse_id IS NOT NULL
    WINDOW w AS (PARTITION BY purse_id ORDER BY version)
) AS e
WHERE
    version <> before + 1
    OR posted_after <> posted_before + posted
    OR held_after <> held_before + held
ORDER BY purse_id, version;

-- repair_lots --
-- A lot never holds more than was issued; what was issued is not among the entries.
UPDATE ekarte.lot AS l
SET
    posted = n.posted, held = n.held, carry = n.carry,
    issued = greatest(l.issued, n.posted)
FROM unnest(
    %(ids)s::integer[], %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[]
) AS n (id, posted, held, carry)
WHERE l.id = n.id;

-- repair_purses --
UPDATE ekarte.purse AS p
SET
    posted = n.posted, held = n.held, carry = n.carry, version = n.version,
    valid_until = n.valid_until
FROM unnest(
    %(ids)s::integer[], %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[],
    %(versions)s::integer[], %(ends)s::timestamptz[]
) AS n (id, posted, held, carry, version, valid_until)
WHERE p.id = n.id;
