-- The published versions of the network document, the newest being live.
SELECT
    document.version AS id,
    document.version,
    document.published_at AT TIME ZONE 'UTC' AS published_at,
    encode(document.sha256, 'hex') AS sha256,
    document.body
FROM ekarte.network_document AS document
CROSS JOIN (VALUES (true)) AS ledger (read_only)
