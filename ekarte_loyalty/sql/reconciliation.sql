-- What V1 to V15 ask (docs/INVARIANTS.md). Sums are whole minor units.

-- balances --
-- Posted balances of accounts, by whom they are with.
SELECT line.account_id, line.company_id, line.partner_id, (sum(line.balance) * 100)::bigint
FROM account_move_line AS line
WHERE line.parent_state = 'posted' AND line.account_id = ANY(%(accounts)s)
GROUP BY line.account_id, line.company_id, line.partner_id;

-- carried --
-- V1: what lots are worth in the books, by issuer and program.
SELECT p.issuer, p.program, sum(l.carry)::bigint
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON p.id = l.purse_id
WHERE l.carry <> 0
GROUP BY p.issuer, p.program;

-- carried_on_the_way --
-- Booked at terminals, but not in the general ledger: no settlement yet, or one that
-- waits or was reversed.
SELECT p.issuer, p.program, sum(e.carry)::bigint
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON p.id = e.purse_id
WHERE
    e.carry <> 0 AND p.unit <> 'credit'
    AND NOT EXISTS (
        SELECT FROM ekarte.settlement_operation AS s
        INNER JOIN ekarte_settlement AS d
            ON d.ledger_id = s.settlement_id AND d.state = 'posted'
        WHERE s.operation_id = e.operation_id
    )
GROUP BY p.issuer, p.program;

-- pooled --
-- Programs whose bonuses a pool's operator owes, by the last document that knows them.
SELECT DISTINCT t.program, t.liable
FROM ekarte.settling_terms AS t
CROSS JOIN LATERAL (
    SELECT d.version FROM ekarte.network_document AS d
    WHERE EXISTS (
        SELECT FROM jsonb_array_elements(d.body::jsonb -> 'programs') AS told
        WHERE told ->> 'code' = t.program
    )
    ORDER BY d.version DESC
    LIMIT 1
) AS last
WHERE t.liable <> '' AND t.version = last.version;

-- deposits --
-- V1: what members have left with operators, after paying back and defaults.
SELECT d.issuer_id, d.operator_id, (sum(d.signed_amount) * 100)::bigint
FROM ekarte_clearing_deposit AS d
WHERE d.state = 'posted'
GROUP BY d.issuer_id, d.operator_id;

-- debts --
-- V2: what cards owe, and the part of it that statements have named.
SELECT
    p.issuer,
    coalesce(-sum(p.posted) FILTER (WHERE p.unit = 'credit'), 0)::bigint,
    coalesce(sum(p.posted) FILTER (WHERE p.unit = 'billed'), 0)::bigint
FROM ekarte.purse AS p
WHERE p.unit IN ('credit', 'billed')
GROUP BY p.issuer;

-- debts_on_the_way --
SELECT
    p.issuer,
    coalesce(-sum(e.posted) FILTER (WHERE p.unit = 'credit'), 0)::bigint,
    coalesce(sum(e.posted) FILTER (WHERE p.unit = 'billed'), 0)::bigint
FROM ekarte.entry AS e
INNER JOIN ekarte.purse AS p ON p.id = e.purse_id
WHERE
    p.unit IN ('credit', 'billed')
    AND NOT EXISTS (
        SELECT FROM ekarte.settlement_operation AS s
        INNER JOIN ekarte_settlement AS d
            ON d.ledger_id = s.settlement_id AND d.state = 'posted'
        WHERE s.operation_id = e.operation_id
    )
GROUP BY p.issuer;

-- open_clearing --
-- V3, V4: what open lines say that one issuer is to receive from another.
SELECT line.issuer_id, line.other_id, (sum(line.amount) * 100)::bigint
FROM ekarte_clearing_line AS line
WHERE line.state <> 'closed'
GROUP BY line.issuer_id, line.other_id;

-- cycles_unbalanced --
-- V5: the nets of a cycle that is posted sum to zero; each is that of its lines.
SELECT issuer.company_id, statement.id, statement.name
FROM ekarte_clearing_statement AS statement
INNER JOIN ekarte_clearing_cycle AS cycle
    ON cycle.id = statement.cycle_id AND cycle.state IN ('posted', 'paid')
