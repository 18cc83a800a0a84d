-- last_version --
SELECT coalesce(max(version), 0) FROM ekarte.network_document;

-- read_document --
SELECT version, body FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- document_digest --
SELECT version, sha256 FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- add_document --
INSERT INTO ekarte.network_document (version, published_at, sha256, body)
VALUES (%(version)s, %(now)s, %(sha256)s, %(body)s);

-- remember_nonces --
-- Sorted by the caller, so that two gateways never wait for each other in a circle.
INSERT INTO ekarte.nonce (terminal, nonce, seen_at)
SELECT n.terminal, n.nonce, %(now)s
FROM unnest(%(terminals)s::text[], %(nonces)s::text[]) AS n (terminal, nonce)
ON CONFLICT DO NOTHING
RETURNING terminal, nonce;

-- sweep_nonces --
DELETE FROM ekarte.nonce WHERE seen_at < %(before)s;

-- read_version --
SELECT body FROM ekarte.network_document WHERE version = %(version)s;
