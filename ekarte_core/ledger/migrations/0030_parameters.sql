-- What terminals download: which cards are stopped, and what each branch was told when.

-- Numbers are not kept, so what the stop list shows of a card is made while the number is
-- there. Sealed, see keyring.py; null: the card has not been seen since.
ALTER TABLE ekarte.card ADD COLUMN stop_token bytea;
ALTER TABLE ekarte.card ADD COLUMN stop_key smallint NOT NULL DEFAULT 0;
CREATE INDEX card_stopped_idx ON ekarte.card (id) INCLUDE (state)
WHERE state NOT IN ('new', 'active');

-- Cards on the stop list and off it again, numbered without a gap in the order of commits:
-- the list of any number can be told again.
CREATE TABLE ekarte.stop_change (
    number integer PRIMARY KEY,
    card_id integer NOT NULL,
    state text NOT NULL,                  -- 'active': off the list
    mark bytea NOT NULL,                  -- see marks.py
    mark_key smallint NOT NULL,           -- what it was made with
    issuers text [] NOT NULL,             -- whose terminals are told
    at timestamptz NOT NULL
);
CREATE INDEX stop_change_card_idx ON ekarte.stop_change (card_id, number DESC) INCLUDE (state);

-- Public keys that parameters are signed with; terminals trust the last two.
CREATE TABLE ekarte.parameters_key (
    number integer PRIMARY KEY,
    key_id text NOT NULL UNIQUE,
    public_key bytea NOT NULL,
    at timestamptz NOT NULL
);

-- What each version of a branch's parameters was made from; the digest proves that it has
-- been made again as it was.
CREATE TABLE ekarte.parameters (
    number integer PRIMARY KEY,
    branch text NOT NULL,
    version integer NOT NULL,
    network_version integer NOT NULL,
    stop_number integer NOT NULL,
    key_number integer NOT NULL,
    sha256 bytea NOT NULL,
    at timestamptz NOT NULL,
    UNIQUE (branch, version)
);

-- Which version a terminal said it has.
CREATE TABLE ekarte.parameters_loaded (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    terminal text NOT NULL,
    version integer NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX parameters_loaded_idx ON ekarte.parameters_loaded (terminal, number DESC)
INCLUDE (version, at);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'stop_change', 'parameters_key', 'parameters', 'parameters_loaded'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