INNER JOIN ekarte_issuer AS issuer ON issuer.id = statement.issuer_id
LEFT JOIN (
    SELECT statement_id, sum(amount) AS amount
    FROM ekarte_clearing_line
    WHERE state = 'closed'
    GROUP BY statement_id
) AS lines ON lines.statement_id = statement.id
WHERE
    statement.net <> coalesce(lines.amount, 0)
    OR 0 <> (
        SELECT sum(every.net) FROM ekarte_clearing_statement AS every
        WHERE every.cycle_id = cycle.id
    )
ORDER BY statement.id;

-- statements_not_settled --
-- V5: of a paid statement nothing is left to pay, and with the operator's mirror it sums
-- to zero.
SELECT issuer.company_id, statement.id, statement.name
FROM ekarte_clearing_statement AS statement
INNER JOIN ekarte_issuer AS issuer ON issuer.id = statement.issuer_id
INNER JOIN account_move_line AS item ON item.ekarte_statement_id = statement.id
WHERE statement.state = 'paid' AND item.parent_state = 'posted'
GROUP BY issuer.company_id, statement.id, statement.name
HAVING sum(abs(item.amount_residual)) <> 0
ORDER BY statement.id;

-- lines_without_pair --
-- V6: of each operation between two issuers there are two lines, one with each, equal
-- and opposite.
SELECT owner.company_id, pair.id, 'operation ' || pair.operation_id
FROM (
    SELECT
        line.operation_id, least(line.issuer_id, line.other_id) AS one,
        greatest(line.issuer_id, line.other_id) AS other,
        unnest(array_agg(line.id)) AS id
    FROM ekarte_clearing_line AS line
    GROUP BY
        line.settlement_line_id, line.operation_id, line.posting_number, line.origin,
        least(line.issuer_id, line.other_id), greatest(line.issuer_id, line.other_id)
    HAVING
        count(*) <> 2 OR count(DISTINCT line.issuer_id) <> 2 OR sum(line.amount) <> 0
) AS pair
INNER JOIN ekarte_clearing_line AS line ON line.id = pair.id
INNER JOIN ekarte_issuer AS owner ON owner.id = line.issuer_id
ORDER BY pair.id;

-- lots_below_zero --
-- V7: nothing left and yet a value, or less than nothing.
SELECT p.issuer, l.id, 'lot ' || l.id
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON p.id = l.purse_id
WHERE l.posted < 0 OR l.held < 0 OR l.carry < 0 OR (l.posted = 0 AND l.carry <> 0)
ORDER BY l.id;

-- points --
-- V8: by program, what was given (less what was taken back), used, converted and ended,
-- and what purses hold. Moves between cards sum to zero; anything else is a fault.
SELECT
    coalesce(moved.issuer, held.issuer), coalesce(moved.program, held.program),
    coalesce(moved.given, 0), coalesce(held.points, 0), coalesce(moved.used, 0),
    coalesce(moved.converted, 0), coalesce(moved.ended, 0)
FROM (
    SELECT
        p.issuer, p.program,
        coalesce(sum(e.posted) FILTER (WHERE e.event IN %(given)s), 0)::bigint AS given,
        coalesce(-sum(e.posted) FILTER (WHERE e.event IN %(used)s), 0)::bigint AS used,
        coalesce(-sum(e.posted) FILTER (WHERE e.event = 'convert'), 0)::bigint
        AS converted,
        coalesce(-sum(e.posted) FILTER (WHERE e.event = 'bonus_expire'), 0)::bigint
        AS ended
    FROM ekarte.entry AS e
    INNER JOIN ekarte.purse AS p ON p.id = e.purse_id
    WHERE e.unit = 'points' AND e.posted <> 0
    GROUP BY p.issuer, p.program
) AS moved
FULL JOIN (
    SELECT p.issuer, p.program, sum(p.posted)::bigint AS points
    FROM ekarte.purse AS p
    WHERE p.unit = 'points'
    GROUP BY p.issuer, p.program
) AS held ON held.issuer = moved.issuer AND held.program = moved.program;

-- owners_of_operations --
SELECT o.id, o.issuer FROM ekarte.operation AS o WHERE o.id = ANY(%(ids)s);

-- keys_booked_twice --
-- V10: one operation for each number of a terminal's batch.
SELECT o.issuer, o.id, 'operation ' || o.id
FROM ekarte.operation AS o
INNER JOIN (
    SELECT terminal, batch, number
    FROM ekarte.operation
    GROUP BY terminal, batch, number
    HAVING count(*) > 1
) AS twice USING (terminal, batch, number)
ORDER BY o.id;

