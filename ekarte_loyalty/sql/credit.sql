-- Debts of credit cards: lines of a statement, and how late they are.

-- movements --
-- What was bought and paid between a statement and the one before it.
SELECT o.business_day, e.event, o.command, o.branch, -e.posted
FROM ekarte.statement AS s
INNER JOIN ekarte.entry AS e ON e.purse_id = s.purse_id
INNER JOIN ekarte.operation AS o ON o.id = e.operation_id
WHERE
    s.operation_id = %(statement)s AND e.posted <> 0
    AND e.version <= s.purse_version
    AND e.version > coalesce((
        SELECT max(before.purse_version) FROM ekarte.statement AS before
        WHERE before.purse_id = s.purse_id AND before.made_on < s.made_on
    ), 0)
ORDER BY e.version;

-- debts_by_age --
-- What an issuer's cards owe, by how many days it is overdue on a day: not due, up to
-- 30, 60, 90, more. What is open of a statement is at least as old as that statement.
SELECT
    coalesce(sum(d.owed - d.late), 0)::bigint,
    coalesce(sum(d.late - d.late_30), 0)::bigint,
    coalesce(sum(d.late_30 - d.late_60), 0)::bigint,
    coalesce(sum(d.late_60 - d.late_90), 0)::bigint,
    coalesce(sum(d.late_90), 0)::bigint
FROM (
    SELECT
        p.id, -p.posted AS owed,
        least(-p.posted, coalesce(max(s.open) FILTER (WHERE s.due_on < %(day)s), 0)) AS late,
        least(
            -p.posted, coalesce(max(s.open) FILTER (WHERE s.due_on < %(day)s - 30), 0)
        ) AS late_30,
        least(
            -p.posted, coalesce(max(s.open) FILTER (WHERE s.due_on < %(day)s - 60), 0)
        ) AS late_60,
        least(
            -p.posted, coalesce(max(s.open) FILTER (WHERE s.due_on < %(day)s - 90), 0)
        ) AS late_90
    FROM ekarte.purse AS p
    LEFT JOIN (
        SELECT
            st.purse_id, st.due_on,
            greatest(st.amount - coalesce((
                SELECT greatest(sum(e.posted), 0) FROM ekarte.entry AS e
                INNER JOIN ekarte.operation AS o ON o.id = e.operation_id
                WHERE
                    e.purse_id = st.purse_id AND e.version > st.purse_version
                    AND (e.posted > 0 OR o.command = 'reverse')
            ), 0), 0)::bigint AS open
        FROM ekarte.statement AS st
    ) AS s ON s.purse_id = p.id
    WHERE p.issuer = %(issuer)s AND p.unit = 'credit' AND p.posted < 0
    GROUP BY p.id, p.posted
) AS d;
