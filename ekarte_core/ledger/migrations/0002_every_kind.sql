-- What every kind of program needs: accounts shared by cards, what is known of a
-- holder, counters with a clock, vouchers, statements, notices.

-- The card whose purses this one uses: itself at first, another after a replacement
-- or in a pool.
ALTER TABLE ekarte.card ADD COLUMN account_id integer;
UPDATE ekarte.card SET account_id = id;
ALTER TABLE ekarte.card ALTER COLUMN account_id SET NOT NULL;
CREATE INDEX card_account_idx ON ekarte.card (account_id) WHERE account_id <> id;
-- ISSUER:fact, such as GROCER:questionnaire and GROCER:mail (a consent).
ALTER TABLE ekarte.card ADD COLUMN facts text [] NOT NULL DEFAULT '{}';

ALTER TABLE ekarte.purse ADD COLUMN last_at timestamptz; -- when it last counted
ALTER TABLE ekarte.purse ADD COLUMN day_count integer NOT NULL DEFAULT 0; -- on that day

-- The second card of an operation: the referrer, the new card, the main card of a pool.
ALTER TABLE ekarte.operation ADD COLUMN other_card_id integer;

-- What a voucher's purse (program, unit voucher or item, code) stands for.
CREATE TABLE ekarte.voucher (
    code text PRIMARY KEY,
    card_id integer NOT NULL,             -- the account it was issued to
    program text NOT NULL,
    issuer text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('money', 'goods')),
    value bigint NOT NULL,
    product text NOT NULL,
    valid_until timestamptz,
    operation_id bigint NOT NULL,
    issued_at timestamptz NOT NULL
);
CREATE INDEX voucher_card_idx ON ekarte.voucher (card_id);

-- Monthly statements of credit purses. `purse_version`: what was paid after it came later.
CREATE TABLE ekarte.statement (
    operation_id bigint PRIMARY KEY,
    purse_id integer NOT NULL,
    purse_version integer NOT NULL,
    made_on date NOT NULL,
    due_on date NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    UNIQUE (purse_id, made_on)
);

-- Lots whose holders have been told that they end.
CREATE TABLE ekarte.lot_notice (
    lot_id integer PRIMARY KEY,
    noticed_at timestamptz NOT NULL
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['voucher', 'statement', 'lot_notice'] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
