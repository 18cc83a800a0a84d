-- Lines of this coalition that no cycle has yet. Lines older than the coalition's own
-- list of members belong to it as soon as both their issuers do.
UPDATE ekarte_clearing_line AS line
SET cycle_id = %(cycle)s, coalition_id = %(coalition)s
WHERE
    line.state = 'open'
    AND line.cycle_id IS NULL
    AND line.currency_id = %(currency)s
    AND line.day <= %(date_to)s
    AND (
        line.coalition_id = %(coalition)s
        OR (
            line.coalition_id IS NULL
            AND line.issuer_id = ANY(%(members)s::integer[])
            AND line.other_id = ANY(%(members)s::integer[])
        )
    )
