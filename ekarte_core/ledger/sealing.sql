-- last_seal --
SELECT number, digest FROM ekarte.seal ORDER BY number DESC LIMIT 1;

-- lock_sealing --
-- One chain, one builder (advisory key: 'EKSL').
SELECT pg_advisory_xact_lock(1162564428);

-- sealed_upto --
-- An id below which everything was sealed some minutes ago: a look at the whole ledger
-- costs half a second for each million of operations, too much for every ten seconds.
SELECT coalesce(max(o.operation_id), 0)
FROM ekarte.seal_operation AS o
INNER JOIN (
    SELECT number FROM ekarte.seal
    WHERE sealed_at <= %(before)s
    ORDER BY number DESC
    LIMIT 100
) AS s ON o.seal_number = s.number;

-- unsealed_operations --
-- Operations not yet in the chain. The bound stands twice, so that both sides are read
-- from there on.
SELECT o.id
FROM ekarte.operation AS o
WHERE
    o.id > %(after)s
    AND NOT EXISTS (
        SELECT FROM ekarte.seal_operation AS s
        WHERE s.operation_id = o.id AND s.operation_id > %(after)s
    )
ORDER BY o.id
LIMIT %(limit)s;

-- digests_of_operations --
-- What the chain covers of each operation: itself with its entries and sale lines. The
-- columns are named, so that one added later does not break old seals (let it count only
-- where it holds more than its default); moments are written as seconds, so that the
-- session's time zone does not matter.
SELECT
    o.id,
    sha256(
        convert_to(
            row(
                o.id, extract(epoch FROM o.at), o.business_day - date '2000-01-01',
                o.terminal, o.batch, o.number, o.command, o.rc, o.card_id,
                o.issuer, o.branch, o.currency, o.amount, o.discount,
                o.amount_due, o.original_id, o.reference,
                extract(epoch FROM o.local_time), o.network_version,
                encode(o.body_digest, 'hex'), o.decision, o.answer
            )::text || coalesce('second ' || o.other_card_id, '')
            || coalesce(e.rows, '') || coalesce(l.rows, ''),
            'UTF8'
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
INSERT INTO ekarte.seal_operation (operation_id, seal_number, digest)
SELECT n.id, %(number)s, n.digest
FROM unnest(%(ids)s::bigint[], %(digests)s::bytea[]) AS n (id, digest);

-- seals_after --
-- The next seals of the chain with what they cover, to be verified.
SELECT
    s.number, s.previous, s.digest, s.operations,
    array_agg(o.operation_id ORDER BY o.operation_id) AS ids,
    array_agg(o.digest ORDER BY o.operation_id) AS digests
FROM (
    SELECT number, previous, digest, operations FROM ekarte.seal
    WHERE number > %(after)s
    ORDER BY number
    LIMIT %(limit)s
) AS s
LEFT JOIN ekarte.seal_operation AS o ON s.number = o.seal_number
GROUP BY s.number, s.previous, s.digest, s.operations
ORDER BY s.number;

-- seals_gone --
-- Seals after this one that operations lie under, but that are not there.
SELECT DISTINCT o.seal_number FROM ekarte.seal_operation AS o
WHERE
    o.seal_number > %(after)s
    AND NOT EXISTS (SELECT FROM ekarte.seal AS s WHERE s.number = o.seal_number)
ORDER BY o.seal_number;

-- last_verified --
SELECT number, digest FROM ekarte.seal_verified ORDER BY id DESC LIMIT 1;

-- noted_otherwise --
-- Seals that were whole once, and are not what they were.
SELECT DISTINCT v.number FROM ekarte.seal_verified AS v
LEFT JOIN ekarte.seal AS s ON v.number = s.number
WHERE v.number > 0 AND s.digest IS DISTINCT FROM v.digest
ORDER BY v.number;

-- add_verified --
INSERT INTO ekarte.seal_verified (number, digest) VALUES (%(number)s, %(digest)s);
