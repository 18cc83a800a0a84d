-- A settlement is undone: its lines stay, and new ones take them back. The next cycle
-- clears both, or, where a cycle has cleared the first ones already, the new ones.
INSERT INTO ekarte_clearing_line (
    settlement_id, settlement_line_id, posting_number, origin, operation_id, day, event,
    program_id, branch_id, coalition_id, issuer_id, other_id, side, nominal, amount,
    currency_id, token, state, create_uid, create_date, write_uid, write_date
)
SELECT
    settlement_id, settlement_line_id, posting_number, 'reversed', operation_id, day,
    event, program_id, branch_id, coalition_id, issuer_id, other_id, side, -nominal,
    -amount, currency_id, token, 'open', %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s,
    now() AT TIME ZONE 'UTC'
FROM ekarte_clearing_line
WHERE
    settlement_id = %(settlement)s AND posting_number = %(posting_number)s
    AND origin = 'booked'
ORDER BY id
