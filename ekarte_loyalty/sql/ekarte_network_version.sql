-- The published versions of the network document, the newest being live.
WITH document AS (
    SELECT * FROM ekarte.network_document
)

SELECT
    document.version AS id,
    document.version,
    document.published_at AT TIME ZONE 'UTC' AS published_at,
    encode(document.sha256, 'hex') AS sha256,
    document.body
FROM document
