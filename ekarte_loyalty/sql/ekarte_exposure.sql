-- What each issuer owes others and may owe them, now: from the card ledger, clearing and
-- deposits.
SELECT
    issuer.id, issuer.id AS issuer_id, issuer.company_id,
    coalesce(
        issuer.books_currency_id, (SELECT min(currency_id) FROM ekarte_network)
    ) AS currency_id,
    owed.amount AS owed,
    lines.to_receive, lines.to_pay, due.amount AS due,
    lines.to_receive - lines.to_pay - due.amount AS position,
    coalesce(issuer.deposit, 0) AS deposit,
    coalesce(issuer.agreed_limit, 0) AS agreed_limit,
    coalesce(issuer.exposure_limit, 0) AS exposure_limit,
    CASE
        WHEN issuer.exposure_limit > 0
            THEN round(100 * owed.amount / issuer.exposure_limit, 1)::float
    END AS share,
    CASE
        WHEN issuer.refused_elsewhere THEN 'refused'
        WHEN NOT coalesce(issuer.has_exposure_limit, false) THEN 'unlimited'
        WHEN owed.amount >= issuer.exposure_limit THEN 'stopped'
        WHEN 100 * owed.amount >= 80 * issuer.exposure_limit THEN 'near'
        ELSE 'fine'
    END AS state
FROM ekarte_issuer AS issuer
CROSS JOIN LATERAL (
    SELECT (
        coalesce((
            SELECT x.used FROM ekarte.exposure AS x WHERE x.issuer = issuer.code
        ), 0)
        + coalesce((
            SELECT sum(u.amount) FROM ekarte.exposure_use AS u
            WHERE u.issuer = issuer.code
        ), 0)
        - coalesce((
            SELECT c.cleared FROM ekarte.exposure_cleared AS c
            WHERE c.issuer = issuer.code
        ), 0)
    ) / 100.0 AS amount
) AS owed
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(line.amount) FILTER (WHERE line.side = 'receive'), 0) AS to_receive,
        coalesce(-sum(line.amount) FILTER (WHERE line.side = 'pay'), 0) AS to_pay
    FROM ekarte_clearing_line AS line
    WHERE line.issuer_id = issuer.id AND line.state <> 'closed'
) AS lines
CROSS JOIN LATERAL (
    SELECT coalesce(sum(item.amount), 0) AS amount
    FROM ekarte_statement_due AS item
    WHERE item.issuer_id = issuer.id
) AS due
WHERE issuer.active
