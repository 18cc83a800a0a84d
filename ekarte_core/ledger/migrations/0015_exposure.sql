-- What each issuer has come to owe others: its value used at their branches. Every such use
-- is noted in the same transaction; what has gathered is folded into one row for an issuer
-- now and then, so that the next decision sums up few rows.

CREATE TABLE ekarte.exposure (
    issuer text PRIMARY KEY,
    used bigint NOT NULL,                 -- nominal, minor units, since ever
    folded_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ekarte.exposure_use (
    issuer text NOT NULL,
    amount bigint NOT NULL                -- negative where goods came back or a hold ended
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- What of it accounting has seen paid; it says so itself.
CREATE TABLE ekarte.exposure_cleared (
    issuer text PRIMARY KEY,
    cleared bigint NOT NULL,
    told_at timestamptz NOT NULL
);

-- The same from entries: value used at other issuers' branches, or held for it.
CREATE VIEW ekarte.used_elsewhere AS
SELECT
    e.operation_id, p.issuer, o.issuer AS seller,
    sum(CASE
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
WHERE
    p.issuer <> o.issuer
    AND e.event IN (
        'hold', 'release', 'gift_spend', 'bonus_spend', 'voucher_spend', 'exchange_spend',
        'credit_spend', 'gift_restore', 'bonus_restore', 'voucher_restore', 'credit_restore'
    )
    AND (e.event = 'exchange_spend' OR e.unit NOT IN ('points', 'visits', 'item'))
GROUP BY e.operation_id, p.issuer, o.issuer;

INSERT INTO ekarte.exposure (issuer, used, folded_at)
SELECT u.issuer, sum(u.amount), now() FROM ekarte.used_elsewhere AS u GROUP BY u.issuer;
