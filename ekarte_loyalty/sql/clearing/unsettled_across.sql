-- Operations between an issuer and others that no posted settlement has brought yet.
SELECT count(DISTINCT o.id)
FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
LEFT JOIN ekarte.settlement_operation AS s ON o.id = s.operation_id
LEFT JOIN ekarte_settlement AS document ON s.settlement_id = document.ledger_id
WHERE
    p.issuer <> o.issuer AND %(issuer)s IN (p.issuer, o.issuer)
    AND o.rc IN ('00', '10') AND e.posted <> 0
    AND document.state IS DISTINCT FROM 'posted'
