-- Visits of passes at other issuers are paid too, at the price of the pass; what counts
-- for the books only (billed, lost) is no value used.

CREATE OR REPLACE VIEW ekarte.used_elsewhere AS
SELECT
    e.operation_id, p.issuer, o.issuer AS seller,
    sum(CASE
        WHEN e.event = 'pass_use' THEN -e.posted * coalesce(t.visit_price, 0)
        WHEN e.event <> 'exchange_spend' THEN e.held - e.posted
        WHEN e.line = (
            SELECT min(f.line) FROM ekarte.entry AS f
            WHERE
                f.operation_id = e.operation_id AND f.event = 'exchange_spend'
                AND f.purse_id IS NOT NULL
        ) THEN -sign(e.posted)::bigint * o.amount
        ELSE 0
    END)::bigint AS amount
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
INNER JOIN ekarte.operation AS o ON e.operation_id = o.id
LEFT JOIN ekarte.settling_terms AS t
    ON o.network_version = t.version AND e.program = t.program AND o.issuer = t.seller
WHERE
    p.issuer <> o.issuer
    AND (
        e.event IN ('exchange_spend', 'pass_use')
        OR (
            e.event IN (
                'hold', 'release', 'gift_spend', 'bonus_spend', 'voucher_spend',
                'credit_spend', 'gift_restore', 'bonus_restore', 'voucher_restore',
                'credit_restore'
            )
            AND e.unit NOT IN ('points', 'visits', 'item', 'billed', 'lost')
        )
    )
GROUP BY e.operation_id, p.issuer, o.issuer;
