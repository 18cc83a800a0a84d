-- Of these lines, those that take back, and those whose claim was taken back: by a ruling,
-- on the card or in the books, or with its settlement.
SELECT line.id
FROM ekarte_clearing_line AS line
WHERE
    line.id = ANY(%(lines)s)
    AND (
        line.origin <> 'booked'
        OR EXISTS (
            SELECT FROM ekarte_clearing_line AS contra
            WHERE
                (contra.settlement_line_id, contra.operation_id, contra.posting_number)
                = (line.settlement_line_id, line.operation_id, line.posting_number)
                AND contra.issuer_id = line.issuer_id
                AND contra.other_id = line.other_id
                AND contra.origin <> 'booked'
        )
        OR EXISTS (
            SELECT FROM ekarte_clearing_line AS side
            INNER JOIN ekarte_clearing_dispute AS dispute
                ON dispute.line_id = side.id AND dispute.state = 'upheld'
            WHERE
                (side.settlement_line_id, side.operation_id, side.posting_number)
                = (line.settlement_line_id, line.operation_id, line.posting_number)
                AND side.issuer_id IN (line.issuer_id, line.other_id)
                AND side.other_id IN (line.issuer_id, line.other_id)
        )
    )
