-- Draws among cards: opened with their terms and the commitment of a secret seed, frozen
-- with their list of tickets, drawn with the seed revealed. The seed is not here before
-- that: it is derived from key `key_id` of the keyring.

CREATE SEQUENCE ekarte.draw_id_seq AS integer;

CREATE TABLE ekarte.draw (
    id integer PRIMARY KEY,
    issuer text NOT NULL,
    name text NOT NULL,
    program text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    prizes text NOT NULL,                 -- JSON: [[name, count], …]
    key_id smallint NOT NULL,
    commitment bytea NOT NULL,            -- sha256 of the seed
    opened_at timestamptz NOT NULL,
    UNIQUE (issuer, name)
);

CREATE TABLE ekarte.draw_list (
    draw_id integer PRIMARY KEY REFERENCES ekarte.draw,
    frozen_at timestamptz NOT NULL,
    sha256 bytea NOT NULL,
    body text NOT NULL                    -- the public list, byte for byte
);

CREATE TABLE ekarte.draw_result (
    draw_id integer PRIMARY KEY REFERENCES ekarte.draw_list,
    drawn_at timestamptz NOT NULL,
    seed bytea NOT NULL,
    body text NOT NULL                    -- the public result, byte for byte
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['draw', 'draw_list', 'draw_result'] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
