-- What a posted cycle has cleared. What is disputed stays open on the clearing account.
UPDATE ekarte_clearing_line
SET state = 'closed'
WHERE cycle_id = %(cycle)s AND state = 'open'
