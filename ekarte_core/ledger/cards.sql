-- cards_by_token --
-- Which of these identifiers are known, before anything is locked.
SELECT id, token FROM ekarte.card WHERE token = ANY(%(tokens)s::bytea[]);

-- cards_by_id --
SELECT id FROM ekarte.card WHERE id = ANY(%(ids)s::integer[]);

-- cards_of_keys --
-- The cards of the operations that requests refer to.
SELECT k.place, o.card_id, o.other_card_id
FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[])
WITH ORDINALITY AS k (terminal, batch, number, place)
CROSS JOIN LATERAL (
    SELECT card_id, other_card_id FROM ekarte.operation
    WHERE terminal = k.terminal AND batch = k.batch AND number = k.number
    LIMIT 1
) AS o;

-- add_cards --
-- New identifiers; a rival who was quicker wins, both then lock the same row.
INSERT INTO ekarte.card
(
    id, token, token_key, kind, first6, last4, state, state_at, registered_at, account_id,
    stop_token, stop_key
)
SELECT
    c.id, c.token, %(token_key)s::smallint, c.kind, c.first6, c.last4, 'new',
    %(now)s::timestamptz, %(now)s::timestamptz, c.id, c.stop_token,
    CASE WHEN c.stop_token IS NULL THEN 0 ELSE %(stop_key)s END::smallint
FROM (
    SELECT nextval('ekarte.card_id_seq')::integer AS id, n.*
    FROM unnest(
        %(tokens)s::bytea[], %(kinds)s::text[], %(first6)s::text[], %(last4)s::text[],
        %(stop_tokens)s::bytea[]
    ) AS n (token, kind, first6, last4, stop_token)
) AS c
ON CONFLICT (token) DO NOTHING;

-- claim_tokens --
-- Of identifiers about to be registered, those that nobody else is registering now: an
-- insert would wait for the other's commit, and with it the whole group.
SELECT t
FROM unnest(%(tokens)s::bytea[]) AS t
WHERE
    pg_try_advisory_xact_lock(('x' || encode(substring(t, 1, 8), 'hex'))::bit(64)::bigint);

-- claim_tokens_waiting --
-- The same for who would rather wait.
SELECT t
FROM unnest(%(tokens)s::bytea[]) AS t
WHERE
    pg_advisory_xact_lock(('x' || encode(substring(t, 1, 8), 'hex'))::bit(64)::bigint)
    IS NOT NULL;

-- share_batches --
-- Operations of a batch go on side by side; its close waits for them, and they for it.
SELECT pg_advisory_xact_lock_shared(hashtext(k.terminal), k.batch)
FROM unnest(%(terminals)s::text[], %(batches)s::integer[]) AS k (terminal, batch);

-- own_batch --
SELECT pg_advisory_xact_lock(hashtext(%(terminal)s::text), %(batch)s::integer);

-- lock_cards --
-- The one lock of the ledger: card rows, sorted, and the cards whose purses they use.
-- Purses are reached through it only.
SELECT
    c.id, c.token, c.kind, c.first6, c.last4, c.state, c.access_code, c.access_tries,
    ARRAY(SELECT m.card_type FROM ekarte.membership AS m WHERE m.card_id = c.id),
    c.account_id, c.registered_at, c.facts, c.noted, c.stop_key
FROM ekarte.card AS c
WHERE
    c.id IN (
        SELECT unnest(ARRAY[n.id, n.account_id]) FROM ekarte.card AS n
        WHERE n.token = ANY(%(tokens)s::bytea[]) OR n.id = ANY(%(ids)s::integer[])
    )
ORDER BY c.id
FOR NO KEY UPDATE OF c;

-- lock_free_cards --
-- The same, but what somebody else holds locked is left out instead of waited for.
SELECT
    c.id, c.token, c.kind, c.first6, c.last4, c.state, c.access_code, c.access_tries,
    ARRAY(SELECT m.card_type FROM ekarte.membership AS m WHERE m.card_id = c.id),
    c.account_id, c.registered_at, c.facts, c.noted, c.stop_key
FROM ekarte.card AS c
WHERE
    c.id IN (
        SELECT unnest(ARRAY[n.id, n.account_id]) FROM ekarte.card AS n
        WHERE n.token = ANY(%(tokens)s::bytea[]) OR n.id = ANY(%(ids)s::integer[])
    )
ORDER BY c.id
FOR NO KEY UPDATE OF c SKIP LOCKED;

