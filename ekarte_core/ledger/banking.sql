-- Purchases whose rest is paid by bank card: migrations/0050_bank.sql tells what the rows mean.

-- own_bank_work --
-- This session is the gateway of that number as long as it lives.
SELECT pg_advisory_lock(%(owner)s::bigint);

-- open_bank_operation --
-- Nothing comes back where the number is used already.
INSERT INTO ekarte.bank_operation (
    id, terminal, batch, number, command, acquirer, bank_terminal, bank_acceptor, currency,
    last4, language, opened_at, body_digest, confirmation
)
SELECT
    nextval('ekarte.bank_operation_id_seq'), %(terminal)s::text, %(batch)s::integer,
    %(number)s::bigint, %(command)s::text, %(acquirer)s::text, %(bank_terminal)s::text,
    %(bank_acceptor)s::text, %(currency)s::text, %(last4)s::text, %(language)s::text,
    %(now)s::timestamptz, %(digest)s::bytea, %(confirmation)s::text
WHERE NOT EXISTS (
    SELECT FROM ekarte.operation AS o
    WHERE
        o.terminal = %(terminal)s::text AND o.batch = %(batch)s::integer
        AND o.number = %(number)s::bigint
)
ON CONFLICT DO NOTHING
RETURNING id;

-- add_bank_work --
INSERT INTO ekarte.bank_work (operation_id, number, owner)
VALUES (%(id)s::bigint, %(number)s::smallint, %(owner)s::bigint)
ON CONFLICT DO NOTHING;

-- end_bank_work --
DELETE FROM ekarte.bank_work
WHERE operation_id = %(id)s::bigint AND number = %(number)s::smallint;

-- find_bank_operation --
-- By its own key, or by the key of the operation that booked it.
SELECT b.id FROM ekarte.bank_operation AS b
WHERE
    b.terminal = %(terminal)s::text AND b.batch = %(batch)s::integer
    AND b.number = %(number)s::bigint
UNION ALL
SELECT s.operation_id
FROM ekarte.operation AS o
INNER JOIN ekarte.bank_step AS s ON o.id = s.booked_as
WHERE
    o.terminal = %(terminal)s::text AND o.batch = %(batch)s::integer
    AND o.number = %(number)s::bigint AND s.step = 'booked'
LIMIT 1;

-- find_bank_refund --
-- By the key of a refund of which the bank was told, or that somebody is at.
SELECT s.operation_id
FROM ekarte.operation AS o
INNER JOIN ekarte.bank_step AS s ON o.id = s.booked_as
WHERE
    o.terminal = %(terminal)s::text AND o.batch = %(batch)s::integer
    AND o.number = %(number)s::bigint AND s.step = 'refunded'
UNION ALL
SELECT s.operation_id
FROM ekarte.bank_work AS w
INNER JOIN ekarte.bank_step AS s ON w.operation_id = s.operation_id
LEFT JOIN ekarte.operation AS o
    ON
        o.terminal = %(terminal)s::text AND o.batch = %(batch)s::integer
        AND o.number = %(number)s::bigint
WHERE
    w.number = 0 AND s.step = 'refunding'
    AND s.reason
    = concat_ws('/', %(terminal)s::text, %(batch)s::integer, %(number)s::bigint)
    AND coalesce(o.command, 'refund') = 'refund'
LIMIT 1;

-- next_bank_refund --
-- The first refund of what an operation has booked, or reversal of such a refund, of which the
-- bank has to be told yet: its step, the ledger's id, the amount, the step it takes back.
SELECT *
FROM (
    SELECT
        'refunded' AS step,
        r.id,
        r.amount_due AS amount,
        '' AS of_step
    FROM ekarte.bank_step AS s
    INNER JOIN ekarte.operation AS r ON s.booked_as = r.original_id
    WHERE
        s.operation_id = %(id)s::bigint AND s.step = 'booked'
        AND r.command = 'refund' AND r.rc IN ('00', '10') AND r.amount_due > 0
        AND NOT EXISTS (
            SELECT FROM ekarte.bank_step AS t
            WHERE t.booked_as = r.id AND t.step = 'refunded'
        )
        AND EXISTS (
            SELECT FROM ekarte.bank_step AS b
            WHERE
                b.operation_id = s.operation_id AND b.step = 'refunding'
                AND b.reason = concat_ws('/', r.terminal, r.batch, r.number)
        )
        AND NOT EXISTS (
            SELECT FROM ekarte.offline_operation AS f WHERE f.operation_id = r.id
        )
    UNION ALL
    SELECT
        'unrefunded' AS step,
        u.id,
        s.amount,
        s.number::text AS of_step
    FROM ekarte.bank_step AS s
    INNER JOIN ekarte.operation AS u ON s.booked_as = u.original_id
    WHERE
        s.operation_id = %(id)s::bigint AND s.step = 'refunded'
        AND u.command = 'reverse' AND u.rc = '00'
        AND NOT EXISTS (
            SELECT FROM ekarte.bank_step AS t
            WHERE
                t.operation_id = s.operation_id AND t.step = 'unrefunded'
                AND t.reason = s.number::text
        )
) AS told
ORDER BY told.id
LIMIT 1;

-- read_bank_operations --
SELECT
    id, terminal, batch, number, command, acquirer, bank_terminal, bank_acceptor, currency,
    last4, language, opened_at, body_digest, confirmation
FROM ekarte.bank_operation
WHERE id = ANY(%(ids)s::bigint[])
ORDER BY id;

-- read_bank_steps --
SELECT
    operation_id, number, at, step, message, stan, amount, rc, auth_code, rrn, reason,
    booked_as, answer