-- entries_posted_twice --
-- V10: one entry that stands for each document, company and day, none of a document that
-- is not posted.
SELECT standing.company_id, standing.id, standing.name
FROM (
    SELECT
        m.id, m.name, m.company_id, s.state,
        row_number() OVER (
            PARTITION BY m.ekarte_settlement_id, m.company_id, m.ekarte_day
            ORDER BY m.id
        ) AS nth
    FROM account_move AS m
    INNER JOIN ekarte_settlement AS s ON s.id = m.ekarte_settlement_id
    WHERE
        m.state = 'posted'
        AND m.reversed_entry_id IS NULL
        AND NOT EXISTS (
            SELECT FROM account_move AS r
            WHERE r.reversed_entry_id = m.id AND r.state = 'posted'
        )
) AS standing
WHERE standing.nth > 1 OR standing.state <> 'posted'
ORDER BY standing.id;

-- taxes --
-- V11: tax to pay less tax to deduct, of each posted line and company: as booked, and as
-- the line asks for it. Sales bear tax on their gross; cards that are taxed when sold
-- bear what they do not carry, once, and give it back when goods are taxed for them;
-- what another issuer invoices has tax to deduct. All else bears none.
WITH line AS (
    SELECT
        line.*, seller.company_id AS seller_company, bearer.company_id AS bearer_company,
        seller.id = bearer.id AS at_home,
        round(
            line.amount * 100 * line.tax_rate_bp / (10000 + line.tax_rate_bp)
        ) AS of_amount,
        round(
            line.reimbursed * 100 * line.tax_rate_bp / (10000 + line.tax_rate_bp)
        ) AS of_price,
        100 * (line.amount - line.carry) AS of_card
    FROM ekarte_settlement_line AS line
    INNER JOIN ekarte_settlement AS document
        ON document.id = line.settlement_id AND document.state = 'posted'
    INNER JOIN ekarte_issuer AS seller ON seller.code = line.seller
    INNER JOIN ekarte_issuer AS bearer
        ON bearer.code = coalesce(nullif(line.liable, ''), line.issuer)
    WHERE line.tax_rate_bp <> 0
),

taxed AS (
    SELECT
        id, seller_company AS company_id, 0 AS booked,
        CASE
            WHEN event = 'sale' AND books_sales THEN of_amount
            WHEN event = 'pass_use' AND NOT at_home THEN of_price
            ELSE 0
        END AS expected
    FROM line
    UNION ALL
    SELECT
        id, bearer_company, 0,
        CASE
            WHEN event = 'gift_load' THEN of_card
            WHEN event IN ('gift_pay_out', 'gift_charge_back') THEN -of_card
            WHEN event = 'gift_spend' AND at_home THEN -of_card
            WHEN event = 'gift_restore' AND at_home THEN of_card
            WHEN event LIKE '%%_restore' AND NOT at_home THEN of_price
            WHEN event <> 'sale' AND NOT at_home AND event NOT LIKE '%%_expire'
                THEN -of_price
            ELSE 0
        END
    FROM line
    UNION ALL
    SELECT item.ekarte_line_id, item.company_id, -sum(item.balance) * 100, 0
    FROM account_move_line AS item
    WHERE
        item.tax_line_id IS NOT NULL
        AND item.ekarte_line_id IS NOT NULL
        AND item.parent_state = 'posted'
    GROUP BY item.ekarte_line_id, item.company_id
)

SELECT company_id, id, sum(booked)::bigint, sum(expected)::bigint
FROM taxed
WHERE company_id IS NOT NULL
GROUP BY company_id, id
HAVING sum(booked) <> 0 OR sum(expected) <> 0
ORDER BY id;

-- documents_waiting --
-- V12: taken and not posted, in each company that they concern.
SELECT concerned.res_company_id, s.id, 'settlement ' || s.ledger_id
FROM ekarte_settlement AS s
LEFT JOIN ekarte_settlement_res_company_rel AS concerned
    ON concerned.ekarte_settlement_id = s.id
WHERE s.state = 'waiting'
ORDER BY s.id;

