-- cards_by_token --
-- Which of these identifiers are known, before anything is locked.
SELECT id, token FROM ekarte.card WHERE token = ANY(%(tokens)s);

-- cards_of_keys --
-- The cards of the operations that requests refer to.
SELECT k.place, o.card_id
FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[])
WITH ORDINALITY AS k (terminal, batch, number, place)
CROSS JOIN LATERAL (
    SELECT card_id FROM ekarte.operation
    WHERE terminal = k.terminal AND batch = k.batch AND number = k.number
    LIMIT 1
) AS o;

-- add_cards --
-- New identifiers; a rival who was quicker wins, both then lock the same row.
INSERT INTO ekarte.card
(id, token, token_key, kind, first6, last4, state, state_at, registered_at)
SELECT
    nextval('ekarte.card_id_seq'),
    c.token,
    %(token_key)s,
    c.kind,
    c.first6,
    c.last4,
    'new',
    %(now)s,
    %(now)s
FROM unnest(
    %(tokens)s::bytea[], %(kinds)s::text[], %(first6)s::text[], %(last4)s::text[]
) AS c (token, kind, first6, last4)
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
SELECT pg_advisory_xact_lock(hashtext(%(terminal)s), %(batch)s);

-- lock_cards --
-- The one lock of the ledger: card rows, sorted. Purses are reached through it only.
SELECT
    c.id, c.token, c.kind, c.first6, c.last4, c.state, c.access_code, c.access_tries,
    ARRAY(SELECT m.card_type FROM ekarte.membership AS m WHERE m.card_id = c.id)
FROM ekarte.card AS c
WHERE c.token = ANY(%(tokens)s) OR c.id = ANY(%(ids)s)
ORDER BY c.id
FOR NO KEY UPDATE OF c;

-- lock_free_cards --
-- The same, but what somebody else holds locked is left out instead of waited for.
SELECT
    c.id, c.token, c.kind, c.first6, c.last4, c.state, c.access_code, c.access_tries,
    ARRAY(SELECT m.card_type FROM ekarte.membership AS m WHERE m.card_id = c.id)
FROM ekarte.card AS c
WHERE c.token = ANY(%(tokens)s) OR c.id = ANY(%(ids)s)
ORDER BY c.id
FOR NO KEY UPDATE OF c SKIP LOCKED;

-- purses --
-- Read after the lock, by a statement of its own: nobody else moves them now. A lot
-- that is empty is read too: a refund puts value back into it.
SELECT
    p.card_id, p.id, p.program, p.issuer, p.unit, p.goods_group, p.posted, p.held,
    p.credit_limit, p.carry, p.version, p.period_start,
    l.id, l.valid_until, l.issued, l.posted, l.held, l.carry
FROM ekarte.purse AS p
LEFT JOIN ekarte.lot AS l ON p.id = l.purse_id
WHERE p.card_id = ANY(%(ids)s)
ORDER BY p.id, l.valid_until;

-- known_keys --
-- What is known of these operation keys: stored answer, closed batch.
-- LATERAL with LIMIT 1 keeps the plan an index look-up even on an empty ledger.
SELECT
    k.place, o.body_digest, o.answer, o.rc, coalesce(o.command = 'buried', false),
    EXISTS (
        SELECT FROM ekarte.batch_close AS b
        WHERE b.terminal = k.terminal AND b.batch = k.batch
    ) AS closed
FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[])
WITH ORDINALITY AS k (terminal, batch, number, place)
LEFT JOIN LATERAL (
    SELECT body_digest, answer, rc, command FROM ekarte.operation
    WHERE terminal = k.terminal AND batch = k.batch AND number = k.number
    LIMIT 1
) AS o ON true;

-- originals --
-- Operations that requests refer to, with what has become of them since.
SELECT
    k.place, o.answer, o.decision, o.id, o.command, o.rc, o.card_id, o.issuer,
    o.amount, o.discount, o.amount_due,
    h.operation_id IS NOT NULL AS hold,
    h.expires_at AS hold_expires_at,
    coalesce(e.how, '') AS hold_how,
    e.operation_id AS hold_ended_by,
    EXISTS (
        SELECT FROM ekarte.operation AS r
        WHERE r.original_id = o.id AND r.command = 'reverse' AND r.rc = '00'
    ) AS reversed,
    f.refunded, f.refunded_discount, o.original_id
FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[])
WITH ORDINALITY AS k (terminal, batch, number, place)
CROSS JOIN LATERAL (
    SELECT * FROM ekarte.operation
    WHERE terminal = k.terminal AND batch = k.batch AND number = k.number
    LIMIT 1
) AS o
LEFT JOIN ekarte.hold AS h ON h.operation_id = o.id
LEFT JOIN ekarte.hold_end AS e ON e.hold_id = o.id
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(r.amount), 0)::bigint AS refunded,
        coalesce(sum(r.discount), 0)::bigint AS refunded_discount
    FROM ekarte.operation AS r
    WHERE
        r.original_id = o.id AND r.command = 'refund' AND r.rc = '00'
        AND NOT EXISTS (
            SELECT FROM ekarte.operation AS undone
            WHERE
                undone.original_id = r.id
                AND undone.command = 'reverse' AND undone.rc = '00'
        )
) AS f;

-- key_of_operation --
-- The key of an operation known by its id.
SELECT terminal, batch, number FROM ekarte.operation WHERE id = %(id)s;

-- entries_of_operation --
-- The purse moves of one operation, to be undone by its reversal.
SELECT
    p.program, p.issuer, p.unit, p.goods_group, e.event, c.account, e.posted, e.carry,
    l.id IS NOT NULL, l.valid_until
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
INNER JOIN ekarte.entry AS c ON e.operation_id = c.operation_id AND e.line + 1 = c.line
LEFT JOIN ekarte.lot AS l ON e.lot_id = l.id
WHERE e.operation_id = %(id)s AND (e.posted <> 0 OR e.carry <> 0)
ORDER BY e.line;

-- refunded_groups --
-- What standing refunds have taken back of a purchase, by goods group.
SELECT l.goods_group, -sum(l.gross)::bigint, -sum(l.discount)::bigint
FROM ekarte.operation AS r
INNER JOIN ekarte.sale_line AS l ON r.id = l.operation_id
WHERE
    r.original_id = %(id)s AND r.command = 'refund' AND r.rc = '00'
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS undone
        WHERE
            undone.original_id = r.id
            AND undone.command = 'reverse' AND undone.rc = '00'
    )
GROUP BY l.goods_group;

-- sale_lines_of_operation --
-- The accounting rows of one operation.
SELECT goods_group, tax_rate_bp, gross, discount, bonus, tendered
FROM ekarte.sale_line
WHERE operation_id = %(id)s
ORDER BY line;

-- batch_totals --
-- The host's figures of a batch, to compare with the terminal's.
SELECT command, count(*)::integer, coalesce(sum(amount), 0)::bigint
FROM ekarte.operation
WHERE
    terminal = %(terminal)s AND batch = %(batch)s
    AND command <> 'close' AND rc IN ('00', '10')
GROUP BY command
ORDER BY command;

-- next_operation_ids --
-- A block of operation ids; gaps after a roll-back are harmless.
SELECT nextval('ekarte.operation_id_seq') FROM generate_series(1, %(count)s);

-- add_purses --
-- Purses opened by this group.
INSERT INTO ekarte.purse
(id, card_id, program, issuer, unit, goods_group)
SELECT nextval('ekarte.purse_id_seq'), n.card_id, n.program, n.issuer, n.unit, n.goods_group
FROM unnest(
    %(cards)s::integer[], %(programs)s::text[], %(issuers)s::text[],
    %(units)s::text[], %(groups)s::text[]
) AS n (card_id, program, issuer, unit, goods_group)
RETURNING card_id, program, unit, goods_group, id;

