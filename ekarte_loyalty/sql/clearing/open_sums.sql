-- V4: what each issuer has open with each other, by what no posted cycle has cleared.
SELECT line.issuer_id, line.other_id, round(sum(line.amount) * 100)::bigint
FROM ekarte_clearing_line AS line
WHERE line.state <> 'closed' AND line.issuer_id = ANY(%(issuers)s::integer[])
GROUP BY line.issuer_id, line.other_id
