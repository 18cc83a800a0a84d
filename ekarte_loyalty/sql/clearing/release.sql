-- A draft lets go of its lines; another cycle may collect them.
UPDATE ekarte_clearing_line
SET cycle_id = NULL, statement_id = NULL
WHERE cycle_id = %(cycle)s AND state <> 'closed'
