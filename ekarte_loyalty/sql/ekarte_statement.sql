-- Statements of credit cards, what was new on each, and what has come in since.
SELECT
    statement.operation_id AS id,
    purse.card_id,
    statement.purse_id,
    program.id AS program_id,
    issuer.id AS issuer_id,
    (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1) AS currency_id,
    statement.made_on,
    statement.due_on,
    statement.amount / 100::numeric AS amount,
    statement.newly_billed / 100::numeric AS newly_billed,
    least(since.paid, statement.amount) / 100::numeric AS paid,
    greatest(statement.amount - since.paid, 0) / 100::numeric AS unpaid,
    CASE
        WHEN since.paid >= statement.amount THEN 'paid'
        WHEN statement.due_on < current_date THEN 'overdue'
        ELSE 'open'
    END AS state,
    sent.sent_at
FROM ekarte.statement AS statement
INNER JOIN ekarte.purse AS purse ON purse.id = statement.purse_id
CROSS JOIN LATERAL (
    -- A reversal takes back what had come in.
    SELECT greatest(coalesce(sum(entry.posted), 0), 0) AS paid
    FROM ekarte.entry AS entry
    INNER JOIN ekarte.operation AS operation ON operation.id = entry.operation_id
    WHERE
        entry.purse_id = statement.purse_id
        AND entry.version > statement.purse_version
        AND (entry.posted > 0 OR operation.command = 'reverse')
) AS since
LEFT JOIN ekarte_program AS program ON program.code = purse.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
LEFT JOIN ekarte_statement_sent AS sent
    ON sent.purse_id = statement.purse_id AND sent.made_on = statement.made_on