-- documents_refused --
-- V12: built, and refused when it was handed in.
SELECT DISTINCT o.issuer, s.id, 'settlement ' || s.id
FROM ekarte.settlement AS s
INNER JOIN ekarte.settlement_attempt AS a ON a.settlement_id = s.id
INNER JOIN ekarte.settlement_operation AS x ON x.settlement_id = s.id
INNER JOIN ekarte.operation AS o ON o.id = x.operation_id
WHERE
    NOT EXISTS (SELECT FROM ekarte_settlement AS d WHERE d.ledger_id = s.id)
ORDER BY s.id;

-- entries_of_another_day --
-- V12: an entry is dated its business day, or later where the period is locked.
SELECT m.company_id, m.id, m.name
FROM account_move AS m
INNER JOIN res_company AS c ON c.id = m.company_id
INNER JOIN ekarte_settlement AS s ON s.id = m.ekarte_settlement_id
WHERE
    m.state = 'posted'
    AND s.state = 'posted'
    AND m.reversed_entry_id IS NULL
    AND (
        m.date < m.ekarte_day
        OR (
            m.date > m.ekarte_day
            AND coalesce(greatest(
                c.fiscalyear_lock_date, c.tax_lock_date, c.sale_lock_date,
                c.purchase_lock_date, c.hard_lock_date
            ), '-infinity'::date) < m.ekarte_day
        )
    )
ORDER BY m.id;

-- lines_not_booked --
-- V12: a posted document's line that moves value and has no item.
SELECT DISTINCT owner.company_id, line.id, 'line ' || line.number
FROM ekarte_settlement_line AS line
INNER JOIN ekarte_settlement AS document
    ON document.id = line.settlement_id AND document.state = 'posted'
INNER JOIN ekarte_issuer AS owner
    ON
        owner.code = coalesce(nullif(line.liable, ''), line.issuer)
        AND owner.company_id IS NOT NULL
WHERE
    (
        line.carry <> 0
        OR (line.event = 'sale' AND line.books_sales AND line.amount <> 0)
        OR (
            line.event IN ('credit_bill', 'credit_charge', 'credit_write_off')
            AND line.amount <> 0
        )
    )
    AND NOT EXISTS (
        SELECT FROM account_move_line AS item
        WHERE
            item.ekarte_line_id = line.id
            AND item.company_id = owner.company_id
            AND item.parent_state = 'posted'
    )
ORDER BY line.id;

-- documents_changed --
-- V13: a document has the digest it came with, and its lines say what it says.
SELECT concerned.res_company_id, s.id, 'settlement ' || s.ledger_id
FROM ekarte_settlement AS s
LEFT JOIN ekarte_settlement_res_company_rel AS concerned
    ON concerned.ekarte_settlement_id = s.id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS lines,
        coalesce(sum(coalesce((line ->> 'carry')::bigint, 0)), 0) AS carry,
        coalesce(sum(coalesce((line ->> 'tendered')::bigint, 0)), 0) AS tendered,
        coalesce(sum((line ->> 'amount')::bigint), 0) AS amount
    FROM jsonb_array_elements(s.body::jsonb -> 'lines') AS line
) AS sent
CROSS JOIN LATERAL (
    SELECT
        count(*) AS lines,
        coalesce(sum(line.carry) * 100, 0) AS carry,
        coalesce(sum(line.tendered) * 100, 0) AS tendered,
        coalesce(sum(line.amount) * 100 + sum(line.points) + sum(line.visits), 0)
        AS amount
    FROM ekarte_settlement_line AS line
    WHERE line.settlement_id = s.id
) AS kept
WHERE
    encode(sha256(convert_to(s.body, 'UTF8')), 'hex') <> s.digest
    OR (sent.lines, sent.carry, sent.tendered, sent.amount)
    <> (kept.lines, kept.carry, kept.tendered, kept.amount)
ORDER BY s.id;

-- items_by_hand --
-- Drill-down: items on an account that no document of E-karte stands behind.
SELECT item.id
FROM account_move_line AS item
INNER JOIN account_move AS m ON m.id = item.move_id
WHERE
    item.account_id = %(account)s
    AND item.company_id = %(company)s
    AND (%(partner)s = 0 OR item.partner_id = %(partner)s)
    AND item.parent_state = 'posted'
    AND m.ekarte_key IS NULL
ORDER BY item.id;

