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
-- Tickets by card. What a refund or a reversal took back counts for the day of the
-- purchase, whenever it came: a purchase before the period gave no ticket of this draw.
SELECT p.card_id, sum(e.posted)::bigint
FROM ekarte.purse AS p
INNER JOIN ekarte.entry AS e ON p.id = e.purse_id
INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
LEFT JOIN ekarte.operation AS a
    ON o.original_id = a.id AND o.command IN ('refund', 'reverse')
LEFT JOIN ekarte.operation AS b ON a.original_id = b.id AND a.command = 'refund'
WHERE
    p.issuer = %(issuer)s AND p.program = %(program)s AND p.unit = 'tickets'
    AND e.event = 'ticket'
    AND coalesce(b.business_day, a.business_day, o.business_day)
    BETWEEN %(first_day)s AND %(last_day)s
GROUP BY p.card_id
HAVING sum(e.posted) > 0;

-- cards_with_tickets --
-- Everybody who can be in a list of this program.
SELECT DISTINCT card_id FROM ekarte.purse
WHERE issuer = %(issuer)s AND program = %(program)s AND unit = 'tickets';

-- add_draw_list --
INSERT INTO ekarte.draw_list (draw_id, frozen_at, sha256, body)
VALUES (%(id)s, %(now)s, %(sha256)s, %(body)s)
ON CONFLICT (draw_id) DO NOTHING;

-- add_draw_result --
INSERT INTO ekarte.draw_result (draw_id, drawn_at, seed, body)
VALUES (%(id)s, %(now)s, %(seed)s, %(body)s)
ON CONFLICT (draw_id) DO NOTHING;