-- add_lots --
-- Lots opened by this group.
INSERT INTO ekarte.lot (id, purse_id, valid_until, issued, posted, held, carry)
SELECT nextval('ekarte.lot_id_seq'), n.purse_id, n.valid_until, 0, 0, 0, 0
FROM unnest(%(purses)s::integer[], %(ends)s::timestamptz[]) AS n (purse_id, valid_until)
RETURNING purse_id, valid_until, id;

-- update_purses --
-- One row for each touched purse, however many moves it made.
UPDATE ekarte.purse AS p
SET
    posted = n.posted, held = n.held, carry = n.carry, version = n.version,
    period_start = n.period_start, valid_until = n.valid_until
FROM unnest(
    %(ids)s::integer[], %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[],
    %(versions)s::integer[], %(period_starts)s::date[], %(valid_untils)s::timestamptz[]
) AS n (id, posted, held, carry, version, period_start, valid_until)
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
-- State and access code of touched cards.
UPDATE ekarte.card AS c
SET
    state = n.state,
    state_at = CASE WHEN c.state = n.state THEN c.state_at ELSE %(now)s END,
    access_code = n.access_code,
    access_tries = n.access_tries
FROM unnest(
    %(ids)s::integer[], %(states)s::text[], %(codes)s::bytea[], %(tries)s::smallint[]
) AS n (id, state, access_code, access_tries)
WHERE c.id = n.id;

-- add_memberships --
INSERT INTO ekarte.membership (card_id, card_type, issuer, since)
SELECT n.card_id, n.card_type, n.issuer, %(now)s
FROM unnest(%(cards)s::integer[], %(types)s::text[], %(issuers)s::text[])
AS n (card_id, card_type, issuer)
ON CONFLICT DO NOTHING;

-- add_operations --
INSERT INTO ekarte.operation
(
    id, at, business_day, terminal, batch, number, command, rc, card_id, issuer,
    branch, currency, amount, discount, amount_due, original_id, reference,
    local_time, network_version, body_digest, decision, answer
)
SELECT
    n.id, %(now)s, n.business_day, n.terminal, n.batch, n.number, n.command, n.rc,
    n.card_id, n.issuer, n.branch, n.currency, n.amount, n.discount, n.amount_due,
    n.original_id, n.reference, n.local_time, %(network_version)s, n.body_digest,
    n.decision, n.answer
FROM unnest(
    %(ids)s::bigint[], %(days)s::date[], %(terminals)s::text[], %(batches)s::integer[],
    %(numbers)s::bigint[], %(commands)s::text[], %(rcs)s::text[], %(cards)s::integer[],
    %(issuers)s::text[], %(branches)s::text[], %(currencies)s::text[],
    %(amounts)s::bigint[], %(discounts)s::bigint[], %(dues)s::bigint[],
    %(originals)s::bigint[], %(references)s::text[], %(local_times)s::timestamptz[],
    %(digests)s::bytea[], %(decisions)s::text[], %(answers)s::text[]
) AS n (
    id, business_day, terminal, batch, number, command, rc, card_id, issuer, branch,
    currency, amount, discount, amount_due, original_id, reference, local_time,
    body_digest, decision, answer
);

-- add_entries --
INSERT INTO ekarte.entry
(
    operation_id, line, purse_id, lot_id, account, event, program, unit, posted, held,
    carry, version, posted_after, held_after
)
SELECT *
FROM unnest(
    %(operations)s::bigint[], %(lines)s::smallint[], %(purses)s::integer[],
    %(lots)s::integer[],
    %(accounts)s::text[], %(events)s::text[], %(programs)s::text[], %(units)s::text[],
    %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[],
    %(versions)s::integer[], %(posted_after)s::bigint[], %(held_after)s::bigint[]
);

-- add_sale_lines --
INSERT INTO ekarte.sale_line
(operation_id, line, goods_group, tax_rate_bp, gross, discount, bonus, tendered)
SELECT *
FROM unnest(
    %(operations)s::bigint[], %(lines)s::smallint[], %(groups)s::text[],
    %(taxes)s::integer[], %(gross)s::bigint[], %(discounts)s::bigint[],
    %(bonuses)s::bigint[], %(tendered)s::bigint[]
);

