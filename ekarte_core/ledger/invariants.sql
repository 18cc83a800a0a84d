-- I0 --
-- What a row refers to is there: operations, purses, cards, holds, network versions
SELECT 'entry ' || e.operation_id || '/' || e.line FROM ekarte.entry AS e
WHERE NOT EXISTS (SELECT FROM ekarte.operation AS o WHERE o.id = e.operation_id)
UNION ALL
SELECT 'entry ' || e.operation_id || '/' || e.line FROM ekarte.entry AS e
WHERE
    e.purse_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM ekarte.purse AS p WHERE p.id = e.purse_id)
UNION ALL
SELECT 'operation ' || o.id FROM ekarte.operation AS o
WHERE
    (o.card_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ekarte.card AS c WHERE c.id = o.card_id
    ))
    OR NOT EXISTS (
        SELECT FROM ekarte.network_document AS d WHERE d.version = o.network_version
    )
UNION ALL
SELECT 'purse ' || p.id FROM ekarte.purse AS p
WHERE NOT EXISTS (SELECT FROM ekarte.card AS c WHERE c.id = p.card_id)
UNION ALL
SELECT 'lot ' || l.id FROM ekarte.lot AS l
WHERE NOT EXISTS (SELECT FROM ekarte.purse AS p WHERE p.id = l.purse_id)
UNION ALL
SELECT 'membership ' || m.card_id || ' ' || m.card_type FROM ekarte.membership AS m
WHERE NOT EXISTS (SELECT FROM ekarte.card AS c WHERE c.id = m.card_id)
UNION ALL
SELECT 'hold ' || h.operation_id FROM ekarte.hold AS h
WHERE
    NOT EXISTS (SELECT FROM ekarte.operation AS o WHERE o.id = h.operation_id)
    OR NOT EXISTS (SELECT FROM ekarte.card AS c WHERE c.id = h.card_id)
UNION ALL
SELECT 'hold_end ' || e.hold_id FROM ekarte.hold_end AS e
WHERE
    NOT EXISTS (SELECT FROM ekarte.hold AS h WHERE h.operation_id = e.hold_id)
    OR NOT EXISTS (SELECT FROM ekarte.operation AS o WHERE o.id = e.operation_id);

-- I1 --
-- The entries of an operation sum to zero in each unit
SELECT 'operation ' || operation_id || ' ' || unit FROM ekarte.entry
GROUP BY operation_id, unit
HAVING sum(posted) <> 0 OR sum(held) <> 0
UNION ALL
SELECT 'operation ' || operation_id || ' carry' FROM ekarte.entry
GROUP BY operation_id
HAVING sum(carry) <> 0;

-- I2 --
-- Posted, held and carry of a purse are the sums of its entries
SELECT 'purse ' || p.id
FROM ekarte.purse AS p
LEFT JOIN (
    SELECT purse_id, sum(posted) AS posted, sum(held) AS held, sum(carry) AS carry
    FROM ekarte.entry WHERE purse_id IS NOT NULL
    GROUP BY purse_id
) AS e ON p.id = e.purse_id
WHERE
    p.posted <> coalesce(e.posted, 0)
    OR p.held <> coalesce(e.held, 0)
    OR p.carry <> coalesce(e.carry, 0);

-- I3 --
-- No purse is below zero, held value and credit limit counted, nor more billed than owed
SELECT 'purse ' || id FROM ekarte.purse
WHERE posted - held + credit_limit < 0 OR held < 0
UNION ALL
SELECT 'entry ' || e.operation_id || '/' || e.line
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
-- A limit of credit may have been higher then.
WHERE e.posted_after - e.held_after + p.credit_limit < 0 AND p.unit <> 'credit'
UNION ALL
SELECT 'purse ' || b.id
FROM ekarte.purse AS b
LEFT JOIN ekarte.purse AS p
    ON b.card_id = p.card_id AND b.program = p.program AND p.unit = 'credit'
