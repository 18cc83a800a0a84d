-- What terminals did on their own while nobody answered, told later by `advice`, and what
-- people have to look at about it. Both grow only.

CREATE TABLE ekarte.offline_operation (
    operation_id bigint PRIMARY KEY REFERENCES ekarte.operation,
    terminal text NOT NULL,
    batch integer NOT NULL,
    number bigint NOT NULL,
    card_id integer REFERENCES ekarte.card,
    day date NOT NULL,                    -- business day on which it was done
    amount bigint NOT NULL CHECK (amount >= 0),
    counter bigint NOT NULL CHECK (counter >= 0),
    params_version integer NOT NULL
);

-- How many there were since the terminal was last in touch.
CREATE INDEX offline_operation_key ON ekarte.offline_operation (terminal, batch, number);
-- What one card had on one day, and the last counter of its chip.
CREATE INDEX offline_operation_card ON ekarte.offline_operation (card_id, day);

CREATE TABLE ekarte.offline_exception (
    operation_id bigint NOT NULL REFERENCES ekarte.offline_operation,
    line smallint NOT NULL,
    kind text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    rc text NOT NULL DEFAULT '',          -- what would have been answered
    PRIMARY KEY (operation_id, line)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['offline_operation', 'offline_exception'] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
