-- Purchases whose rest is paid by bank card: what the gateway asked of the ledger and of the
-- bank, step by step. Each step is written before it is taken, so that whoever finds an
-- operation half done knows how to end it: booked here and approved there, or neither.

CREATE TABLE ekarte.bank_operation (
    id bigint PRIMARY KEY,
    terminal text NOT NULL,               -- the key is the terminal's own
    batch integer NOT NULL,
    number bigint NOT NULL,
    command text NOT NULL CHECK (command IN ('sale', 'authorize')),
    acquirer text NOT NULL,
    bank_terminal text NOT NULL,          -- as the acquirer knows them
    bank_acceptor text NOT NULL,
    currency text NOT NULL,
    last4 text NOT NULL,
    language text NOT NULL,
    opened_at timestamptz NOT NULL,
    body_digest bytea NOT NULL,
    confirmation text NOT NULL,           -- JSON: the request that will book it; no number, no code
    CONSTRAINT bank_operation_key UNIQUE (terminal, batch, number)
);

-- What the last step says is what is to be done next. Two gateways cannot both write the same
-- number: the second reads what the first has decided, and follows it.
CREATE TABLE ekarte.bank_step (
    operation_id bigint NOT NULL REFERENCES ekarte.bank_operation,
    number smallint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    step text NOT NULL CHECK (step IN (
        'refused', 'sent', 'approved', 'declined', 'cancelled', 'held', 'booked', 'released',
        'undoing', 'kept'
    )),
    message text NOT NULL,                -- type of the message to the bank, '' for none
    stan integer,                         -- its number, DE11
    amount bigint NOT NULL,               -- of that message, or approved; minor units
    rc text NOT NULL,                     -- the bank's answer code
    auth_code text NOT NULL,
    rrn text NOT NULL,
    reason text NOT NULL,
    booked_as bigint,                     -- the ledger's operation, where it is booked
    answer text,                          -- JSON: what the terminal was told, byte for byte
    PRIMARY KEY (operation_id, number),
    CHECK ((message = '') = (stan IS NULL))
);
CREATE UNIQUE INDEX bank_step_stan_idx ON ekarte.bank_step (((at AT TIME ZONE 'UTC')::date), stan)
WHERE stan IS NOT NULL;
CREATE INDEX bank_step_booked_idx ON ekarte.bank_step (booked_as) WHERE booked_as IS NOT NULL;

-- A message that a step asks for and that nobody waits for: sent again until it is acknowledged.
CREATE TABLE ekarte.bank_attempt (
    operation_id bigint NOT NULL,
    number smallint NOT NULL,
    attempt smallint NOT NULL CHECK (attempt > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (operation_id, number, attempt),
    FOREIGN KEY (operation_id, number) REFERENCES ekarte.bank_step
);
CREATE TABLE ekarte.bank_delivery (
    operation_id bigint NOT NULL,
    number smallint NOT NULL,
    at timestamptz NOT NULL,
    how text NOT NULL CHECK (how IN ('acknowledged', 'given up')),
    rc text NOT NULL,
    PRIMARY KEY (operation_id, number),
    FOREIGN KEY (operation_id, number) REFERENCES ekarte.bank_step
);

-- Who has something left to do: of operations (number 0) and of messages. Provable from the
-- tables above; a row goes when its work is done.
CREATE TABLE ekarte.bank_work (
    operation_id bigint NOT NULL REFERENCES ekarte.bank_operation,
    number smallint NOT NULL,
    owner bigint NOT NULL,                -- of the gateway that is at it; it holds a lock of this number
    PRIMARY KEY (operation_id, number)
);

-- The bank card's number, enciphered under a key outside the database, where the acquirer asks
-- for it in a reversal. Not history: wiped as soon as nobody needs it, see ADR 0028.
CREATE TABLE ekarte.bank_card (
    operation_id bigint PRIMARY KEY REFERENCES ekarte.bank_operation,
    key_id smallint NOT NULL,
    sealed bytea NOT NULL,
    wipe_at timestamptz NOT NULL
);
CREATE INDEX bank_card_wipe_idx ON ekarte.bank_card (wipe_at);

CREATE SEQUENCE ekarte.bank_operation_id_seq AS bigint;
CREATE SEQUENCE ekarte.bank_stan_seq AS integer MINVALUE 1 MAXVALUE 999999 CYCLE;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'bank_operation', 'bank_step', 'bank_attempt', 'bank_delivery'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
