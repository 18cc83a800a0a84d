-- open_batches --
-- Of each terminal the last batches that are open, back to the first closed one, if there
-- was something in them at a moment.
WITH RECURSIVE last AS (
    SELECT t.terminal, t.due, b.batch
    FROM unnest(%(terminals)s::text[], %(dues)s::timestamptz[]) AS t (terminal, due)
    CROSS JOIN LATERAL (
        SELECT max(o.batch) AS batch FROM ekarte.operation AS o
        -- Those above are the gateway's own, of purchases with a bank card: ADR 0028.
        WHERE o.terminal = t.terminal AND o.batch <= 999999
    ) AS b
    UNION ALL
    SELECT l.terminal, l.due, b.batch
    FROM last AS l
    CROSS JOIN LATERAL (
        SELECT max(o.batch) AS batch FROM ekarte.operation AS o
        WHERE o.terminal = l.terminal AND o.batch < l.batch
    ) AS b
    WHERE
        l.batch IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM ekarte.batch_close AS c
            WHERE c.terminal = l.terminal AND c.batch = l.batch
        )
)

SELECT l.terminal, l.batch
FROM last AS l
WHERE
    NOT EXISTS (
        SELECT FROM ekarte.batch_close AS c
        WHERE c.terminal = l.terminal AND c.batch = l.batch
    )
    AND EXISTS (
        SELECT FROM ekarte.operation AS o
        WHERE o.terminal = l.terminal AND o.batch = l.batch AND o.at < l.due
    )
ORDER BY l.terminal, l.batch
LIMIT %(limit)s;

-- claim_batch --
-- Nobody works in it now, and nobody begins: else it is closed the next time.
SELECT pg_try_advisory_xact_lock(hashtext(%(terminal)s::text), %(batch)s::integer);

-- batch_closed --
-- Whether a batch is closed, and whether that was done without its terminal.
SELECT c.operation_id IS NOT NULL, coalesce(o.terminal <> c.terminal, FALSE)
FROM (VALUES (%(terminal)s::text, %(batch)s::integer)) AS k (terminal, batch)
LEFT JOIN ekarte.batch_close AS c ON k.terminal = c.terminal AND k.batch = c.batch
LEFT JOIN ekarte.operation AS o ON c.operation_id = o.id;

-- use_of_number --
-- The batch in which a terminal used a number lately, and for which command, for those who
-- count no batches themselves; else the open batch, next after the last that was closed.
WITH open AS (
    SELECT coalesce(max(c.batch), 0) + 1 AS batch
    FROM ekarte.batch_close AS c
    WHERE c.terminal = %(terminal)s AND c.batch < 999999
)

SELECT
    coalesce(u.batch, l.batch),
    coalesce(u.command, '')
FROM open AS l
LEFT JOIN LATERAL (
    SELECT
        o.batch,
        o.command
    FROM ekarte.operation AS o
    WHERE
        o.terminal = %(terminal)s
        AND o.number = %(number)s
        -- Each by its key: batches are few, operations many.
        AND o.batch = ANY(ARRAY(SELECT generate_series(l.batch - %(back)s, l.batch)))
        AND (o.at > %(since)s OR o.batch = l.batch)
    ORDER BY o.batch DESC
    LIMIT 1
) AS u ON TRUE;
