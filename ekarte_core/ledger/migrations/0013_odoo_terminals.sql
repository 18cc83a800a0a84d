-- Terminals of Odoo's own, by the network version that an operation was decided by: the
-- sales there are booked by Odoo as documents, so a settlement must not book them again.
-- From the kept documents, so that a terminal that is gone does not change sides.

CREATE VIEW ekarte.odoo_terminal AS
SELECT d.version, t.terminal ->> 'id' AS terminal
FROM ekarte.network_document AS d
CROSS JOIN LATERAL jsonb_array_elements(d.body::jsonb -> 'terminals') AS t (terminal)
WHERE t.terminal ->> 'protocol' = 'odoo';