WHERE b.unit = 'billed' AND b.posted > greatest(-coalesce(p.posted, 0), 0);

-- I4 --
-- Purse versions are dense, and each balance follows from the one before
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
UNION ALL
SELECT 'purse ' || p.id FROM ekarte.purse AS p
WHERE p.version <> (
    SELECT coalesce(max(e.version), 0) FROM ekarte.entry AS e WHERE e.purse_id = p.id
);

-- I5 --
-- A hold ends once, and its end gives up exactly what was held
SELECT 'hold ' || h.operation_id
FROM ekarte.hold AS h
LEFT JOIN ekarte.hold_end AS d ON h.operation_id = d.hold_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.held), 0) AS held FROM ekarte.entry AS e
    WHERE e.operation_id = h.operation_id AND e.purse_id IS NOT NULL
) AS begun
CROSS JOIN LATERAL (
    SELECT coalesce(sum(e.held), 0) AS held FROM ekarte.entry AS e
    WHERE e.operation_id = d.operation_id AND e.purse_id IS NOT NULL
) AS ended
WHERE begun.held < 0 OR (d.hold_id IS NOT NULL AND begun.held + ended.held <> 0)
UNION ALL
SELECT 'purse ' || p.id FROM ekarte.purse AS p
WHERE p.held <> (
    SELECT coalesce(sum(e.held), 0)
    FROM ekarte.entry AS e
    INNER JOIN ekarte.hold AS h ON e.operation_id = h.operation_id
    WHERE
        e.purse_id = p.id
        AND NOT EXISTS (
            SELECT FROM ekarte.hold_end AS d WHERE d.hold_id = h.operation_id
        )
)
UNION ALL
SELECT 'operation ' || d.operation_id
FROM ekarte.hold_end AS d
GROUP BY d.operation_id
HAVING count(*) > 1;

-- I6 --
-- Refunds never exceed the purchase, nor give back more of a purse than it paid
SELECT 'operation ' || o.id
FROM ekarte.operation AS o
INNER JOIN ekarte.operation AS r
    ON o.id = r.original_id AND r.command IN ('refund', 'charge_back')
WHERE
    r.rc = '00' AND o.command <> 'reverse'
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS u
        WHERE u.original_id = r.id AND u.command = 'reverse' AND u.rc = '00'
    )
GROUP BY o.id, o.amount
HAVING sum(r.amount) > o.amount
UNION ALL
SELECT 'operation ' || o.id || ' ' || e.program || ' ' || e.unit
FROM ekarte.operation AS o
INNER JOIN ekarte.operation AS r
    ON o.id = r.original_id AND r.command IN ('refund', 'restore')
INNER JOIN ekarte.entry AS e ON r.id = e.operation_id AND e.posted > 0
WHERE
    r.rc = '00'
    AND e.event IN (
        'gift_spend', 'bonus_spend', 'credit_spend', 'voucher_spend',
        'gift_restore', 'bonus_restore', 'credit_restore', 'voucher_restore'
    )
    AND e.purse_id IS NOT NULL
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS u
        WHERE u.original_id = r.id AND u.command = 'reverse' AND u.rc = '00'
    )
GROUP BY o.id, e.program, e.unit
HAVING sum(e.posted) > (
    SELECT coalesce(-sum(s.posted), 0) FROM ekarte.entry AS s
    WHERE
        s.operation_id = o.id AND s.program = e.program AND s.unit = e.unit
        AND s.purse_id IS NOT NULL AND s.posted < 0
)
UNION ALL
SELECT 'operation ' || r.original_id || ' reversed twice'
FROM ekarte.operation AS r
WHERE
    r.command = 'reverse' AND r.rc = '00' AND r.original_id IS NOT NULL
    AND EXISTS (SELECT FROM ekarte.entry AS e WHERE e.operation_id = r.id)
