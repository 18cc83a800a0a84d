-- Imports of cards.

-- brought_in --
-- What the operations of an import have built up, minor units, by event.
SELECT
    n.event,
    sum(CASE n.event WHEN 'gift_load' THEN n.amount ELSE n.carry END)::bigint
FROM ekarte.operation AS o
INNER JOIN ekarte.settled AS n ON n.operation_id = o.id
WHERE
    o.terminal = %(terminal)s
    AND o.batch = %(batch)s
    AND o.number BETWEEN %(first)s AND %(last)s
    AND o.command = 'bring_in'
GROUP BY n.event
ORDER BY n.event;

-- progress --
-- How many lines of an import are done; whoever looks sees it before they are booked.
UPDATE ekarte_card_import_progress
SET lines_done = %(lines)s
WHERE import_id = %(id)s;
