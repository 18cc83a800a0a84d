-- Statements of credit cards, and what has come in since each was made.
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
    least(since.paid, statement.amount) / 100::numeric AS paid,
    greatest(statement.amount - since.paid, 0) / 100::numeric AS unpaid,
    CASE
        WHEN since.paid >= statement.amount THEN 'paid'
        WHEN statement.due_on < current_date THEN 'overdue'
        ELSE 'open'
    END AS state
FROM ekarte.statement AS statement
INNER JOIN ekarte.purse AS purse ON purse.id = statement.purse_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(entry.posted), 0) AS paid
    FROM ekarte.entry AS entry
    WHERE
        entry.purse_id = statement.purse_id
        AND entry.version > statement.purse_version
        AND entry.posted > 0
) AS since
LEFT JOIN ekarte_program AS program ON program.code = purse.program
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = purse.issuer
