-- Cards, masked. WITH makes the view read-only: PostgreSQL refuses to write through it.
WITH card AS (
    SELECT * FROM ekarte.card
)

SELECT
    card.id,
    card.kind,
    card.state,
    card.access_tries,
    card.last4,
    card.first6 || '******' || card.last4 AS number,
    card.access_code IS NOT NULL AS has_access_code,
    card.registered_at AT TIME ZONE 'UTC' AS registered_at,
    card.state_at AT TIME ZONE 'UTC' AS state_at,
    (
        SELECT operation.at AT TIME ZONE 'UTC'
        FROM ekarte.operation AS operation
        WHERE operation.card_id = card.id
        ORDER BY operation.id DESC
        LIMIT 1
    ) AS last_use
FROM card
