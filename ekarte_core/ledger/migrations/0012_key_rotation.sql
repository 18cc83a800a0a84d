-- While the keyring has several keys for card tokens: identifiers that are being
-- registered, under the lowest key. Gateways that make tokens with different keys then
-- still meet in one row, and do not register one card twice.

CREATE TABLE ekarte.card_claim (
    token bytea PRIMARY KEY
);

CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON ekarte.card_claim
FOR EACH ROW EXECUTE FUNCTION ekarte.refuse_change();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON ekarte.card_claim
FOR EACH STATEMENT EXECUTE FUNCTION ekarte.refuse_change();

COMMENT ON COLUMN ekarte.card.access_code IS
'32 bytes: HMAC of token and code; 50 bytes: id of the pepper (2), salt (16), HMAC (32)';