-- add_holds --
INSERT INTO ekarte.hold (operation_id, card_id, expires_at)
SELECT * FROM unnest(
    %(operations)s::bigint[], %(cards)s::integer[], %(expires)s::timestamptz[]
);

-- end_holds --
INSERT INTO ekarte.hold_end (hold_id, operation_id, how)
SELECT * FROM unnest(%(holds)s::bigint[], %(operations)s::bigint[], %(hows)s::text[]);

-- close_batches --
INSERT INTO ekarte.batch_close (terminal, batch, operation_id)
SELECT * FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(operations)s::bigint[]);

-- expired_holds --
-- Open holds past their time, oldest first, with the key of the authorization.
SELECT o.terminal, o.batch, o.number
FROM ekarte.hold AS h
INNER JOIN ekarte.operation AS o ON h.operation_id = o.id
WHERE
    h.expires_at <= %(now)s
    AND NOT EXISTS (SELECT FROM ekarte.hold_end AS e WHERE e.hold_id = h.operation_id)
ORDER BY h.expires_at
LIMIT %(limit)s;

-- last_version --
SELECT coalesce(max(version), 0) FROM ekarte.network_document;

-- read_document --
SELECT version, body FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- document_digest --
SELECT version, sha256 FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- add_document --
INSERT INTO ekarte.network_document (version, published_at, sha256, body)
VALUES (%(version)s, %(now)s, %(sha256)s, %(body)s);

-- find_card --
SELECT id FROM ekarte.card WHERE token = %(token)s;

-- remember_nonces --
-- Sorted by the caller, so that two gateways never wait for each other in a circle.
INSERT INTO ekarte.nonce (terminal, nonce, seen_at)
SELECT n.terminal, n.nonce, %(now)s
FROM unnest(%(terminals)s::text[], %(nonces)s::text[]) AS n (terminal, nonce)
ON CONFLICT DO NOTHING
RETURNING terminal, nonce;

-- sweep_nonces --
DELETE FROM ekarte.nonce WHERE seen_at < %(before)s;

-- lock_settling --
-- One settlement is built at a time (advisory key: 'EKST').
SELECT pg_advisory_xact_lock(1162564436);

-- settling_operations --
-- Booked operations not yet in a settlement: their batch is closed or their time came.
SELECT o.id
FROM ekarte.operation AS o
WHERE
    o.rc IN ('00', '10')
    AND NOT EXISTS (
        SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id
    )
    AND (
        EXISTS (SELECT FROM ekarte.entry AS e WHERE e.operation_id = o.id AND (e.posted <> 0 OR e.carry <> 0))
        OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
    )
    AND (
        o.at < %(cutoff)s
        OR EXISTS (
            SELECT FROM ekarte.batch_close AS b
            WHERE b.terminal = o.terminal AND b.batch = o.batch
        )
    )
ORDER BY o.id;

-- settlement_lines --
-- Entries and sale lines of these operations, summed for accounting.
SELECT
    o.business_day, e.event, o.issuer AS seller, p.issuer, o.branch, e.program,
    0 AS tax_rate_bp, o.currency,
    sum(CASE WHEN e.event = 'bonus_earn' AND e.unit <> 'points' THEN 0 ELSE e.posted END)
    ::bigint AS amount,
    sum(e.carry)::bigint AS carry, 0::bigint AS tendered,
    count(DISTINCT o.id)::integer AS operations
FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
WHERE
    o.id = ANY(%(ids)s)
    AND e.event IN ('gift_load', 'gift_spend', 'bonus_earn', 'bonus_spend')
GROUP BY o.business_day, e.event, o.issuer, p.issuer, o.branch, e.program, o.currency
UNION ALL
SELECT
    o.business_day, 'sale', o.issuer, o.issuer, o.branch, '', l.tax_rate_bp, o.currency,
    sum(l.gross - l.discount - l.bonus)::bigint, 0::bigint, sum(l.tendered)::bigint,
    count(DISTINCT o.id)::integer
