-- The card ledger: who holds what, and every operation that made it so.
-- Operations, entries and all *_end/_operation rows are append-only (triggers at
-- the end). Purses and cards carry running state that is provable from entries.
-- Money is bigint in minor units. Codes (issuer, branch, program) come from the
-- network document; nothing here points into another schema. The hot tables
-- (operation, entry, sale_line, lot) carry no foreign keys: one writer makes the rows and
-- invariant I0 proves that none dangles.

CREATE TABLE ekarte.network_document (
    version integer PRIMARY KEY,
    published_at timestamptz NOT NULL,
    sha256 bytea NOT NULL,
    body text NOT NULL
);

CREATE TABLE ekarte.card (
    id integer PRIMARY KEY,
    token bytea NOT NULL UNIQUE,          -- HMAC of kind and number; the key is outside
    token_key smallint NOT NULL,
    kind text NOT NULL,
    first6 text NOT NULL,
    last4 text NOT NULL,
    state text NOT NULL CHECK (
        state IN ('new', 'active', 'blocked', 'lost', 'stolen', 'replaced', 'expired', 'closed')
    ),
    state_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL,
    access_code bytea,                    -- HMAC with the pepper; null: no code set
    access_tries smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);

-- A card takes part in an issuer's programs through a card type that admits it.
CREATE TABLE ekarte.membership (
    card_id integer NOT NULL REFERENCES ekarte.card,
    card_type text NOT NULL,
    issuer text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (card_id, card_type)
);
CREATE INDEX membership_issuer_idx ON ekarte.membership (issuer, card_id);

CREATE TABLE ekarte.purse (
    id integer PRIMARY KEY,
    card_id integer NOT NULL REFERENCES ekarte.card,
    program text NOT NULL,
    issuer text NOT NULL,
    unit text NOT NULL,                   -- currency code, 'points' or 'turnover'
    goods_group text NOT NULL DEFAULT '',
    posted bigint NOT NULL DEFAULT 0,
    held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    credit_limit bigint NOT NULL DEFAULT 0 CHECK (credit_limit >= 0),
    carry bigint NOT NULL DEFAULT 0,      -- carrying value in the general ledger, minor units
    version integer NOT NULL DEFAULT 0,
    period_start date,
    valid_until timestamptz,              -- earliest end of its open lots
    UNIQUE (card_id, program, unit, goods_group),
    CONSTRAINT purse_never_below_zero CHECK (posted - held + credit_limit >= 0)
) WITH (fillfactor = 80);

-- Money, points and visits lie in lots, each with its own end; turnover has none.
CREATE TABLE ekarte.lot (
    id integer PRIMARY KEY,
    purse_id integer NOT NULL,
    valid_until timestamptz,              -- null: for ever
    issued bigint NOT NULL,               -- all that was ever put in
    posted bigint NOT NULL CHECK (posted BETWEEN 0 AND issued),
    held bigint NOT NULL CHECK (held BETWEEN 0 AND posted),
    carry bigint NOT NULL,
    CONSTRAINT lot_date UNIQUE NULLS NOT DISTINCT (purse_id, valid_until)
) WITH (fillfactor = 80);
CREATE INDEX lot_expiry_idx ON ekarte.lot (valid_until) WHERE valid_until IS NOT NULL;

CREATE TABLE ekarte.operation (
    id bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    business_day date NOT NULL,
    terminal text NOT NULL,
    batch integer NOT NULL,
    number bigint NOT NULL,
    command text NOT NULL,
    rc text NOT NULL CHECK (length(rc) = 2),
    card_id integer,
    issuer text NOT NULL,                 -- of the branch: the seller
    branch text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    discount bigint NOT NULL,
    amount_due bigint NOT NULL,
    original_id bigint,
    reference text NOT NULL,
    local_time timestamptz,
    network_version integer NOT NULL,
    body_digest bytea NOT NULL,
    decision text NOT NULL,               -- JSON: facts and plan, without number or code
    answer text NOT NULL,                 -- JSON: what was said, byte for byte
    CONSTRAINT operation_key UNIQUE (terminal, batch, number)
);
CREATE INDEX operation_card_idx ON ekarte.operation (card_id, id);
CREATE INDEX operation_original_idx ON ekarte.operation (original_id) WHERE original_id IS NOT NULL;
CREATE INDEX operation_day_idx ON ekarte.operation (business_day, branch);

CREATE TABLE ekarte.entry (
    operation_id bigint NOT NULL,
    line smallint NOT NULL,
    purse_id integer,
    lot_id integer,
    account text,                         -- the counter leg: 'load', 'spend', 'earn', …
    event text NOT NULL,
    program text NOT NULL,
    unit text NOT NULL,
    posted bigint NOT NULL,
    held bigint NOT NULL,
    carry bigint NOT NULL,
    version integer,
    posted_after bigint,
    held_after bigint,
    PRIMARY KEY (operation_id, line),
    CHECK ((purse_id IS NULL) <> (account IS NULL)),
    CHECK ((purse_id IS NULL) = (version IS NULL))
);
CREATE UNIQUE INDEX entry_purse_idx ON ekarte.entry (purse_id, version) WHERE purse_id IS NOT NULL;

