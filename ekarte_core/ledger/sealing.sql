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
-- What a seal covers: each operation with its entries and sale lines, in order of id.
-- The columns are named, so that one added later does not break old seals; moments are
-- written as seconds, so that the session's time zone does not matter.
SELECT
    sha256(
        %(previous)s::bytea || coalesce(
            string_agg(
                sha256(
                    convert_to(
                        row(
                            o.id, extract(epoch FROM o.at), o.business_day - date '2000-01-01',
                            o.terminal, o.batch, o.number, o.command, o.rc, o.card_id,
                            o.issuer, o.branch, o.currency, o.amount, o.discount,
                            o.amount_due, o.original_id, o.reference,
                            extract(epoch FROM o.local_time), o.network_version,
                            encode(o.body_digest, 'hex'), o.decision, o.answer
                        )::text || coalesce(e.rows, '') || coalesce(l.rows, ''),
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
                e.line, e.purse_id, e.lot_id, e.account, e.event, e.program, e.unit,
                e.posted, e.held, e.carry, e.version, e.posted_after, e.held_after
            )::text, '' ORDER BY e.line
        ) AS rows
    FROM ekarte.entry AS e
    WHERE e.operation_id = o.id
) AS e ON true
LEFT JOIN LATERAL (
    SELECT
        string_agg(
            row(
                l.line, l.goods_group, l.tax_rate_bp, l.gross, l.discount, l.bonus,
                l.tendered
            )::text, '' ORDER BY l.line
        ) AS rows
    FROM ekarte.sale_line AS l
    WHERE l.operation_id = o.id
) AS l ON true
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
