-- has_schema --
SELECT to_regclass('ekarte.migration') IS NOT NULL;

-- create_schema --
-- The schema may have been made before, empty, by whoever separates the roles.
CREATE SCHEMA IF NOT EXISTS ekarte;
CREATE TABLE ekarte.migration (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- applied --
SELECT number, sha256 FROM ekarte.migration;

-- record --
INSERT INTO ekarte.migration (number, name, sha256)
VALUES (%(number)s, %(name)s, %(sha256)s);

-- grant_gateway --
-- Reads and adds; changes only running state (cards, purses, exposure) and sweeps nonces.
GRANT USAGE ON SCHEMA ekarte TO ROLE_NAME;
GRANT SELECT ON ALL TABLES IN SCHEMA ekarte TO ROLE_NAME;
GRANT INSERT ON
ekarte.card, ekarte.membership, ekarte.purse, ekarte.lot, ekarte.operation, ekarte.entry,
ekarte.sale_line, ekarte.hold, ekarte.hold_end, ekarte.batch_close,
ekarte.settlement, ekarte.settlement_operation, ekarte.settlement_accepted,
ekarte.settlement_attempt, ekarte.seal, ekarte.seal_operation, ekarte.card_claim,
ekarte.nonce, ekarte.voucher, ekarte.statement, ekarte.lot_notice,
ekarte.exposure, ekarte.exposure_use, ekarte.terminal_key, ekarte.terminal_guess,
ekarte.stop_change, ekarte.parameters_key, ekarte.parameters, ekarte.parameters_loaded,
ekarte.offline_operation, ekarte.offline_exception,
ekarte.bank_operation, ekarte.bank_step, ekarte.bank_attempt, ekarte.bank_delivery,
ekarte.bank_work, ekarte.bank_card
TO ROLE_NAME;
GRANT UPDATE ON
ekarte.card, ekarte.purse, ekarte.lot, ekarte.exposure, ekarte.bank_work,
ekarte.terminal_guess
TO ROLE_NAME;
GRANT DELETE ON
ekarte.nonce, ekarte.exposure_use, ekarte.bank_work, ekarte.bank_card
TO ROLE_NAME;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ekarte TO ROLE_NAME;

-- grant_odoo --
-- What the gateway may, publishing the network document, draws, and what was cleared.
GRANT USAGE ON SCHEMA ekarte TO ROLE_NAME;
GRANT SELECT ON ALL TABLES IN SCHEMA ekarte TO ROLE_NAME;
GRANT INSERT ON
ekarte.network_document, ekarte.settling_terms, ekarte.card, ekarte.membership, ekarte.purse, ekarte.lot,
ekarte.operation, ekarte.entry, ekarte.sale_line, ekarte.hold, ekarte.hold_end,
ekarte.batch_close, ekarte.settlement,
ekarte.settlement_operation, ekarte.settlement_accepted, ekarte.settlement_attempt,
ekarte.seal, ekarte.seal_operation, ekarte.seal_verified,
ekarte.draw, ekarte.draw_list, ekarte.draw_result,
ekarte.card_claim, ekarte.voucher, ekarte.statement, ekarte.lot_notice,
ekarte.exposure, ekarte.exposure_use, ekarte.exposure_cleared,
ekarte.stop_change, ekarte.parameters_key, ekarte.parameters, ekarte.parameters_loaded,
ekarte.offline_operation, ekarte.offline_exception
TO ROLE_NAME;
GRANT UPDATE ON
ekarte.card, ekarte.purse, ekarte.lot, ekarte.exposure, ekarte.exposure_cleared
TO ROLE_NAME;
GRANT DELETE ON ekarte.exposure_use TO ROLE_NAME;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ekarte TO ROLE_NAME;
