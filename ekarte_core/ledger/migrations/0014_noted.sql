-- Card types that admitted a card's number when Odoo last saw it. Odoo keeps no numbers and
-- speaks of a card by its id; what a number admits can only be worked out while it is there.

ALTER TABLE ekarte.card ADD COLUMN noted text [] NOT NULL DEFAULT '{}';
