-- A ledger on a PostgreSQL cluster of its own, and a copy of it where Odoo can read: each
-- table has one home, and logical replication carries it to the other side. ADR 0035.

-- tables --
SELECT c.relname::text
FROM pg_class AS c
WHERE c.relnamespace = 'ekarte'::regnamespace AND c.relkind = 'r'
ORDER BY c.relname;

-- has_publication --
SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = %(name)s::text);

-- create_publication --
CREATE PUBLICATION PUBLICATION_NAME FOR TABLE TABLE_NAMES;

-- change_publication --
ALTER PUBLICATION PUBLICATION_NAME SET TABLE TABLE_NAMES;

-- tell_whole_rows --
-- Rows without a key of their own are deleted by what they hold.
ALTER TABLE ekarte.exposure_use REPLICA IDENTITY FULL;

-- create_refusal --
-- Replication does not fire it; whoever else writes here would make a second ledger.
CREATE OR REPLACE FUNCTION ekarte.refuse_in_copy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ekarte.% is a copy: the ledger is in another database', TG_TABLE_NAME
        USING ERRCODE = 'read_only_sql_transaction',
              HINT = 'Send the operation to a gateway.';
END $$;

-- refuse_in_copy --
CREATE OR REPLACE TRIGGER refuse_in_copy
BEFORE INSERT OR UPDATE OR DELETE ON TABLE_NAME
FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_in_copy();

-- is_copy --
SELECT EXISTS (
    SELECT FROM pg_trigger
    WHERE tgrelid = to_regclass('ekarte.operation') AND tgname = 'refuse_in_copy'
);