FROM ekarte.bank_step
WHERE operation_id = ANY(%(ids)s::bigint[])
ORDER BY operation_id, number;

-- add_bank_step --
-- Nothing comes back where a rival has written that number.
INSERT INTO ekarte.bank_step (
    operation_id, number, at, step, message, stan, amount, rc, auth_code, rrn, reason,
    booked_as, answer
)
VALUES (
    %(id)s::bigint, %(number)s::smallint, %(now)s::timestamptz, %(step)s::text,
    %(message)s::text,
    CASE WHEN %(message)s::text <> '' THEN nextval('ekarte.bank_stan_seq')::integer END,
    %(amount)s::bigint, %(rc)s::text, %(auth_code)s::text, %(rrn)s::text, %(reason)s::text,
    %(booked_as)s::bigint, %(answer)s::text
)
ON CONFLICT (operation_id, number) DO NOTHING
RETURNING stan;

-- next_stan --
SELECT nextval('ekarte.bank_stan_seq');

-- left_bank_work --
-- Operations that no living gateway is at: a number that can be locked is nobody's. The asker
-- tells which of its own it is at. What is held in both waits for the ledger's hold to end.
SELECT w.operation_id
FROM ekarte.bank_work AS w
WHERE
    w.number = 0
    AND w.operation_id <> ALL(%(busy)s::bigint[])
    AND coalesce((
        SELECT s.step FROM ekarte.bank_step AS s
        WHERE s.operation_id = w.operation_id
        ORDER BY s.number DESC
        LIMIT 1
    ), '') <> 'held'
    AND (w.owner = %(owner)s::bigint OR pg_try_advisory_xact_lock(w.owner))
ORDER BY w.operation_id
LIMIT %(limit)s::integer;

-- take_bank_work --
UPDATE ekarte.bank_work SET owner = %(owner)s::bigint
WHERE operation_id = %(id)s::bigint AND number = 0;

-- ended_bank_holds --
-- Authorizations whose hold has ended in the ledger, whoever ended it: how, by which operation,
-- and what it left to be paid.
SELECT w.operation_id, e.how, c.id, c.amount_due
FROM ekarte.bank_work AS w
INNER JOIN ekarte.bank_operation AS b ON w.operation_id = b.id
INNER JOIN ekarte.operation AS o
    ON b.terminal = o.terminal AND b.batch = o.batch AND b.number = o.number
INNER JOIN ekarte.hold_end AS e ON o.id = e.hold_id
INNER JOIN ekarte.operation AS c ON e.operation_id = c.id
WHERE w.number = 0 AND b.command = 'authorize'
ORDER BY w.operation_id
LIMIT %(limit)s::integer;

-- ledger_id_of --
SELECT id FROM ekarte.operation
WHERE
    terminal = %(terminal)s::text AND batch = %(batch)s::integer
    AND number = %(number)s::bigint;

-- due_bank_messages --
-- The oldest message of each operation that still has to be delivered, to an acquirer that
-- listens, or too old: with its attempts. Those tried longest ago come first, so that no crowd
-- of refused ones keeps the others waiting.
SELECT w.operation_id, w.number, count(a.attempt)::integer, max(a.at)
FROM (
    SELECT x.operation_id, min(x.number) AS number FROM ekarte.bank_work AS x
    WHERE x.number > 0
    GROUP BY x.operation_id
) AS w
INNER JOIN ekarte.bank_operation AS b ON w.operation_id = b.id
INNER JOIN ekarte.bank_step AS s ON w.operation_id = s.operation_id AND w.number = s.number
LEFT JOIN ekarte.bank_attempt AS a ON w.operation_id = a.operation_id AND w.number = a.number
WHERE b.acquirer = ANY(%(listening)s::text[]) OR s.at < %(too_old)s::timestamptz
GROUP BY w.operation_id, w.number
ORDER BY max(a.at) NULLS FIRST, w.operation_id
LIMIT %(limit)s::integer;

-- add_bank_attempt --
INSERT INTO ekarte.bank_attempt (operation_id, number, attempt, at)
VALUES (%(id)s::bigint, %(number)s::smallint, %(attempt)s::smallint, %(now)s::timestamptz)
ON CONFLICT DO NOTHING
RETURNING attempt;

-- add_bank_delivery --
INSERT INTO ekarte.bank_delivery (operation_id, number, at, how, rc)
VALUES (
    %(id)s::bigint, %(number)s::smallint, %(now)s::timestamptz, %(how)s::text, %(rc)s::text
)
ON CONFLICT DO NOTHING;

-- bank_queues --
-- What waits for each acquirer, and since when.
SELECT b.acquirer, count(*)::integer, min(s.at)
FROM ekarte.bank_work AS w
INNER JOIN ekarte.bank_operation AS b ON w.operation_id = b.id
INNER JOIN ekarte.bank_step AS s ON w.operation_id = s.operation_id AND w.number = s.number
WHERE w.number > 0
GROUP BY b.acquirer;

-- add_bank_card --
INSERT INTO ekarte.bank_card (operation_id, key_id, sealed, wipe_at)
VALUES (%(id)s::bigint, %(key)s::smallint, %(sealed)s::bytea, %(wipe_at)s::timestamptz)
ON CONFLICT DO NOTHING;

-- read_bank_card --
SELECT key_id, sealed FROM ekarte.bank_card WHERE operation_id = %(id)s::bigint;

-- wipe_bank_card --
DELETE FROM ekarte.bank_card WHERE operation_id = %(id)s::bigint;

-- wipe_old_bank_cards --
DELETE FROM ekarte.bank_card WHERE wipe_at < %(now)s::timestamptz;
