-- What each statement billed that had not been billed before. Statements from before this
-- say nothing: their debt counts as unbilled until the next one.

ALTER TABLE ekarte.statement ADD COLUMN newly_billed bigint NOT NULL DEFAULT 0;
