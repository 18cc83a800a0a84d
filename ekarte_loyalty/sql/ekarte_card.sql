-- Cards, masked. The one row beside makes it a join, and a join cannot be written
-- through; unlike WITH it leaves the planner free to go by the card's index.
SELECT
    card.id,
    card.account_id,
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
FROM ekarte.card AS card
CROSS JOIN (VALUES (true)) AS ledger (read_only)
