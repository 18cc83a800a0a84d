-- replay_cards --
-- Cards with something booked in a span of time.
SELECT DISTINCT card_id FROM ekarte.operation
WHERE at >= %(since)s AND at < %(until)s AND rc IN ('00', '10') AND card_id IS NOT NULL;

-- replay_links --
-- Cards that acted together: whoever replays one needs the other.
SELECT card_id, other_card_id FROM ekarte.operation
WHERE other_card_id IS NOT NULL AND card_id IS NOT NULL AND rc IN ('00', '10')
UNION
SELECT id, account_id FROM ekarte.card WHERE account_id <> id;

-- replay_operations --
-- What was booked on some cards, in order, from the beginning.
SELECT
    o.id, o.at, o.terminal, o.batch, o.number, o.command, o.rc, o.card_id, o.other_card_id,
    o.branch, o.issuer, o.currency, o.amount, o.discount, o.amount_due, o.original_id,
    o.network_version, o.reference, o.decision, o.answer,
    ARRAY(
        SELECT v.code FROM ekarte.voucher AS v WHERE v.operation_id = o.id ORDER BY v.code
    ),
    s.due_on, s.amount, s.newly_billed, e.program, e.purses, e.versions
FROM ekarte.operation AS o
LEFT JOIN ekarte.statement AS s ON o.id = s.operation_id
CROSS JOIN LATERAL (
    SELECT
        min(e.program) AS program, array_agg(e.purse_id ORDER BY e.line) AS purses,
        array_agg(e.version ORDER BY e.line) AS versions
    FROM ekarte.entry AS e
    WHERE e.operation_id = o.id AND e.purse_id IS NOT NULL
) AS e
WHERE o.card_id = ANY(%(cards)s) AND o.at < %(until)s AND o.rc IN ('00', '10')
ORDER BY o.at, o.id;

-- replay_card_rows --
SELECT id, kind, first6, last4, registered_at FROM ekarte.card WHERE id = ANY(%(cards)s);

-- replay_memberships --
SELECT card_id, card_type, since FROM ekarte.membership WHERE card_id = ANY(%(cards)s);

-- replay_liability --
-- What the books owe on some cards, by program.
SELECT p.program, sum(p.carry)::bigint
FROM ekarte.purse AS p
WHERE p.card_id = ANY(%(cards)s)
GROUP BY p.program
HAVING sum(p.carry) <> 0;
