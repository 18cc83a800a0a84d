-- known_keys --
-- What is known of these operation keys: stored answer, closed batch.
-- LATERAL with LIMIT 1 keeps the plan an index look-up even on an empty ledger.
SELECT
    k.place, o.body_digest, o.answer, o.rc, coalesce(o.command, ''),
    coalesce(o.amount, 0), o.card_id,
    EXISTS (
        SELECT FROM ekarte.batch_close AS b
        WHERE b.terminal = k.terminal AND b.batch = k.batch
    ) AS closed
FROM unnest(%(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[])
WITH ORDINALITY AS k (terminal, batch, number, place)
LEFT JOIN LATERAL (
    SELECT body_digest, answer, rc, command, amount, card_id FROM ekarte.operation
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
    EXISTS (
        SELECT FROM ekarte.operation AS r
        WHERE
            r.original_id = o.id AND r.command = 'restore' AND r.rc = '00'
            AND NOT EXISTS (
                SELECT FROM ekarte.operation AS undone
                WHERE
                    undone.original_id = r.id
                    AND undone.command = 'reverse' AND undone.rc = '00'
            )
    ) AS restored,
    f.refunded, f.refunded_discount, o.original_id, o.other_card_id,
    o.network_version, o.at
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
        r.original_id = o.id AND r.command IN ('refund', 'charge_back') AND r.rc = '00'
        AND NOT EXISTS (
            SELECT FROM ekarte.operation AS undone
            WHERE
                undone.original_id = r.id
                AND undone.command = 'reverse' AND undone.rc = '00'
        )
) AS f;

-- key_of_operation --
-- The key of an operation known by its id.
SELECT terminal, batch, number FROM ekarte.operation WHERE id = %(id)s::bigint;

-- entries_of_operation --
-- The purse moves of one operation, to be undone by its reversal.
SELECT
    p.program, p.issuer, p.unit, p.goods_group, e.event, c.account, e.posted, e.carry,
    l.id IS NOT NULL, l.valid_until, p.card_id
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
INNER JOIN ekarte.entry AS c ON e.operation_id = c.operation_id AND e.line + 1 = c.line
LEFT JOIN ekarte.lot AS l ON e.lot_id = l.id
WHERE e.operation_id = %(id)s::bigint AND (e.posted <> 0 OR e.carry <> 0)
ORDER BY e.line;

-- refunded_groups --
-- What standing refunds have taken back of a purchase, by goods group.
SELECT l.goods_group, -sum(l.gross)::bigint, -sum(l.discount)::bigint
FROM ekarte.operation AS r
INNER JOIN ekarte.sale_line AS l ON r.id = l.operation_id
WHERE
    r.original_id = %(id)s::bigint AND r.command = 'refund' AND r.rc = '00'
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
WHERE operation_id = %(id)s::bigint
ORDER BY line;

-- batch_totals --
-- The host's figures of a batch, to compare with the terminal's.
SELECT command, count(*)::integer, coalesce(sum(amount), 0)::bigint
FROM ekarte.operation
WHERE
    terminal = %(terminal)s::text AND batch = %(batch)s::integer
    AND command <> 'close' AND rc IN ('00', '10')
GROUP BY command
ORDER BY command;

-- next_operation_ids --
-- A block of operation ids; gaps after a roll-back are harmless.
SELECT nextval('ekarte.operation_id_seq') FROM generate_series(1, %(count)s::integer);

-- add_operations --
INSERT INTO ekarte.operation
(
    id, at, business_day, terminal, batch, number, command, rc, card_id, issuer,
    branch, currency, amount, discount, amount_due, original_id, reference,
    local_time, network_version, body_digest, decision, answer, other_card_id
)
SELECT
    n.id, %(now)s::timestamptz, n.business_day, n.terminal, n.batch, n.number, n.command, n.rc,
    n.card_id, n.issuer, n.branch, n.currency, n.amount, n.discount, n.amount_due,
    n.original_id, n.reference, n.local_time, %(network_version)s::integer, n.body_digest,
    n.decision, n.answer, n.other_card_id
FROM unnest(
    %(ids)s::bigint[], %(days)s::date[], %(terminals)s::text[], %(batches)s::integer[],
    %(numbers)s::bigint[], %(commands)s::text[], %(rcs)s::text[], %(cards)s::integer[],
    %(issuers)s::text[], %(branches)s::text[], %(currencies)s::text[],
    %(amounts)s::bigint[], %(discounts)s::bigint[], %(dues)s::bigint[],
    %(originals)s::bigint[], %(references)s::text[], %(local_times)s::timestamptz[],
    %(digests)s::bytea[], string_to_array(%(decisions)s::text, chr(31)),
    string_to_array(%(answers)s::text, chr(31)), %(others)s::integer[]
) AS n (
    id, business_day, terminal, batch, number, command, rc, card_id, issuer, branch,
    currency, amount, discount, amount_due, original_id, reference, local_time,
    body_digest, decision, answer, other_card_id
);

-- add_entries --
-- Each move is two entries: what it does to its purse, and the counter leg below it.
INSERT INTO ekarte.entry
(
    operation_id, line, purse_id, lot_id, account, event, program, unit, posted, held,
    carry, version, posted_after, held_after
)
SELECT
    n.operation_id, n.line + leg.below, leg.purse_id, leg.lot_id, leg.account, n.event,
    n.program, n.unit, leg.sign * n.posted, leg.sign * n.held, leg.sign * n.carry,
    leg.version, leg.posted_after, leg.held_after
FROM unnest(
    %(operations)s::bigint[], %(lines)s::smallint[], %(purses)s::integer[],
    %(lots)s::integer[],
    %(accounts)s::text[], %(events)s::text[], %(programs)s::text[], %(units)s::text[],
    %(posted)s::bigint[], %(held)s::bigint[], %(carry)s::bigint[],
    %(versions)s::integer[], %(posted_after)s::bigint[], %(held_after)s::bigint[]
) AS n (
    operation_id, line, purse_id, lot_id, account, event, program, unit, posted, held,
    carry, version, posted_after, held_after
)
CROSS JOIN LATERAL (
    VALUES
    (0, 1, n.purse_id, n.lot_id, NULL, n.version, n.posted_after, n.held_after),
    (1, -1, NULL, NULL, n.account, NULL, NULL, NULL)
) AS leg (below, sign, purse_id, lot_id, account, version, posted_after, held_after);

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

-- ended_lots --
-- Cards with lots past their end that still hold something free, earliest first.
SELECT DISTINCT p.card_id, l.valid_until
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON l.purse_id = p.id
WHERE l.valid_until <= %(now)s AND l.posted > l.held
ORDER BY l.valid_until
LIMIT %(limit)s;
