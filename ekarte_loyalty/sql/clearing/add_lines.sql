-- What each claim of a settlement is made of, operation by operation: two rows for each,
-- one on either side. The claim's amount is shared out by what the operations moved, so
-- the rows sum to it exactly; what no operation explains (the ledger is elsewhere) stands
-- in a row with operation 0.
-- Claims have places, by which their pieces find them: a settlement has some hundred
-- claims and may have a hundred thousand pieces.
WITH claim AS MATERIALIZED (
    SELECT
        row_number() OVER () AS place, line.id AS line_id, document.id AS document_id,
        document.ledger_id, document.posting_number, line.day, line.event,
        coalesce(line.program, '') AS program, line.program_id, line.branch,
        line.branch_id, line.seller, line.issuer, line.currency, line.currency_id,
        line.books_sales, line.amount AS nominal, line.tax_rate_bp, line.price_bp,
        coalesce(line.liable, '') AS liable,
        coalesce(line.as_payment, FALSE) AS as_payment,
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
                AND other.price_bp = line.price_bp
                AND coalesce(other.liable, '') = coalesce(line.liable, '')
                AND coalesce(other.as_payment, FALSE) = coalesce(line.as_payment, FALSE)
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
        claim.place, claim.amount AS claimed, n.operation_id, o.card_id,
        -- What passes through clearing for it, and what it was worth on the card.
        coalesce(n.reimbursed, n.amount) AS moved,
        CASE
            WHEN n.event LIKE 'pass%%' OR n.event LIKE 'bonus\_e%%'
                OR n.event = 'bonus_grant' THEN 0
            ELSE n.amount
        END AS nominal
    FROM claim
    INNER JOIN ekarte.settled AS n
        ON
            claim.day = n.day AND claim.event = n.event AND claim.seller = n.seller
            AND claim.issuer = n.issuer AND claim.branch = n.branch
            AND claim.program = n.program AND claim.currency = n.currency
            AND claim.tax_rate_bp = n.tax_rate_bp AND claim.price_bp = n.price_bp
            AND claim.liable = n.liable AND claim.as_payment = n.as_payment
    INNER JOIN ekarte.operation AS o ON n.operation_id = o.id
    WHERE
        -- As an array, so that the view looks at these operations only.
        n.operation_id = ANY(ARRAY(
            SELECT s.operation_id
            FROM ekarte.settlement_operation AS s
            INNER JOIN ekarte_settlement AS document
                ON s.settlement_id = document.ledger_id
            WHERE document.id = %(settlement)s
        ))
        AND (
            NOT claim.has_twin
            OR claim.books_sales <> EXISTS (
                SELECT FROM ekarte.odoo_terminal AS t
                WHERE t.version = n.network_version AND t.terminal = n.terminal
            )
        )
),

shared AS (
    SELECT
        part.*,
        sum(part.moved) OVER so_far AS upto,
        sum(part.moved) OVER (PARTITION BY part.place) AS total
    FROM part
    WINDOW so_far AS (PARTITION BY part.place ORDER BY part.operation_id)
),

known AS MATERIALIZED (
    SELECT
        place, operation_id, card_id, nominal / 100::numeric AS nominal,
        CASE
            WHEN total <> 0 THEN
                round(claimed * upto / total) - round(claimed * (upto - moved) / total)
            WHEN claimed = 0 THEN moved
            ELSE 0
        END::bigint AS amount
    FROM shared
),

explained AS (
    SELECT place, sum(amount)::bigint AS amount
    FROM known
    GROUP BY place
),

piece AS MATERIALIZED (
    SELECT place, operation_id, card_id, nominal, amount
    FROM known
    UNION ALL
    SELECT
        claim.place, 0, NULL, claim.nominal,
        claim.amount - coalesce(explained.amount, 0)
    FROM claim
    LEFT JOIN explained USING (place)
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
INNER JOIN claim USING (place)
CROSS JOIN LATERAL (
    VALUES
    (claim.creditor_id, claim.debtor_id, claim.creditor, 'receive', 1),
    (claim.debtor_id, claim.creditor_id, claim.debtor, 'pay', -1)
) AS face (issuer_id, other_id, code, side, sign)
ORDER BY claim.line_id, piece.operation_id, face.side DESC
