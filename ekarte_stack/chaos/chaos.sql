-- What the judge of the fault trials reads; see judge.py. One snapshot for all of it.

-- operations --
-- In the order of their commits, and in a commit in the order of their decisions. The
-- server notes the time of a commit while its locks are held (track_commit_timestamp).
SELECT
    o.id, o.terminal, o.batch, o.number, o.command, o.rc, o.at, o.original_id, o.answer,
    c.token
FROM ekarte.operation AS o
LEFT JOIN ekarte.card AS c ON o.card_id = c.id
ORDER BY pg_xact_commit_timestamp(o.xmin), o.id;

-- cards --
SELECT c.token, c.state, coalesce(p.posted, 0), coalesce(p.held, 0)
FROM ekarte.card AS c
LEFT JOIN ekarte.purse AS p ON c.id = p.card_id;

-- lock_cards --
SELECT id FROM ekarte.card ORDER BY id LIMIT %(limit)s FOR UPDATE;

-- end_sessions --
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %(role)s;

-- no_connections --
ALTER ROLE ekarte_gateway CONNECTION LIMIT 0;

-- any_connections --
ALTER ROLE ekarte_gateway CONNECTION LIMIT -1;

-- cancel_waits --
SELECT pg_cancel_backend(pid) FROM pg_stat_activity
WHERE wait_event = 'SyncRep' AND backend_type = 'client backend';

-- next_segment --
SELECT pg_logical_emit_message(TRUE, 'chaos', 'something to switch after'), pg_switch_wal();

-- forget_the_log --
-- The log of trials before this one would fill its small disk by itself.
CHECKPOINT;

-- settlements --
SELECT s.id, s.body, a.settlement_id IS NOT NULL
FROM ekarte.settlement AS s
LEFT JOIN ekarte.settlement_accepted AS a ON s.id = a.settlement_id;

-- are_you_there --
SELECT 1;

-- papers --
SELECT s.id, s.body, a.reply
FROM ekarte.settlement AS s
LEFT JOIN ekarte.settlement_accepted AS a ON s.id = a.settlement_id;

-- not_settled --
-- Operations that move value and are in no document, and documents that nobody has taken.
SELECT
    (
        SELECT count(*) FROM ekarte.operation AS o
        WHERE
            o.rc IN ('00', '10')
            AND NOT EXISTS (
                SELECT FROM ekarte.settlement_operation AS s WHERE s.operation_id = o.id
            )
            AND (
                EXISTS (
                    SELECT FROM ekarte.entry AS e
                    WHERE e.operation_id = o.id AND (e.posted <> 0 OR e.carry <> 0)
                )
                OR EXISTS (SELECT FROM ekarte.sale_line AS l WHERE l.operation_id = o.id)
            )
    ) + (
        SELECT count(*) FROM ekarte.settlement AS s
        WHERE NOT EXISTS (
            SELECT FROM ekarte.settlement_accepted AS a WHERE a.settlement_id = s.id
        )
    );

-- odoo_documents --
SELECT d.ledger_id, d.state, d.body FROM ekarte_settlement AS d ORDER BY d.id;

-- odoo_entries --
-- An entry that was taken back, or takes back, is none that a fault trial expects.
SELECT d.ledger_id, m.name, m.ekarte_day::text, m.state
FROM account_move AS m
INNER JOIN ekarte_settlement AS d ON m.ekarte_settlement_id = d.id
ORDER BY m.id;

-- odoo_money --
-- What the books of the grocer say, in cents, debit positive.
SELECT
    account.key,
    coalesce((sum(l.balance) FILTER (WHERE l.account_id = account.id) * 100)::bigint, 0)
FROM ekarte_issuer AS i
INNER JOIN res_company AS c ON i.company_id = c.id
CROSS JOIN LATERAL (
    VALUES
    ('LGC', c.ekarte_lgc_account_id),
    ('TND', c.ekarte_tnd_account_id),
    ('BNK', c.ekarte_bnk_account_id)
) AS account (key, id)
LEFT JOIN account_move_line AS l ON c.id = l.company_id AND l.parent_state = 'posted'
WHERE i.code = 'GROCER'
GROUP BY account.key
UNION ALL
SELECT 'REV and VATO', coalesce((sum(l.balance) * 100)::bigint, 0)
FROM ekarte_issuer AS i
INNER JOIN res_company AS c ON i.company_id = c.id
INNER JOIN account_move_line AS l ON c.id = l.company_id AND l.parent_state = 'posted'
WHERE
    i.code = 'GROCER'
    AND l.account_id NOT IN (
        c.ekarte_lgc_account_id, c.ekarte_tnd_account_id, c.ekarte_bnk_account_id
    );

-- card_money --
-- The same by the cards, from lots, sales and loads, not from documents: what is left on
-- the cards is owed, what was sold and loaded was paid by card or is in the till.
WITH sold AS (
    SELECT
        coalesce(sum(l.gross - l.discount - l.bonus), 0)::bigint AS gross,
        coalesce(sum(l.tendered), 0)::bigint AS by_card
    FROM ekarte.operation AS o
    INNER JOIN ekarte.sale_line AS l ON o.id = l.operation_id
    WHERE o.rc IN ('00', '10')
),

moved AS (
    SELECT
        coalesce(sum(n.amount) FILTER (WHERE n.event = 'gift_load'), 0)::bigint AS loaded,
        coalesce(sum(n.amount) FILTER (WHERE n.event = 'gift_spend'), 0)::bigint AS spent
    FROM ekarte.settled AS n
)

SELECT 'LGC', coalesce(-sum(l.carry), 0)::bigint FROM ekarte.lot AS l
UNION ALL
SELECT 'TND', sold.by_card - moved.spent FROM sold CROSS JOIN moved
UNION ALL
SELECT 'BNK', sold.gross - sold.by_card + moved.loaded FROM sold CROSS JOIN moved
UNION ALL
SELECT 'REV and VATO', -sold.gross FROM sold;

-- odoo_is_booking --
-- Odoo holds a settlement that it has not committed yet.
SELECT EXISTS (
    SELECT FROM pg_locks AS k
    INNER JOIN pg_stat_activity AS a ON k.pid = a.pid
    WHERE
        k.relation = 'ekarte_settlement'::regclass
        AND k.mode = 'RowExclusiveLock'
        AND a.usename = 'odoo'
        AND a.datname = current_database()
);