-- read_cards --
-- The same for who only looks: nobody is waited for, and nobody waits.
SELECT
    c.id, c.token, c.kind, c.first6, c.last4, c.state, c.access_code, c.access_tries,
    ARRAY(SELECT m.card_type FROM ekarte.membership AS m WHERE m.card_id = c.id),
    c.account_id, c.registered_at, c.facts, c.noted, c.stop_key
FROM ekarte.card AS c
WHERE
    c.id IN (
        SELECT unnest(ARRAY[n.id, n.account_id]) FROM ekarte.card AS n
        WHERE n.token = ANY(%(tokens)s::bytea[]) OR n.id = ANY(%(ids)s::integer[])
    );

-- note_types --
-- The cards are locked.
UPDATE ekarte.card SET noted = string_to_array(%(types)s::text, ',')
WHERE id = ANY(%(ids)s::integer[]);

-- shared_accounts --
-- Which of these accounts are used by other cards too.
SELECT DISTINCT account_id FROM ekarte.card
WHERE account_id = ANY(%(ids)s::integer[]) AND account_id <> id;

-- heirs --
-- Which of these took over, by one replacement or several, the account that they use.
WITH RECURSIVE line AS (
    SELECT c.id, c.account_id AS heir FROM ekarte.card AS c WHERE c.id = ANY(%(ids)s::integer[])
    UNION
    SELECT line.id, o.other_card_id
    FROM line
    INNER JOIN ekarte.operation AS o ON line.heir = o.card_id
    WHERE o.command = 'replace' AND o.rc = '00'
)

SELECT line.id
FROM line
INNER JOIN ekarte.card AS c ON line.id = c.id
WHERE line.heir = line.id AND c.account_id <> c.id;

-- purses --
-- Read after the lock, by a statement of its own: nobody else moves them now. A lot
-- that is empty is read too: a refund puts value back into it.
SELECT
    p.card_id, p.id, p.program, p.issuer, p.unit, p.goods_group, p.posted, p.held,
    p.credit_limit, p.carry, p.version, p.period_start, p.last_at, p.day_count,
    l.id, l.valid_until, l.issued, l.posted, l.held, l.carry
FROM ekarte.purse AS p
LEFT JOIN ekarte.lot AS l ON p.id = l.purse_id
WHERE p.card_id = ANY(%(ids)s::integer[])
UNION ALL
-- No trip of its own: what issuers with a limit owe others, before all purses (id 0).
SELECT
    null, 0, n.issuer, '', '', '',
    (coalesce(x.used, 0) + coalesce(u.amount, 0) - coalesce(c.cleared, 0))::bigint,
    0, 0, 0, 0, null, null, 0, null, null, null, null, null, null
FROM unnest(%(limited)s::text[]) AS n (issuer)
LEFT JOIN ekarte.exposure AS x ON n.issuer = x.issuer
LEFT JOIN ekarte.exposure_cleared AS c ON n.issuer = c.issuer
LEFT JOIN (
    SELECT issuer, sum(amount) AS amount FROM ekarte.exposure_use GROUP BY issuer
) AS u ON n.issuer = u.issuer
ORDER BY 2, 16;

-- next_purse_ids --
SELECT nextval('ekarte.purse_id_seq') FROM generate_series(1, %(count)s::integer);

-- next_lot_ids --
SELECT nextval('ekarte.lot_id_seq') FROM generate_series(1, %(count)s::integer);

-- add_purses --
-- Purses opened by this group. The card is locked, so nobody else can have opened one,
-- but for a lent cursor with an older snapshot: ON CONFLICT makes that a 40001.
INSERT INTO ekarte.purse
(
    id, card_id, program, issuer, unit, goods_group, posted, held, credit_limit, carry,
    version, period_start, valid_until, last_at, day_count
)
SELECT *
FROM unnest(
    %(ids)s::integer[], %(cards)s::integer[], %(programs)s::text[], %(issuers)s::text[],
    %(units)s::text[], %(groups)s::text[], %(posted)s::bigint[], %(held)s::bigint[],
    %(credit_limits)s::bigint[], %(carry)s::bigint[], %(versions)s::integer[],
    %(period_starts)s::date[], %(valid_untils)s::timestamptz[],
    %(last_ats)s::timestamptz[], %(day_counts)s::integer[]
)
ON CONFLICT DO NOTHING;

