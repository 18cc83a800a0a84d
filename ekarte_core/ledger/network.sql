-- last_version --
SELECT coalesce(max(version), 0) FROM ekarte.network_document;

-- read_document --
SELECT version, body FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- document_digest --
SELECT version, sha256 FROM ekarte.network_document ORDER BY version DESC LIMIT 1;

-- add_document --
INSERT INTO ekarte.network_document (version, published_at, sha256, body)
VALUES (%(version)s, %(now)s, %(sha256)s, %(body)s);

-- add_terms --
-- Terms that settlement goes by, of one version.
INSERT INTO ekarte.settling_terms
(
    version, program, seller, tax_rate_bp, price_bp, visit_price, breakage_share_bp,
    liable, as_payment
)
SELECT %(version)s, n.*
FROM unnest(
    %(programs)s::text[], %(sellers)s::text[], %(tax_rates)s::integer[],
    %(prices)s::integer[], %(visit_prices)s::bigint[], %(shares)s::integer[],
    %(liable)s::text[], %(as_payment)s::boolean[]
) AS n;

-- terms_of_version --
SELECT program, seller, tax_rate_bp, liable FROM ekarte.settling_terms
WHERE version = %(version)s;

-- programs_with_value --
-- Those of these programs whose purses hold anything.
SELECT n.program FROM unnest(%(programs)s::text[]) AS n (program)
WHERE EXISTS (
    SELECT FROM ekarte.purse AS p
    WHERE p.program = n.program AND (p.posted <> 0 OR p.carry <> 0)
)
ORDER BY n.program;

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