GROUP BY r.original_id
HAVING count(*) > 1
UNION ALL
SELECT 'operation ' || r.original_id || ' reversed and refunded'
FROM ekarte.operation AS r
INNER JOIN ekarte.operation AS f ON r.original_id = f.original_id
WHERE
    r.command = 'reverse' AND r.rc = '00' AND f.rc = '00'
    AND f.command IN ('refund', 'charge_back', 'restore')
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS u
        WHERE u.original_id = f.id AND u.command = 'reverse' AND u.rc = '00'
    );

-- I7 --
-- One operation for each key of terminal, batch and number
SELECT 'key ' || terminal || '/' || batch || '/' || number
FROM ekarte.operation
GROUP BY terminal, batch, number
HAVING count(*) > 1;

-- I8 --
-- Lots: what is left is what came in less what went out, and they sum to their purse
SELECT 'lot ' || l.id
FROM ekarte.lot AS l
LEFT JOIN (
    SELECT lot_id, sum(posted) AS posted, sum(held) AS held, sum(carry) AS carry
    FROM ekarte.entry WHERE lot_id IS NOT NULL
    GROUP BY lot_id
) AS e ON l.id = e.lot_id
WHERE
    l.posted <> coalesce(e.posted, 0) OR l.held <> coalesce(e.held, 0)
    OR l.carry <> coalesce(e.carry, 0)
    OR l.posted < 0 OR l.posted > l.issued OR l.held < 0 OR l.held > l.posted
    OR l.carry < 0 OR (l.posted = 0 AND l.carry <> 0)
UNION ALL
SELECT 'purse ' || p.id
FROM ekarte.purse AS p
LEFT JOIN (
    SELECT purse_id, sum(posted) AS posted, sum(held) AS held, sum(carry) AS carry
    FROM ekarte.lot
    GROUP BY purse_id
) AS l ON p.id = l.purse_id
WHERE
    p.unit NOT IN (
        'turnover', 'visited', 'earned', 'purchases', 'tickets', 'owed', 'billed',
        'lost', 'credit'
    )
    AND (
        p.posted <> coalesce(l.posted, 0) OR p.held <> coalesce(l.held, 0)
        OR p.carry <> coalesce(l.carry, 0)
    )
UNION ALL
SELECT 'entry ' || e.operation_id || '/' || e.line
FROM ekarte.entry AS e
INNER JOIN ekarte.lot AS l ON e.lot_id = l.id
INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
WHERE
    e.posted < 0 AND e.event IN (
        'gift_spend', 'bonus_spend', 'convert', 'voucher_spend', 'pass_use',
        'exchange_spend'
    )
    AND l.valid_until <= o.at
    AND NOT EXISTS (                      -- held before its end, captured after it
        SELECT FROM ekarte.hold AS h
        INNER JOIN ekarte.operation AS a ON h.operation_id = a.id
        WHERE a.id = o.original_id AND a.at < l.valid_until
    )
    AND o.command <> 'reverse'
    AND NOT EXISTS (                      -- done offline before its end, told after it
        SELECT FROM ekarte.offline_operation AS f
        WHERE f.operation_id = o.id AND o.local_time < l.valid_until
    );

-- I9 --
-- Every booked operation is in one settlement document or waits for the next
SELECT 'operation ' || operation_id FROM ekarte.settlement_operation AS s
WHERE
    NOT EXISTS (SELECT FROM ekarte.operation AS o WHERE o.id = s.operation_id)
    OR NOT EXISTS (SELECT FROM ekarte.settlement AS d WHERE d.id = s.settlement_id)
UNION ALL
SELECT 'operation ' || s.operation_id
FROM ekarte.settlement_operation AS s
INNER JOIN ekarte.operation AS o ON s.operation_id = o.id
WHERE o.rc NOT IN ('00', '10');

