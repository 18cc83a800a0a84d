-- What accounting needs to know of an operation: the terms that were in force when it was
-- decided, and its entries summed in the sense of a settlement document.

-- Terms that differ from the usual, written when a network document is published; see
-- ekarte_core/network/terms.py.
CREATE TABLE ekarte.settling_terms (
    version integer NOT NULL,
    program text NOT NULL,
    seller text NOT NULL,
    tax_rate_bp integer NOT NULL,
    price_bp integer NOT NULL,
    visit_price bigint NOT NULL,
    breakage_share_bp integer NOT NULL,
    liable text NOT NULL,
    as_payment boolean NOT NULL,
    PRIMARY KEY (version, program, seller)
);
CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.settling_terms
FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.settling_terms
FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change();

-- One row for each operation, event, program and issuer, with the sign that a settlement
-- gives it: what is used, ends or is taken off counts positive. Ask it for operations.
CREATE VIEW ekarte.settled AS
WITH moved AS (
    SELECT
        o.id AS operation_id, o.business_day AS day, e.event, o.issuer AS seller,
        p.issuer, o.branch, e.program, o.currency, o.terminal, o.network_version,
        -- Goods come back, and mistakes are undone, on the terms of what they undo; a
        -- chain is at most a reversal of a refund of a confirmation of a hold.
        coalesce(
            third.network_version, second.network_version, first.network_version,
            o.network_version
        ) AS terms_version,
        CASE
            WHEN
                e.event LIKE '%\_spend' OR e.event LIKE '%\_expire'
                OR e.event IN (
                    'pass_use', 'credit_charge', 'gift_pay_out', 'gift_charge_back'
                )
                THEN -1
            ELSE 1
        END AS sign,
        -- A clawback takes money where points are gone: its event counts points. What an
        -- exchange is worth to the seller stands on the operation, on its first entry.
        -- Counters for the books stand in columns of their own; only a bill is one.
        sum(CASE
            WHEN
                e.event IN ('bonus_earn', 'bonus_grant', 'bonus_expire')
                AND e.unit <> 'points'
                THEN 0
            WHEN e.unit = 'item' OR e.unit = 'lost' THEN 0
            WHEN e.unit = 'billed' AND e.event <> 'credit_bill' THEN 0
            WHEN e.event = 'exchange_spend' AND e.line = (
                SELECT min(f.line) FROM ekarte.entry AS f
                WHERE
                    f.operation_id = e.operation_id AND f.event = 'exchange_spend'
                    AND f.purse_id IS NOT NULL
            ) THEN sign(e.posted)::bigint * o.amount
            WHEN e.event = 'exchange_spend' THEN 0
            ELSE e.posted
        END) AS amount,
        sum(e.carry) AS carry,
        coalesce(sum(e.posted) FILTER (WHERE e.unit = 'lost'), 0) AS tendered,
        coalesce(-sum(e.posted) FILTER (
            WHERE e.unit = 'billed' AND e.event <> 'credit_bill'
        ), 0) AS billed
    FROM ekarte.operation AS o
    INNER JOIN ekarte.entry AS e ON o.id = e.operation_id
    INNER JOIN ekarte.purse AS p ON e.purse_id = p.id
    LEFT JOIN ekarte.operation AS first ON o.original_id = first.id
    LEFT JOIN ekarte.operation AS second ON first.original_id = second.id
    LEFT JOIN ekarte.operation AS third ON second.original_id = third.id
    WHERE e.event IN (
        'gift_load', 'gift_spend', 'gift_expire', 'bonus_earn', 'bonus_grant',
        'bonus_spend', 'bonus_expire', 'voucher_spend', 'voucher_expire',
        'exchange_spend', 'pass_load', 'pass_use', 'pass_expire', 'credit_spend',
        'credit_pay', 'credit_bill', 'credit_charge', 'credit_write_off', 'gift_pay_out',
        'gift_charge_back', 'gift_restore', 'bonus_restore', 'voucher_restore',
        'credit_restore'
    )
    GROUP BY
        o.id, e.event, p.issuer, e.program, first.network_version,
        second.network_version, third.network_version
)

SELECT
    m.operation_id, m.day, m.event, m.seller, m.issuer, m.branch, m.program, m.currency,
    m.terminal, m.network_version,
    (m.sign * m.amount)::bigint AS amount,
    (m.sign * m.carry)::bigint AS carry,
    m.tendered::bigint AS tendered,
    (m.sign * m.billed)::bigint AS billed,
    CASE WHEN r.used OR m.event LIKE 'gift%' THEN coalesce(t.tax_rate_bp, 0) ELSE 0 END
        AS tax_rate_bp,
    CASE WHEN r.priced THEN coalesce(t.price_bp, 10000) ELSE 10000 END AS price_bp,
    -- Through clearing, rounded half up once for each operation; null: all of `amount`.
    CASE
        WHEN m.event = 'pass_use' AND t.visit_price > 0
            THEN m.sign * m.amount * t.visit_price
        WHEN t.liable <> '' AND m.event IN ('bonus_earn', 'bonus_grant') THEN m.carry
        WHEN t.liable <> '' AND m.event IN ('bonus_expire', 'voucher_expire')
            THEN round(m.sign * m.carry * t.breakage_share_bp / 10000)
        WHEN r.priced AND t.price_bp <> 10000
            THEN round(m.sign * m.amount * t.price_bp / 10000)
    END::bigint AS reimbursed,
    coalesce(t.liable, '') AS liable,
    r.priced AND coalesce(t.as_payment, FALSE) AS as_payment
FROM moved AS m
LEFT JOIN ekarte.settling_terms AS t
    ON m.terms_version = t.version AND m.program = t.program AND m.seller = t.seller
CROSS JOIN LATERAL (
    SELECT
        m.event IN ('bonus_spend', 'voucher_spend', 'bonus_restore', 'voucher_restore')
            AS priced,
        m.event IN (
            'bonus_spend', 'voucher_spend', 'bonus_restore', 'voucher_restore',
            'exchange_spend', 'pass_use'
        ) AS used
) AS r;
