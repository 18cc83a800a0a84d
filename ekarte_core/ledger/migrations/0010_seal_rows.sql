-- The hash chain keeps the digest of each operation beside the seal's, so that a changed
-- row is named, not only the seal it lies under. Null: sealed before this migration; such
-- a seal verifies as before.

ALTER TABLE ekarte.seal_operation ADD COLUMN digest bytea;
