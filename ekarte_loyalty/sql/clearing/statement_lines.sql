-- The lines in the net of one statement, as their digest is made of them.
SELECT
    line.operation_id, line.day::text, line.event, coalesce(program.code, ''),
    coalesce(branch.code, ''), other.code, coalesce(line.token, ''),
    round(line.amount * 100)::bigint
FROM ekarte_clearing_line AS line
INNER JOIN ekarte_issuer AS other ON other.id = line.other_id
LEFT JOIN ekarte_program AS program ON program.id = line.program_id
LEFT JOIN ekarte_branch AS branch ON branch.id = line.branch_id
WHERE line.statement_id = %(statement)s AND line.state <> 'disputed'