-- I10 --
-- The triggers that refuse change are in place on every append-only table
SELECT t.name || ' has no trigger'
FROM unnest(ARRAY[
    'network_document', 'operation', 'entry', 'sale_line', 'hold', 'hold_end',
    'batch_close', 'settlement', 'settlement_operation',
    'settlement_accepted', 'settlement_attempt', 'seal', 'seal_operation', 'membership',
    'draw', 'draw_list', 'draw_result', 'card_claim', 'voucher', 'statement',
    'lot_notice', 'settling_terms', 'seal_verified', 'stop_change', 'parameters_key',
    'parameters', 'parameters_loaded', 'offline_operation', 'offline_exception',
    'bank_operation', 'bank_step', 'bank_attempt',
    'bank_delivery', 'terminal_key'
]) AS t (name)
WHERE (
    SELECT count(*) FROM pg_trigger AS g
    WHERE
        g.tgrelid = format('ekarte.%I', t.name)::regclass
        AND g.tgname IN ('append_only_row', 'append_only_table')
        AND g.tgenabled IN ('O', 'A')
) <> 2
UNION ALL
SELECT 'settlement ' || id FROM ekarte.settlement
WHERE sha256(convert_to(body, 'UTF8')) <> sha256
UNION ALL
SELECT 'network document ' || version FROM ekarte.network_document
WHERE sha256(convert_to(body, 'UTF8')) <> sha256
UNION ALL
SELECT 'list of draw ' || draw_id FROM ekarte.draw_list
WHERE sha256(convert_to(body, 'UTF8')) <> sha256
UNION ALL
SELECT 'seed of draw ' || r.draw_id
FROM ekarte.draw_result AS r
INNER JOIN ekarte.draw AS d ON r.draw_id = d.id
WHERE sha256(r.seed) <> d.commitment;

-- I11 --
-- A refused operation moved nothing, and what is stored is what was answered
SELECT 'operation ' || o.id FROM ekarte.operation AS o
WHERE
    o.rc NOT IN ('00', '10')
    AND (
        EXISTS (SELECT FROM ekarte.entry AS e WHERE e.operation_id = o.id)
        OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
        OR EXISTS (SELECT FROM ekarte.hold AS h WHERE h.operation_id = o.id)
    )
UNION ALL
SELECT 'operation ' || o.id FROM ekarte.operation AS o
WHERE o.command NOT IN ('expire', 'lapse', 'turn', 'statement', 'charge', 'buried') AND (o.answer::jsonb ->> 'rc') IS DISTINCT FROM o.rc;

-- I12 --
-- What is counted of an issuer's value as used elsewhere is what the entries say
SELECT 'issuer ' || n.issuer
FROM (
    SELECT x.issuer, x.used AS amount FROM ekarte.exposure AS x
    UNION ALL
    SELECT u.issuer, u.amount FROM ekarte.exposure_use AS u
    UNION ALL
    SELECT v.issuer, -v.amount FROM ekarte.used_elsewhere AS v
) AS n
GROUP BY n.issuer
HAVING sum(n.amount) <> 0;

-- I13 --
-- A purchase with a bank card stands in the ledger and at the bank or in neither, or somebody is at it
WITH course AS (
    SELECT DISTINCT ON (s.operation_id)
        s.operation_id AS id, b.command, o.id AS ledger_id, s.step
    FROM ekarte.bank_step AS s
    INNER JOIN ekarte.bank_operation AS b ON s.operation_id = b.id
    LEFT JOIN ekarte.operation AS o
        ON b.terminal = o.terminal AND b.batch = o.batch AND b.number = o.number
    ORDER BY s.operation_id, s.number DESC
),

-- What the ledger has booked of each, and not taken back.
standing AS (
    SELECT c.id
    FROM course AS c
    LEFT JOIN ekarte.hold_end AS e ON c.ledger_id = e.hold_id AND e.how = 'captured'
    INNER JOIN ekarte.operation AS o
        ON o.id = CASE c.command WHEN 'sale' THEN c.ledger_id ELSE e.operation_id END
    WHERE
        o.command = 'confirm' AND o.rc IN ('00', '10')
        AND NOT EXISTS (
            SELECT FROM ekarte.operation AS r
            WHERE r.original_id = o.id AND r.command = 'reverse' AND r.rc = '00'
        )
)

