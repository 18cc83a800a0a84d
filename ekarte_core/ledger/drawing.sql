-- next_draw_id --
SELECT nextval('ekarte.draw_id_seq');

-- draw_of_name --
SELECT id, program, first_day, last_day, prizes FROM ekarte.draw
WHERE issuer = %(issuer)s AND name = %(name)s;

-- add_draw --
-- Of two who open the same draw at once, the second finds the first's.
INSERT INTO ekarte.draw
(
    id, issuer, name, program, first_day, last_day, prizes, key_id, commitment, opened_at
)
VALUES
(
    %(id)s, %(issuer)s, %(name)s, %(program)s, %(first_day)s, %(last_day)s, %(prizes)s,
    %(key_id)s, %(commitment)s, %(now)s
)
ON CONFLICT (issuer, name) DO NOTHING;

-- read_draw --
-- A draw with as much of it as is public.
SELECT
    d.issuer, d.name, d.program, d.first_day, d.last_day, d.prizes, d.key_id,
    d.commitment, l.sha256, l.body, r.seed, r.body
FROM ekarte.draw AS d
LEFT JOIN ekarte.draw_list AS l ON d.id = l.draw_id
LEFT JOIN ekarte.draw_result AS r ON d.id = r.draw_id
WHERE d.id = %(id)s;

-- tickets_of_draw --
-- Tickets by account. What a refund or a reversal took back belongs to the purchase,
-- whenever it came and whatever account the card uses by then; what a purchase gave
-- belongs to the account that the earner's card uses now.
WITH ticket AS (
    SELECT
        coalesce(b.id, a.id, o.id) AS purchase_id,
        coalesce(b.business_day, a.business_day, o.business_day) AS bought_on,
        CASE WHEN a.id IS NULL THEN p.card_id END AS card_id,
        e.posted
    FROM ekarte.purse AS p
    INNER JOIN ekarte.entry AS e ON p.id = e.purse_id
    INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
    LEFT JOIN ekarte.operation AS a
        ON o.original_id = a.id AND o.command IN ('refund', 'reverse')
    LEFT JOIN ekarte.operation AS b ON a.original_id = b.id AND a.command = 'refund'
    WHERE
        p.issuer = %(issuer)s AND p.program = %(program)s AND p.unit = 'tickets'
        AND e.event = 'ticket'
),

purchase AS (
    SELECT max(card_id) AS card_id, sum(posted)::bigint AS tickets FROM ticket
    WHERE bought_on BETWEEN %(first_day)s AND %(last_day)s
    GROUP BY purchase_id
)

SELECT c.account_id, sum(n.tickets)::bigint
FROM purchase AS n
INNER JOIN ekarte.card AS c ON n.card_id = c.id
GROUP BY c.account_id
HAVING sum(n.tickets) > 0;

-- accounts_with_tickets --
-- Everybody who can be in a list of this program, with the cards that use the account.
SELECT n.account_id, array_agg(c.id ORDER BY c.id)
FROM (
    SELECT p.card_id AS account_id FROM ekarte.purse AS p
    WHERE p.issuer = %(issuer)s AND p.program = %(program)s AND p.unit = 'tickets'
    UNION
    SELECT c.account_id
    FROM ekarte.purse AS p
    INNER JOIN ekarte.card AS c ON p.card_id = c.id
    WHERE p.issuer = %(issuer)s AND p.program = %(program)s AND p.unit = 'tickets'
) AS n
INNER JOIN ekarte.card AS c ON n.account_id IN (c.account_id, c.id)
GROUP BY n.account_id;

-- account_of_card --
SELECT account_id FROM ekarte.card WHERE id = %(id)s;

-- key_of_draw --
SELECT key_id FROM ekarte.draw WHERE id = %(id)s;

-- is_listed --
-- A list may have a million lines: it is searched where it lies.
SELECT EXISTS (
    SELECT FROM ekarte.draw_list
    WHERE draw_id = %(id)s AND position(%(line)s IN body) > 0
);

-- add_draw_list --
INSERT INTO ekarte.draw_list (draw_id, frozen_at, sha256, body)
VALUES (%(id)s, %(now)s, %(sha256)s, %(body)s)
ON CONFLICT (draw_id) DO NOTHING;

-- add_draw_result --
INSERT INTO ekarte.draw_result (draw_id, drawn_at, seed, body)
VALUES (%(id)s, %(now)s, %(seed)s, %(body)s)
ON CONFLICT (draw_id) DO NOTHING;
