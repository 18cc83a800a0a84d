-- What a ledger takes on the disk; see bench_sizes.py.

-- tables --
SELECT
    c.relname::text,
    pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0),
    pg_indexes_size(c.oid)
FROM pg_class AS c
WHERE c.relnamespace = 'ekarte'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname;

-- log --
SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint;

-- counts --
SELECT
    (SELECT count(*) FROM ekarte.operation), (SELECT count(*) FROM ekarte.entry),
    (SELECT count(*) FROM ekarte.card);