-- add_lots --
-- Lots opened by this group.
INSERT INTO ekarte.lot (id, purse_id, valid_until, issued, posted, held, carry)
SELECT *
FROM unnest(
    %(ids)s::integer[], %(purses)s::integer[], %(ends)s::timestamptz[],
    %(issued)s::bigint[], %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[]
)
ON CONFLICT DO NOTHING;

-- update_purses --
-- One row for each touched purse, however many moves it made.
UPDATE ekarte.purse AS p
SET
    posted = n.posted, held = n.held, credit_limit = n.credit_limit, carry = n.carry,
    version = n.version, period_start = n.period_start, valid_until = n.valid_until,
    last_at = n.last_at, day_count = n.day_count
FROM unnest(
    %(ids)s::integer[], %(posted)s::bigint[], %(held)s::bigint[],
    %(credit_limits)s::bigint[], %(carry)s::bigint[],
    %(versions)s::integer[], %(period_starts)s::date[], %(valid_untils)s::timestamptz[],
    %(last_ats)s::timestamptz[], %(day_counts)s::integer[]
) AS n (
    id, posted, held, credit_limit, carry, version, period_start, valid_until, last_at,
    day_count
)
WHERE p.id = n.id;

-- update_lots --
UPDATE ekarte.lot AS l
SET issued = n.issued, posted = n.posted, held = n.held, carry = n.carry
FROM unnest(
    %(ids)s::integer[], %(issued)s::bigint[], %(posted)s::bigint[], %(held)s::bigint[],
    %(carry)s::bigint[]
) AS n (id, issued, posted, held, carry)
WHERE l.id = n.id;

-- update_cards --
-- What is kept on the row of touched cards; facts come as text, joined by commas.
UPDATE ekarte.card AS c
SET
    state = n.state,
    state_at = CASE WHEN c.state = n.state THEN c.state_at ELSE %(now)s::timestamptz END,
    access_code = n.access_code,
    access_tries = n.access_tries,
    account_id = n.account_id,
    facts = string_to_array(n.facts, ','),
    registered_at = n.registered_at
FROM unnest(
    %(ids)s::integer[], %(states)s::text[], %(codes)s::bytea[], %(tries)s::smallint[],
    %(accounts)s::integer[], %(facts)s::text[], %(registered)s::timestamptz[]
) AS n (id, state, access_code, access_tries, account_id, facts, registered_at)
WHERE c.id = n.id;

-- add_memberships --
INSERT INTO ekarte.membership (card_id, card_type, issuer, since)
SELECT n.card_id, n.card_type, n.issuer, %(now)s::timestamptz
FROM unnest(%(cards)s::integer[], %(types)s::text[], %(issuers)s::text[])
AS n (card_id, card_type, issuer)
ON CONFLICT DO NOTHING;

-- statements_of --
-- Statements of these accounts' credit purses, with what has come in since each.
SELECT
    p.card_id, p.program, s.due_on, s.amount,
    coalesce((
        -- A reversal takes back what had come in.
        SELECT greatest(sum(e.posted), 0) FROM ekarte.entry AS e
        WHERE
            e.purse_id = s.purse_id AND e.version > s.purse_version
            -- One row by its key: an EXISTS beside OR may read all operations once.
            AND (e.posted > 0 OR 'reverse' = (
                SELECT o.command FROM ekarte.operation AS o WHERE o.id = e.operation_id
            ))
    ), 0)::bigint
FROM ekarte.purse AS p
INNER JOIN ekarte.statement AS s ON p.id = s.purse_id
WHERE p.card_id = ANY(%(ids)s::integer[]) AND p.unit = 'credit' AND p.posted < 0;

-- vouchers_of --
-- What the vouchers of these accounts stand for.
SELECT code, program, kind, value, product, valid_until
FROM ekarte.voucher
WHERE code = ANY(%(codes)s::text[]);

-- add_vouchers --
INSERT INTO ekarte.voucher
(
    code, card_id, program, issuer, kind, value, product, valid_until, operation_id,
    issued_at
)
SELECT
    n.code, n.card_id, n.program, n.issuer, n.kind, n.value, n.product, n.valid_until,
    n.operation_id, %(now)s::timestamptz
FROM unnest(
    %(codes)s::text[], %(cards)s::integer[], %(programs)s::text[], %(issuers)s::text[],
    %(kinds)s::text[], %(values)s::bigint[], %(products)s::text[],
    %(ends)s::timestamptz[], %(operations)s::bigint[]
) AS n (
    code, card_id, program, issuer, kind, value, product, valid_until, operation_id
);

-- find_card --
SELECT id FROM ekarte.card WHERE token = %(token)s;
