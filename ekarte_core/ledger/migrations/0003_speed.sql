-- What the hot path pays for each operation, made cheaper; nothing is said differently.

-- Days come in order, so a summary of each block of pages finds them: it costs nothing
-- to keep, where the tree of (business_day, branch) was written to by every operation.
DROP INDEX ekarte.operation_day_idx;
CREATE INDEX operation_day_idx ON ekarte.operation USING brin (business_day)
WITH (pages_per_range = 32, autosummarize = on);

-- Long answers are compressed; where the server knows LZ4, in a tenth of the time.
DO $$
BEGIN
    ALTER TABLE ekarte.operation ALTER COLUMN answer SET COMPRESSION lz4;
    ALTER TABLE ekarte.operation ALTER COLUMN decision SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'this server has no LZ4: answers are compressed by pglz';
END $$;

-- The hot tables carry no foreign keys: one writer makes the rows, and invariant I0
-- proves that none dangles. So do these from now on.
ALTER TABLE ekarte.membership DROP CONSTRAINT membership_card_id_fkey;
ALTER TABLE ekarte.purse DROP CONSTRAINT purse_card_id_fkey;
ALTER TABLE ekarte.hold DROP CONSTRAINT hold_operation_id_fkey;
ALTER TABLE ekarte.hold DROP CONSTRAINT hold_card_id_fkey;
ALTER TABLE ekarte.hold_end DROP CONSTRAINT hold_end_hold_id_fkey;
ALTER TABLE ekarte.hold_end DROP CONSTRAINT hold_end_operation_id_fkey;
