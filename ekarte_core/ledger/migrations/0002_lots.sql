-- Lots: the parts of a purse with their own last moment. Money, points and visits lie
-- in lots; turnover does not expire and has none. Purses keep the sums.

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

CREATE SEQUENCE ekarte.lot_id_seq AS integer;

CREATE TRIGGER keep_row BEFORE DELETE ON ekarte.lot
FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON ekarte.lot
FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change();

ALTER TABLE ekarte.entry ADD COLUMN lot_id integer;

-- What lies in purses from before becomes one lot each, by an operation of its own:
-- its entries move nothing, but say from which lot later ones take.
INSERT INTO ekarte.lot (id, purse_id, valid_until, issued, posted, held, carry)
SELECT
    nextval('ekarte.lot_id_seq'), p.id, p.valid_until, p.posted, p.posted, p.held, p.carry
FROM ekarte.purse AS p
WHERE p.unit <> 'turnover' AND (p.posted <> 0 OR p.held <> 0);

COMMENT ON COLUMN ekarte.purse.valid_until IS 'earliest end of its open lots';
