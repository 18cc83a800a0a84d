-- renew_stop_tokens --
-- Locked cards whose number is there: what the stop list will need of it.
UPDATE ekarte.card AS c
SET stop_token = n.token, stop_key = %(key)s::smallint
FROM unnest(%(ids)s::integer[], %(tokens)s::bytea[]) AS n (id, token)
WHERE c.id = n.id;

-- claim_parameters --
-- One process at a time goes on with stop list and versions; the others come again.
SELECT pg_try_advisory_xact_lock(hashtextextended('ekarte.parameters', 0));

-- stop_number --
SELECT coalesce(max(number), 0) FROM ekarte.stop_change;

-- stop_differences --
-- Cards whose state and place on the stop list differ: two indexes side by side, nothing
-- else of all cards is looked at. Of a card that was listed before the mark is known;
-- without a stop token it cannot be listed at all.
WITH stopped AS (
    SELECT id, state FROM ekarte.card
    WHERE state NOT IN ('new', 'active')
),

listed AS (
    SELECT DISTINCT ON (card_id) card_id, state, number
    FROM ekarte.stop_change
    ORDER BY card_id ASC, number DESC
),

different AS MATERIALIZED (
    SELECT
        coalesce(s.id, l.card_id) AS card_id, coalesce(s.state, 'active') AS state,
        l.number
    FROM stopped AS s
    FULL JOIN listed AS l ON s.id = l.card_id
    WHERE coalesce(s.state, 'active') <> coalesce(l.state, 'active')
)

SELECT
    d.card_id, d.state, c.token, c.stop_token, c.stop_key, x.mark, x.mark_key,
    ARRAY(SELECT m.issuer FROM ekarte.membership AS m WHERE m.card_id = d.card_id),
    c.noted, coalesce(x.issuers, '{}')
FROM different AS d
CROSS JOIN LATERAL (
    SELECT token, stop_token, stop_key, noted FROM ekarte.card
    WHERE id = d.card_id LIMIT 1
) AS c
LEFT JOIN LATERAL (
    SELECT mark, mark_key, issuers FROM ekarte.stop_change
    WHERE number = d.number LIMIT 1
) AS x ON TRUE
WHERE
    x.mark IS NOT NULL
    OR (c.stop_token IS NOT NULL AND c.stop_key = ANY(%(keys)s::smallint[]))
ORDER BY d.card_id
LIMIT %(limit)s;

-- add_stop_changes --
INSERT INTO ekarte.stop_change
(number, card_id, state, mark, mark_key, issuers, at)
SELECT
    %(after)s + n.place, n.card_id, n.state, n.mark, n.mark_key,
    string_to_array(n.issuers, ','), %(now)s
FROM unnest(
    %(cards)s::integer[], %(states)s::text[], %(marks)s::bytea[], %(keys)s::smallint[],
    %(issuers)s::text[]
) WITH ORDINALITY AS n (card_id, state, mark, mark_key, issuers, place);

-- stop_list --
-- As it was at a number.
SELECT l.mark, l.mark_key, l.state, l.issuers
FROM (
    SELECT DISTINCT ON (s.card_id) s.card_id, s.mark, s.mark_key, s.state, s.issuers
    FROM ekarte.stop_change AS s
    WHERE s.number <= %(number)s
    ORDER BY s.card_id ASC, s.number DESC
) AS l
WHERE l.state <> 'active';

-- stopped_without_token --
-- Stopped cards that nobody has shown since there is a stop list.
SELECT count(*) FROM ekarte.card
WHERE state NOT IN ('new', 'active') AND stop_token IS NULL AND kind = ANY(%(kinds)s);

-- parameters_keys --
SELECT number, key_id, public_key FROM ekarte.parameters_key ORDER BY number;

-- add_parameters_key --
INSERT INTO ekarte.parameters_key (number, key_id, public_key, at)
VALUES (%(number)s, %(key_id)s, %(public_key)s, %(now)s);

-- parameters_number --
SELECT coalesce(max(number), 0) FROM ekarte.parameters;

-- parameters_versions --
-- The newest version of each of these branches.
SELECT n.branch, v.version
FROM unnest(%(branches)s::text[]) AS n (branch)
CROSS JOIN LATERAL (
    SELECT p.version FROM ekarte.parameters AS p
    WHERE p.branch = n.branch
    ORDER BY p.version DESC LIMIT 1
) AS v;

-- parameters_of --
-- The newest versions of a branch, the newest first.
SELECT version, network_version, stop_number, key_number, sha256, at
FROM ekarte.parameters
WHERE branch = %(branch)s
ORDER BY version DESC LIMIT %(limit)s;

-- add_parameters --
INSERT INTO ekarte.parameters
(
    number, branch, version, network_version, stop_number, key_number, sha256, at
)
VALUES
(
    %(number)s, %(branch)s, %(version)s, %(network_version)s, %(stop_number)s,
    %(key_number)s, %(sha256)s, %(at)s
);

-- note_loaded --
-- Only what is new of it; a version that its branch never had is no version.
INSERT INTO ekarte.parameters_loaded (terminal, version, at)
SELECT %(terminal)s, %(version)s, %(now)s
WHERE
    %(version)s IS DISTINCT FROM (
        SELECT l.version FROM ekarte.parameters_loaded AS l
        WHERE l.terminal = %(terminal)s
        ORDER BY l.number DESC LIMIT 1
    )
    AND EXISTS (
        SELECT FROM ekarte.parameters AS p
        WHERE p.branch = %(branch)s AND p.version = %(version)s
    );

-- loaded --
-- The last version that each terminal said it has, and the newest of its branch.
SELECT n.terminal, l.version, l.at, v.version
FROM unnest(%(terminals)s::text[], %(branches)s::text[]) AS n (terminal, branch)
LEFT JOIN LATERAL (
    SELECT x.version, x.at FROM ekarte.parameters_loaded AS x
    WHERE x.terminal = n.terminal
    ORDER BY x.number DESC LIMIT 1
) AS l ON TRUE
LEFT JOIN LATERAL (
    SELECT p.version FROM ekarte.parameters AS p
    WHERE p.branch = n.branch
    ORDER BY p.version DESC LIMIT 1
) AS v ON TRUE
WHERE v.version IS NOT NULL;