SELECT 'bank operation ' || b.id || ' is left half done' FROM ekarte.bank_operation AS b
LEFT JOIN course AS c ON b.id = c.id
WHERE
    coalesce(c.step, '') NOT IN (
        'refused', 'booked', 'released', 'kept', 'refunded', 'unrefunded'
    )
    AND NOT EXISTS (
        SELECT FROM ekarte.bank_work AS w WHERE w.operation_id = b.id AND w.number = 0
    )
UNION ALL
SELECT 'bank operation ' || c.id || ' stands at the bank alone' FROM course AS c
WHERE
    c.step IN ('booked', 'kept', 'refunded', 'unrefunded')
    AND c.id NOT IN (SELECT x.id FROM standing AS x)
UNION ALL
SELECT 'bank operation ' || c.id || ' stands in the ledger alone' FROM course AS c
WHERE c.step IN ('refused', 'released') AND c.id IN (SELECT x.id FROM standing AS x)
UNION ALL
SELECT 'bank operation ' || c.id || ' is charged for nothing' FROM course AS c
WHERE
    c.step = 'released'
    AND EXISTS (
        SELECT FROM ekarte.bank_step AS s WHERE s.operation_id = c.id AND s.step = 'sent'
    )
    AND NOT EXISTS (
        SELECT FROM ekarte.bank_step AS s
        WHERE
            s.operation_id = c.id
            AND (
                s.step = 'declined' OR (s.message = '0400' AND s.step <> 'unrefunded')
                OR (s.step = 'cancelled' AND s.message = '')
            )
    )
UNION ALL
-- What the bank desk has begun to give back, or to take back again; else no bank hears of it.
SELECT DISTINCT 'bank operation ' || s.operation_id || ': the bank was not told of ' || b.reason
FROM ekarte.bank_step AS s
INNER JOIN ekarte.bank_step AS b ON s.operation_id = b.operation_id AND b.step = 'refunding'
INNER JOIN ekarte.operation AS r
    ON s.booked_as = r.original_id AND b.reason = concat_ws('/', r.terminal, r.batch, r.number)
WHERE
    (
        (
            s.step = 'booked' AND r.command = 'refund' AND r.rc IN ('00', '10')
            AND r.amount_due > 0
            AND NOT EXISTS (
                SELECT FROM ekarte.bank_step AS t
                WHERE t.booked_as = r.id AND t.step = 'refunded'
            )
            AND NOT EXISTS (
                SELECT FROM ekarte.offline_operation AS f WHERE f.operation_id = r.id
            )
        )
        OR (
            s.step = 'refunded' AND r.command = 'reverse' AND r.rc = '00'
            AND NOT EXISTS (
                SELECT FROM ekarte.bank_step AS t
                WHERE
                    t.operation_id = s.operation_id AND t.step = 'unrefunded'
                    AND t.reason = s.number::text
            )
        )
    )
    AND NOT EXISTS (
        SELECT FROM ekarte.bank_work AS w
        WHERE w.operation_id = s.operation_id AND w.number = 0
    )
UNION ALL
SELECT 'bank message ' || s.operation_id || '/' || s.number || ' is left' FROM ekarte.bank_step AS s
WHERE
    s.message IN ('0400', '0220')
    AND NOT EXISTS (
        SELECT FROM ekarte.bank_work AS w
        WHERE w.operation_id = s.operation_id AND w.number = s.number
    )
    AND NOT EXISTS (
        SELECT FROM ekarte.bank_delivery AS d
        WHERE d.operation_id = s.operation_id AND d.number = s.number
    );
