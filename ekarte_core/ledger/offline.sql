-- add_offline_operations --
INSERT INTO ekarte.offline_operation
(operation_id, terminal, batch, number, card_id, day, amount, counter, params_version)
SELECT * FROM unnest(
    %(operations)s::bigint[], %(terminals)s::text[], %(batches)s::integer[],
    %(numbers)s::bigint[], %(cards)s::integer[], %(days)s::date[], %(amounts)s::bigint[],
    %(counters)s::bigint[], %(versions)s::integer[]
);

-- add_offline_exceptions --
INSERT INTO ekarte.offline_exception (operation_id, line, kind, amount, rc)
SELECT * FROM unnest(
    %(operations)s::bigint[], %(lines)s::smallint[], %(kinds)s::text[],
    %(amounts)s::bigint[], %(rcs)s::text[]
);

-- offline_before --
-- Of each advice: what its terminal did offline with the card on that day before, how
-- often without a word in between, and whether its chip went back: each record of a
-- card is written once, and later ones count higher. Clocks of terminals differ by some
-- minutes; one terminal knows its own order.
SELECT
    k.place,
    (
        SELECT coalesce(sum(f.amount), 0)::bigint FROM ekarte.offline_operation AS f
        WHERE f.card_id = k.card AND f.day = k.day AND f.terminal = k.terminal
    ),
    (
        SELECT count(*)::integer FROM ekarte.offline_operation AS f
        WHERE
            f.terminal = k.terminal
            AND (f.batch, f.number) < (k.batch, k.number)
            AND (f.batch, f.number) > (coalesce(o.batch, -1), coalesce(o.number, 0))
    ),
    EXISTS (
        SELECT FROM ekarte.offline_operation AS f
        INNER JOIN ekarte.operation AS d ON d.id = f.operation_id
        WHERE
            k.counter > 0 AND f.card_id = k.card AND f.counter >= k.counter
            AND (
                f.counter = k.counter
                OR d.local_time < k.at - interval '5 minutes'
                OR (
                    f.terminal = k.terminal
                    AND (f.batch, f.number) < (k.batch, k.number)
                )
            )
    )
FROM unnest(
    %(terminals)s::text[], %(batches)s::integer[], %(numbers)s::bigint[],
    %(cards)s::integer[], %(days)s::date[], %(counters)s::bigint[],
    %(moments)s::timestamptz[]
) WITH ORDINALITY AS k (terminal, batch, number, card, day, counter, at, place)
LEFT JOIN LATERAL (
    SELECT o.batch, o.number FROM ekarte.operation AS o
    WHERE
        o.terminal = k.terminal AND (o.batch, o.number) < (k.batch, k.number)
        AND NOT EXISTS (
            SELECT FROM ekarte.offline_operation AS f WHERE f.operation_id = o.id
        )
    ORDER BY o.batch DESC, o.number DESC
    LIMIT 1
) AS o ON true;

-- network_told --
-- The network that a version of a branch's parameters was made from. Without parameters
-- terminals are told the network's own version.
SELECT coalesce((
    SELECT p.network_version FROM ekarte.parameters AS p
    WHERE p.branch = %(branch)s::text AND p.version = %(version)s::integer
), %(version)s::integer);
