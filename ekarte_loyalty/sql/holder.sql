-- Who holds a card that took over from another one.

-- heirs --
-- Which cards took over from these, by one replacement or several, as (card, heir). With an
-- issuer the line ends at a card of which that issuer knows a holder: from there on it is
-- that holder's. Cards that share an account are told apart: a pool has several.
-- A card is replaced once: its last replacement counts, and is among its last operations.
WITH RECURSIVE line AS (
    SELECT
        card.id AS before_id,
        card.id AS heir_id
    FROM ekarte.card AS card
    WHERE card.id = ANY(%(cards)s) AND card.state = 'replaced'
    UNION
    SELECT
        line.before_id,
        newer.card_id
    FROM line
    INNER JOIN ekarte.card AS gone ON gone.id = line.heir_id AND gone.state = 'replaced'
    CROSS JOIN LATERAL (
        SELECT operation.other_card_id AS card_id
        FROM ekarte.operation AS operation
        WHERE
            operation.card_id = gone.id
            AND operation.command = 'replace'
            AND operation.rc = '00'
        ORDER BY operation.id DESC
        LIMIT 1
    ) AS newer
    WHERE
        line.heir_id = line.before_id
        OR NOT EXISTS (
            SELECT 1
            FROM ekarte_holder AS other
            WHERE
                other.card_id = line.heir_id
                AND other.issuer_id = %(issuer)s
                AND other.active
        )
)

SELECT
    line.before_id,
    line.heir_id
FROM line
WHERE line.heir_id <> line.before_id;
