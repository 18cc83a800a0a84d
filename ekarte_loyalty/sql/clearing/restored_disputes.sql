-- Upheld disputes whose value came back to the card by an operation of this settlement.
SELECT DISTINCT dispute.id
FROM ekarte_clearing_line AS line
INNER JOIN ekarte.operation AS o ON o.id = line.operation_id
INNER JOIN ekarte_clearing_line AS disputed ON disputed.operation_id = o.original_id
INNER JOIN ekarte_clearing_dispute AS dispute ON dispute.line_id = disputed.id
WHERE
    line.settlement_id = %(settlement)s AND o.command = 'restore'
    AND dispute.state = 'upheld' AND NOT coalesce(dispute.settled, FALSE)
