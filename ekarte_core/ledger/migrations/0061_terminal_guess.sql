-- How much terminals have missed, cards that nobody knows and wrong codes, at all gateways: a
-- terminal that tries out cards has to wait. Running state, one row a terminal; a gateway may
-- lose the last second's.

CREATE TABLE ekarte.terminal_guess (
    terminal text PRIMARY KEY,
    missed_at timestamptz NOT NULL,       -- the last miss
    clear_at timestamptz NOT NULL         -- when all misses are forgotten
);
CREATE INDEX terminal_guess_clear_idx ON ekarte.terminal_guess (clear_at);
