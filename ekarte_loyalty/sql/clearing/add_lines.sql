-- What each claim of a settlement is made of, operation by operation: two rows for each,
-- one on either side. The claim's amount is shared out by what the operations moved, so
-- the rows sum to it exactly; what no operation explains (the ledger is elsewhere) stands
-- in a row with operation 0.
WITH claim AS (
    SELECT
        line.id AS line_id, document.id AS document_id, document.ledger_id,
        document.posting_number, line.day, line.event, line.program, line.program_id,
        line.branch, line.branch_id, line.seller, line.issuer, line.currency,
        line.currency_id, line.books_sales, line.amount AS nominal,
        creditor.id AS creditor_id, creditor.code AS creditor, debtor.id AS debtor_id,
        debtor.code AS debtor, given.amount,
        (
            SELECT min(coalition.id)
            FROM ekarte_coalition AS coalition
            WHERE
                coalition.active
                AND EXISTS (
                    SELECT FROM ekarte_coalition_ekarte_issuer_rel AS member
                    WHERE
                        member.ekarte_coalition_id = coalition.id
                        AND member.ekarte_issuer_id = creditor.id
                )
                AND EXISTS (
                    SELECT FROM ekarte_coalition_ekarte_issuer_rel AS member
                    WHERE
                        member.ekarte_coalition_id = coalition.id
                        AND member.ekarte_issuer_id = debtor.id
                )
        ) AS coalition_id,
        EXISTS (
            SELECT FROM ekarte_settlement_line AS other
            WHERE
                other.settlement_id = line.settlement_id
                AND other.books_sales <> line.books_sales
                AND (other.day, other.event, other.seller, other.issuer)
                = (line.day, line.event, line.seller, line.issuer)
                AND (other.branch, other.tax_rate_bp, other.currency)
                = (line.branch, line.tax_rate_bp, line.currency)
                AND coalesce(other.program, '') = coalesce(line.program, '')
        ) AS has_twin
    FROM unnest(
        %(numbers)s::integer[], %(creditors)s::text[], %(debtors)s::text[],
        %(amounts)s::bigint[]
    ) AS given (number, creditor, debtor, amount)
    INNER JOIN ekarte_settlement_line AS line
        ON line.settlement_id = %(settlement)s AND line.number = given.number
    INNER JOIN ekarte_settlement AS document ON document.id = line.settlement_id
    INNER JOIN ekarte_issuer AS creditor ON creditor.code = given.creditor
    INNER JOIN ekarte_issuer AS debtor ON debtor.code = given.debtor
),

part AS (
    SELECT
        claim.line_id, claim.creditor, claim.debtor, o.id AS operation_id, o.card_id,
        -- As the ledger sums a settlement: an exchange is worth what stands on the
        -- operation, once; all else what was moved. What was spent left the card.
        sum(CASE
            WHEN e.event <> 'exchange_spend' THEN e.posted
            WHEN e.line = (
                SELECT min(f.line) FROM ekarte.entry AS f
                WHERE
                    f.operation_id = e.operation_id AND f.event = 'exchange_spend'
                    AND f.purse_id IS NOT NULL
            ) THEN sign(e.posted)::bigint * o.amount
            ELSE 0
        END)::bigint * CASE
            WHEN claim.event IN ('gift_load', 'credit_pay') THEN 1 ELSE -1
        END AS moved
    FROM claim
    INNER JOIN ekarte.settlement_operation AS s ON claim.ledger_id = s.settlement_id
    INNER JOIN ekarte.operation AS o
        ON
            s.operation_id = o.id AND claim.day = o.business_day
            AND claim.branch = o.branch AND claim.currency = o.currency
    INNER JOIN ekarte.entry AS e
        ON
            o.id = e.operation_id AND claim.event = e.event
            AND coalesce(claim.program, '') = e.program
    INNER JOIN ekarte.purse AS p ON e.purse_id = p.id AND claim.issuer = p.issuer
    WHERE
        NOT claim.has_twin
        OR claim.books_sales <> EXISTS (
            SELECT FROM ekarte.odoo_terminal AS t
            WHERE t.version = o.network_version AND t.terminal = o.terminal
        )
    GROUP BY claim.line_id, claim.creditor, claim.debtor, claim.event, o.id, o.card_id
),

shared AS (
    SELECT
        part.*,
        sum(part.moved) OVER so_far AS upto,
        sum(part.moved) OVER (
            PARTITION BY part.line_id, part.creditor, part.debtor
        ) AS total
    FROM part
    WINDOW so_far AS (
        PARTITION BY part.line_id, part.creditor, part.debtor ORDER BY part.operation_id
    )
),

known AS (
    SELECT
        claim.line_id, claim.creditor, claim.debtor, shared.operation_id,
        shared.card_id, shared.moved / 100::numeric AS nominal,
        CASE
            WHEN shared.total <> 0 THEN
                round(claim.amount * shared.upto / shared.total)
                - round(claim.amount * (shared.upto - shared.moved) / shared.total)
            WHEN claim.amount = 0 THEN shared.moved
            ELSE 0
        END::bigint AS amount
    FROM claim
    INNER JOIN shared USING (line_id, creditor, debtor)
),

explained AS (
    SELECT line_id, creditor, debtor, sum(amount)::bigint AS amount
    FROM known
    GROUP BY line_id, creditor, debtor
),

piece AS (
    SELECT line_id, creditor, debtor, operation_id, card_id, nominal, amount
    FROM known
    UNION ALL
    SELECT
        claim.line_id, claim.creditor, claim.debtor, 0, NULL, claim.nominal,
        claim.amount - coalesce(explained.amount, 0)
    FROM claim
    LEFT JOIN explained USING (line_id, creditor, debtor)
    WHERE claim.amount <> coalesce(explained.amount, 0)
)

INSERT INTO ekarte_clearing_line (
    settlement_id, settlement_line_id, posting_number, origin, operation_id, day, event,
    program_id, branch_id, coalition_id, issuer_id, other_id, side, nominal, amount,
    currency_id, token, state, create_uid, create_date, write_uid, write_date
)
SELECT
    claim.document_id, claim.line_id, claim.posting_number, 'booked',
    piece.operation_id, claim.day, claim.event, claim.program_id, claim.branch_id,
    claim.coalition_id, face.issuer_id, face.other_id, face.side,
    face.sign * piece.nominal, face.sign * piece.amount / 100::numeric,
    claim.currency_id,
    CASE
        WHEN piece.card_id IS NOT NULL
            THEN left(encode(sha256(
                decode(current_setting('ekarte.token_outer'), 'hex')
                || sha256(
                    decode(current_setting('ekarte.token_inner'), 'hex')
                    || convert_to(face.code || '/' || piece.card_id, 'UTF8')
                )
            ), 'hex'), 12)
    END,
    'open', %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
FROM piece
INNER JOIN claim USING (line_id, creditor, debtor)
CROSS JOIN LATERAL (
    VALUES
    (claim.creditor_id, claim.debtor_id, claim.creditor, 'receive', 1),
    (claim.debtor_id, claim.creditor_id, claim.debtor, 'pay', -1)
) AS face (issuer_id, other_id, code, side, sign)
ORDER BY claim.line_id, piece.operation_id, face.side DESC
