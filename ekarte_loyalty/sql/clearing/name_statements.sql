-- Each line of a cycle stands in the statement of its own issuer.
UPDATE ekarte_clearing_line AS line
SET statement_id = statement.id
FROM ekarte_clearing_statement AS statement
WHERE
    statement.cycle_id = line.cycle_id AND statement.issuer_id = line.issuer_id
    AND line.cycle_id = %(cycle)s
