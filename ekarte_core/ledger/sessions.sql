-- Statements kept by the ledger's own connection: see statements.py. The words in
-- capitals are replaced.

-- prepare --
PREPARE NAME AS STATEMENT;

-- run_prepared --
EXECUTE NAME (VALUES);

-- run_prepared_without_values --
EXECUTE NAME;

-- forget_plans --
DISCARD PLANS;

-- begin --
BEGIN ISOLATION LEVEL READ COMMITTED;

-- commit --
COMMIT;

-- wait_for_standby --
-- An operation whose wait for a synchronous standby was cancelled, or cut off by a restart,
-- can be seen though it is on one machine alone. Who tells of it waits for what comes
-- after it in the log; reading by itself would wait for nothing.
SELECT pg_logical_emit_message(true, 'ekarte', '');

-- rollback --
ROLLBACK;

-- use_one_plan --
-- The plan does not depend on the values: planning anew for each group takes longer
-- than running it.
SET plan_cache_mode = force_generic_plan;
