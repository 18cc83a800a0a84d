-- claim_cards --
-- Of identifiers about to be registered, those that no other gateway has registered under
-- another key. Who is registering one just now is waited for; on an older snapshot the
-- conflict is a 40001.
INSERT INTO ekarte.card_claim (token)
SELECT t FROM unnest(%(tokens)s::bytea[]) AS t
ORDER BY t
ON CONFLICT DO NOTHING
RETURNING token;

-- retoken_cards --
-- Cards that are locked get the token of the current key; not where, by an accident with
-- keyrings, another card has it already. What was sealed with the old token cannot be
-- opened any more: it is made anew before anybody looks.
UPDATE ekarte.card AS c
SET token = n.token, token_key = %(token_key)s, stop_token = NULL, stop_key = 0
FROM unnest(%(ids)s::integer[], %(tokens)s::bytea[]) AS n (id, token)
WHERE
    c.id = n.id
    AND NOT EXISTS (SELECT FROM ekarte.card AS x WHERE x.token = n.token);

-- cards_of_lost_keys --
-- Cards that nobody can find with these keys, and codes that nobody can prove.
SELECT 'card_token' AS purpose, token_key::integer AS key_id, count(*)::integer
FROM ekarte.card
WHERE token_key <> ALL(%(tokens)s::smallint[])
GROUP BY token_key
UNION ALL
SELECT 'access_code', c.key_id, count(*)::integer
FROM (
    SELECT get_byte(access_code, 0) * 256 + get_byte(access_code, 1) AS key_id
    FROM ekarte.card
    WHERE length(access_code) = 50
) AS c
WHERE c.key_id > 0 AND c.key_id <> ALL(%(codes)s::integer[])
GROUP BY c.key_id
ORDER BY 1 DESC, 2;

-- key_use --
-- What each key still has to be kept for. A code of before the pepper's id was noted has
-- none (null).
SELECT 'card_token' AS purpose, token_key::integer AS key_id, 'cards' AS what, count(*)::integer
FROM ekarte.card
GROUP BY token_key
UNION ALL
SELECT 'card_token', d.key_id::integer, 'draws to be drawn', count(*)::integer
FROM ekarte.draw AS d
WHERE NOT EXISTS (SELECT FROM ekarte.draw_result AS r WHERE r.draw_id = d.id)
GROUP BY d.key_id
UNION ALL
SELECT
    'access_code',
    CASE
        WHEN length(access_code) = 50
            THEN nullif(get_byte(access_code, 0) * 256 + get_byte(access_code, 1), 0)
    END,
    'codes', count(*)::integer
FROM ekarte.card
WHERE access_code IS NOT NULL
GROUP BY 2
UNION ALL
SELECT 'bank', key_id::integer, 'bank cards', count(*)::integer
FROM ekarte.bank_card
GROUP BY key_id
ORDER BY 1 DESC, 2 NULLS FIRST, 3;

-- terminal_keys_since --
-- Keys of terminals that came into force, in the order of their ids.
SELECT id, terminal, version FROM ekarte.terminal_key
WHERE id > %(since)s
ORDER BY id;

-- note_terminal_key --
INSERT INTO ekarte.terminal_key (terminal, version, at)
VALUES (%(terminal)s, %(version)s, %(now)s)
ON CONFLICT DO NOTHING;

-- terminal_keys_in_use --
-- The newest of some terminals.
SELECT DISTINCT ON (terminal) terminal, version, at FROM ekarte.terminal_key
WHERE terminal = ANY(%(terminals)s::text[])
ORDER BY terminal ASC, version DESC;

-- note_guesses --
-- Each miss puts the moment further off when all are forgotten. Sorted by the caller.
INSERT INTO ekarte.terminal_guess AS g (terminal, missed_at, clear_at)
SELECT n.terminal, %(now)s, %(now)s + n.span
FROM unnest(%(terminals)s::text[], %(spans)s::interval[]) AS n (terminal, span)
ON CONFLICT (terminal) DO UPDATE SET
missed_at = greatest(g.missed_at, excluded.missed_at),
clear_at = greatest(g.clear_at, %(now)s) + (excluded.clear_at - excluded.missed_at);

-- guesses --
SELECT terminal, missed_at, clear_at FROM ekarte.terminal_guess
WHERE clear_at > %(now)s;