-- Goods of a booked sale or refund, summed by goods group and tax rate.
CREATE TABLE ekarte.sale_line (
    operation_id bigint NOT NULL,
    line smallint NOT NULL,
    goods_group text NOT NULL,
    tax_rate_bp integer NOT NULL,
    gross bigint NOT NULL,                -- before discount; refunds are negative
    discount bigint NOT NULL,
    bonus bigint NOT NULL,                -- paid by the seller's own bonus money: not taxed
    tendered bigint NOT NULL,             -- paid by other card value: owed to the seller
    PRIMARY KEY (operation_id, line)
);

-- One row for each authorize that holds value; it ends once, in hold_end.
CREATE TABLE ekarte.hold (
    operation_id bigint PRIMARY KEY REFERENCES ekarte.operation,
    card_id integer NOT NULL REFERENCES ekarte.card,
    expires_at timestamptz NOT NULL
);
CREATE TABLE ekarte.hold_end (
    hold_id bigint PRIMARY KEY REFERENCES ekarte.hold,
    operation_id bigint NOT NULL REFERENCES ekarte.operation,
    how text NOT NULL CHECK (how IN ('captured', 'released', 'expired'))
);
CREATE INDEX hold_expires_idx ON ekarte.hold (expires_at);

CREATE TABLE ekarte.batch_close (
    terminal text NOT NULL,
    batch integer NOT NULL,
    operation_id bigint NOT NULL REFERENCES ekarte.operation,
    PRIMARY KEY (terminal, batch)
);

-- Settlement documents, what they cover, and that Odoo has accepted them.
CREATE TABLE ekarte.settlement (
    id integer PRIMARY KEY,
    created_at timestamptz NOT NULL,
    cutoff timestamptz NOT NULL,
    sha256 bytea NOT NULL,
    body text NOT NULL
);
CREATE TABLE ekarte.settlement_operation (
    operation_id bigint PRIMARY KEY REFERENCES ekarte.operation,
    settlement_id integer NOT NULL REFERENCES ekarte.settlement
);
CREATE INDEX settlement_operation_idx ON ekarte.settlement_operation (settlement_id, operation_id);
CREATE TABLE ekarte.settlement_accepted (
    settlement_id integer PRIMARY KEY REFERENCES ekarte.settlement,
    accepted_at timestamptz NOT NULL,
    reply text NOT NULL
);
CREATE TABLE ekarte.settlement_attempt (
    settlement_id integer NOT NULL REFERENCES ekarte.settlement,
    at timestamptz NOT NULL,
    reason text NOT NULL
);
CREATE INDEX settlement_attempt_idx ON ekarte.settlement_attempt (settlement_id, at);

-- The hash chain, built behind the hot path: each seal covers a set of operations.
CREATE TABLE ekarte.seal (
    number integer PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    operations integer NOT NULL,
    previous bytea NOT NULL,
    digest bytea NOT NULL
);
CREATE TABLE ekarte.seal_operation (
    operation_id bigint PRIMARY KEY REFERENCES ekarte.operation,
    seal_number integer NOT NULL REFERENCES ekarte.seal
);
CREATE INDEX seal_operation_idx ON ekarte.seal_operation (seal_number, operation_id);

-- Nonces of signed HTTP requests: a repeated one is refused. Swept after its window.
CREATE TABLE ekarte.nonce (
    terminal text NOT NULL,
    nonce text NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (terminal, nonce)
);
CREATE INDEX nonce_seen_idx ON ekarte.nonce (seen_at);

CREATE SEQUENCE ekarte.card_id_seq AS integer;
CREATE SEQUENCE ekarte.purse_id_seq AS integer;
CREATE SEQUENCE ekarte.lot_id_seq AS integer;
CREATE SEQUENCE ekarte.operation_id_seq AS bigint;
CREATE SEQUENCE ekarte.settlement_id_seq AS integer;

CREATE FUNCTION ekarte.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ekarte.% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'Correct with a new operation; history is never rewritten.';
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'network_document', 'operation', 'entry', 'sale_line', 'hold', 'hold_end',
        'batch_close', 'settlement', 'settlement_operation',
        'settlement_accepted', 'settlement_attempt', 'seal', 'seal_operation', 'membership'
    ] LOOP
        EXECUTE format(
            'CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
    -- These change, but are never deleted: Odoo's many2one points at them.
    FOREACH name IN ARRAY ARRAY['card', 'purse', 'lot'] LOOP
        EXECUTE format(
            'CREATE TRIGGER keep_row BEFORE DELETE ON ekarte.%I '
            'FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change()', name);
        EXECUTE format(
            'CREATE TRIGGER keep_table BEFORE TRUNCATE ON ekarte.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change()', name);
    END LOOP;
END $$;
