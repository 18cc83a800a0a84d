-- Posted settlements that cross issuers and have no clearing lines.
SELECT document.id
FROM ekarte_settlement AS document
WHERE
    document.state = 'posted'
    AND EXISTS (
        SELECT FROM ekarte_settlement_line AS line
        WHERE line.settlement_id = document.id AND line.seller <> line.issuer
    )
    AND NOT EXISTS (
        SELECT FROM ekarte_clearing_line AS line
        WHERE line.settlement_id = document.id
    )
ORDER BY document.id
