-- Settling a million entries at once writes a row for each operation: two foreign keys
-- looked up, and locked, what invariant I9 proves anyway.
ALTER TABLE ekarte.settlement_operation
DROP CONSTRAINT settlement_operation_operation_id_fkey;
ALTER TABLE ekarte.settlement_operation
DROP CONSTRAINT settlement_operation_settlement_id_fkey;