-- lines_booked_otherwise --
-- Drill-down of V1 and V2: posted lines whose items on the account are not what they
-- built up or released there.
SELECT line.id
FROM ekarte_settlement_line AS line
INNER JOIN ekarte_settlement AS document
    ON document.id = line.settlement_id AND document.state = 'posted'
INNER JOIN ekarte_issuer AS owner
    ON owner.code = coalesce(nullif(line.liable, ''), line.issuer)
LEFT JOIN account_move_line AS item
    ON
        item.ekarte_line_id = line.id
        AND item.account_id = %(account)s
        AND item.company_id = %(company)s
        AND item.parent_state = 'posted'
WHERE owner.company_id = %(company)s AND line.event IN %(events)s
GROUP BY line.id
HAVING
    coalesce(sum(item.balance), 0) <> CASE
        WHEN line.event IN ('credit_bill', 'credit_charge') THEN
            CASE
                WHEN %(key)s = 'ALB' THEN line.amount
                WHEN line.event = 'credit_bill' THEN -line.amount
                ELSE 0
            END
        WHEN line.event = 'credit_write_off' THEN
            CASE %(key)s WHEN 'ALB' THEN -line.billed ELSE line.billed - line.amount END
        ELSE
            CASE WHEN line.event IN %(debit)s THEN 1 ELSE -1 END
            * CASE %(key)s
                WHEN 'ALB' THEN line.billed
                WHEN 'ALC' THEN line.carry - line.billed
                ELSE line.carry
            END
    END
ORDER BY line.id;

-- lots_without_entries --
-- Drill-down of V1: lots whose value is not that of their entries.
SELECT l.id
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON p.id = l.purse_id
LEFT JOIN (
    SELECT lot_id, sum(carry) AS carry FROM ekarte.entry
    WHERE lot_id IS NOT NULL
    GROUP BY lot_id
) AS e ON e.lot_id = l.id
LEFT JOIN (
    SELECT DISTINCT t.program, t.liable
    FROM ekarte.settling_terms AS t
    CROSS JOIN LATERAL (
        SELECT d.version FROM ekarte.network_document AS d
        WHERE EXISTS (
            SELECT FROM jsonb_array_elements(d.body::jsonb -> 'programs') AS told
            WHERE told ->> 'code' = t.program
        )
        ORDER BY d.version DESC
        LIMIT 1
    ) AS last
    WHERE t.liable <> '' AND t.version = last.version
) AS pooled ON pooled.program = p.program
WHERE
    coalesce(pooled.liable, p.issuer) = %(issuer)s
    AND l.carry <> coalesce(e.carry, 0)
ORDER BY l.id;

-- items_of_open_days --
-- Drill-down of TND: items of the days that do not sum to zero.
SELECT item.id
FROM account_move_line AS item
INNER JOIN account_move AS m ON m.id = item.move_id
INNER JOIN (
    SELECT coalesce(m.ekarte_day, m.date) AS day
    FROM account_move_line AS item
    INNER JOIN account_move AS m ON m.id = item.move_id
    WHERE
        item.account_id = %(account)s
        AND item.company_id = %(company)s
        AND item.parent_state = 'posted'
    GROUP BY coalesce(m.ekarte_day, m.date)
    HAVING sum(item.balance) <> 0
) AS open_day ON open_day.day = coalesce(m.ekarte_day, m.date)
WHERE
    item.account_id = %(account)s
    AND item.company_id = %(company)s
    AND item.parent_state = 'posted'
ORDER BY item.id;

-- lines_cleared_unequally --
-- Drill-down of V3: posted lines whose clearing items of two companies do not cancel.
SELECT item.ekarte_line_id
FROM account_move_line AS item
INNER JOIN ekarte_settlement_line AS line ON line.id = item.ekarte_line_id
INNER JOIN ekarte_issuer AS one ON one.code = line.seller
INNER JOIN ekarte_issuer AS other ON other.code = line.issuer
WHERE
    item.parent_state = 'posted'
    AND item.account_id = ANY(%(accounts)s)
    AND one.company_id IS NOT NULL
    AND other.company_id IS NOT NULL
    AND %(company)s IN (one.company_id, other.company_id)
GROUP BY item.ekarte_line_id
HAVING sum(item.balance) <> 0
ORDER BY item.ekarte_line_id;
