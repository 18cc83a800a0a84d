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
