-- V6: claims that do not stand exactly twice, with opposite amounts.
SELECT count(*)
FROM (
    SELECT 1
    FROM ekarte_clearing_line AS line
    WHERE
        line.coalition_id = %(coalition)s
        AND (line.state <> 'closed' OR line.cycle_id = %(cycle)s)
    GROUP BY
        line.settlement_line_id, line.operation_id, line.posting_number, line.origin,
        least(line.issuer_id, line.other_id), greatest(line.issuer_id, line.other_id)
    HAVING
        count(*) <> 2
        OR sum(line.amount) <> 0
        OR count(DISTINCT (line.state, coalesce(line.cycle_id, 0))) <> 1
) AS lonely
