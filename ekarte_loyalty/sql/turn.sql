-- One at a time: who does the same waits, until the transaction ends.

-- wait --
SELECT pg_advisory_xact_lock(hashtextextended(%(turn)s, 0));

-- settlement --
SELECT id FROM ekarte_settlement WHERE ledger_id = %(number)s;

-- numbered --
SELECT id FROM ekarte_card_batch WHERE state <> 'draft';