FROM ekarte.operation AS o
INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
WHERE o.id = ANY(%(ids)s)
GROUP BY o.business_day, o.issuer, o.branch, l.tax_rate_bp, o.currency
ORDER BY 1, 3, 5, 2, 4, 6, 7;

-- add_settlement --
INSERT INTO ekarte.settlement (id, created_at, cutoff, sha256, body)
VALUES (%(id)s, %(now)s, %(cutoff)s, %(sha256)s, %(body)s);

-- next_settlement_id --
SELECT nextval('ekarte.settlement_id_seq')::integer;

-- add_settlement_operations --
INSERT INTO ekarte.settlement_operation (operation_id, settlement_id)
SELECT n, %(id)s FROM unnest(%(ids)s::bigint[]) AS n;

-- pending_settlements --
SELECT s.id, s.body
FROM ekarte.settlement AS s
WHERE
    NOT EXISTS (
        SELECT FROM ekarte.settlement_accepted AS a WHERE a.settlement_id = s.id
    )
ORDER BY s.id
LIMIT 100;

-- accept_settlement --
INSERT INTO ekarte.settlement_accepted (settlement_id, accepted_at, reply)
VALUES (%(id)s, %(now)s, %(reply)s)
ON CONFLICT DO NOTHING;

-- fail_settlement --
INSERT INTO ekarte.settlement_attempt (settlement_id, at, reason)
VALUES (%(id)s, %(now)s, %(reason)s);

-- last_seal --
SELECT number, digest FROM ekarte.seal ORDER BY number DESC LIMIT 1;

-- lock_sealing --
-- One chain, one builder (advisory key: 'EKSL').
SELECT pg_advisory_xact_lock(1162564428);

-- unsealed_operations --
-- Operations not yet in the chain, some seconds old so that ids have settled.
SELECT o.id
FROM ekarte.operation AS o
WHERE
    NOT EXISTS (SELECT FROM ekarte.seal_operation AS s WHERE s.operation_id = o.id)
ORDER BY o.id
LIMIT %(limit)s;

-- digest_of_operations --
-- What a seal covers: each operation with its entries, in order of id. The columns
-- are named, so that a column added later does not break old seals.
SELECT
    sha256(
        %(previous)s::bytea || coalesce(
            string_agg(
                sha256(
                    convert_to(
                        row(
                            o.id, extract(epoch FROM o.at), o.terminal, o.batch, o.number,
                            o.command, o.rc, o.card_id, o.issuer, o.branch, o.amount,
                            o.discount, o.amount_due, o.original_id,
                            o.network_version, encode(o.body_digest, 'hex'), o.decision, o.answer
                        )::text || coalesce(e.rows, ''),
                        'UTF8'
                    )
                ), ''::bytea ORDER BY o.id
            ),
            ''::bytea
        )
    )
FROM ekarte.operation AS o
LEFT JOIN LATERAL (
    SELECT
        string_agg(
            row(
                e.line, e.purse_id, e.lot_id, e.account, e.event, e.program, e.unit, e.posted,
                e.held, e.carry, e.version, e.posted_after, e.held_after
            )::text, '' ORDER BY e.line
        ) AS rows
    FROM ekarte.entry AS e
    WHERE e.operation_id = o.id
) AS e ON true
WHERE o.id = ANY(%(ids)s);

-- add_seal --
INSERT INTO ekarte.seal (number, sealed_at, operations, previous, digest)
VALUES (%(number)s, %(now)s, %(operations)s, %(previous)s, %(digest)s);

-- add_seal_operations --
INSERT INTO ekarte.seal_operation (operation_id, seal_number)
SELECT n, %(number)s FROM unnest(%(ids)s::bigint[]) AS n;

-- seals --
-- Every seal with what it covers now, to be verified.
SELECT
    s.number, s.previous, s.digest, s.operations,
    array_agg(o.operation_id ORDER BY o.operation_id) AS ids
FROM ekarte.seal AS s
LEFT JOIN ekarte.seal_operation AS o ON s.number = o.seal_number
GROUP BY s.number
ORDER BY s.number;
