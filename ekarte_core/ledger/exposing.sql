-- add_uses --
-- Value of these issuers that was used, or held, at other issuers' branches.
INSERT INTO ekarte.exposure_use (issuer, amount)
SELECT * FROM unnest(%(issuers)s::text[], %(amounts)s::bigint[]);

-- fold_exposure --
-- Whoever folds at the same time waits here, and then finds nothing left to fold.
WITH gone AS (
    DELETE FROM ekarte.exposure_use
    WHERE NOT EXISTS (
        SELECT FROM ekarte.exposure AS x WHERE x.folded_at > %(unless_since)s::timestamptz
    )
    RETURNING issuer, amount
)

INSERT INTO ekarte.exposure AS x (issuer, used, folded_at)
SELECT g.issuer, sum(g.amount), %(now)s::timestamptz FROM gone AS g
GROUP BY g.issuer
ORDER BY g.issuer
ON CONFLICT (issuer) DO UPDATE
SET used = x.used + excluded.used, folded_at = excluded.folded_at;

-- exposures --
-- What each issuer owes: all that was used of its value at others, less what was cleared.
SELECT n.issuer, sum(n.used)::bigint, sum(n.cleared)::bigint
FROM (
    SELECT x.issuer, x.used, 0::bigint AS cleared FROM ekarte.exposure AS x
    UNION ALL
    SELECT u.issuer, u.amount, 0 FROM ekarte.exposure_use AS u
    UNION ALL
    SELECT c.issuer, 0, c.cleared FROM ekarte.exposure_cleared AS c
) AS n
GROUP BY n.issuer
ORDER BY n.issuer;

-- tell_cleared --
INSERT INTO ekarte.exposure_cleared AS c (issuer, cleared, told_at)
SELECT n.issuer, n.cleared, %(now)s::timestamptz
FROM unnest(%(issuers)s::text[], %(amounts)s::bigint[]) AS n (issuer, cleared)
ORDER BY n.issuer
ON CONFLICT (issuer) DO UPDATE
SET cleared = excluded.cleared, told_at = excluded.told_at
WHERE c.cleared <> excluded.cleared;
