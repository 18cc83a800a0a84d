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

-- settlements --
SELECT s.id, s.body, a.settlement_id IS NOT NULL
FROM ekarte.settlement AS s
LEFT JOIN ekarte.settlement_accepted AS a ON s.id = a.settlement_id;

-- are_you_there --
SELECT 1;
