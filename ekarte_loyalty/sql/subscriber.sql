-- What belongs to subscribers: cards by who holds them.

-- own_cards --
-- A partner's cards and the accounts whose purses they use. A card that took over from
-- a partner's card is the partner's too, until an issuer says that another holds it.
WITH RECURSIVE own AS (
    SELECT holder.card_id
    FROM ekarte_holder AS holder
    WHERE holder.partner_id = %(partner)s AND holder.active
    UNION
    SELECT operation.other_card_id
    FROM own
    INNER JOIN ekarte.operation AS operation ON operation.card_id = own.card_id
    WHERE
        operation.command = 'replace'
        AND operation.rc = '00'
        AND NOT EXISTS (
            SELECT 1
            FROM ekarte_holder AS other
            WHERE
                other.card_id = operation.other_card_id
                AND other.partner_id <> %(partner)s
                AND other.active
        )
)

SELECT
    card.id,
    card.account_id
FROM own
INNER JOIN ekarte.card AS card ON card.id = own.card_id;

-- heirs --
-- Which of these cards took over, by one replacement or several, the account they use.
WITH RECURSIVE line AS (
    SELECT
        card.id,
        card.account_id AS heir
    FROM ekarte.card AS card
    WHERE card.id = ANY(%(cards)s) AND card.account_id <> card.id
    UNION
    SELECT
        line.id,
        operation.other_card_id
    FROM line
    INNER JOIN ekarte.operation AS operation ON operation.card_id = line.heir
    WHERE operation.command = 'replace' AND operation.rc = '00'
)

SELECT line.id
FROM line
WHERE line.heir = line.id;

-- partners_of_accounts --
-- Who holds a card of one of these accounts, as (account, partner).
SELECT
    account.id,
    holder.partner_id
FROM unnest(%(accounts)s) AS account (id)
CROSS JOIN LATERAL (
    SELECT account.id AS card_id
    UNION
    SELECT card.id
    FROM ekarte.card AS card
    WHERE card.account_id = account.id AND card.account_id <> card.id
) AS sharing
INNER JOIN ekarte_holder AS holder ON holder.card_id = sharing.card_id
WHERE holder.active;

-- count_try --
-- One more try; the first after the time is over begins anew.
INSERT INTO ekarte_guess AS guess (who, tries, since)
VALUES (%(who)s, 1, %(now)s)
ON CONFLICT (who) DO UPDATE
SET
    tries = CASE
        WHEN guess.since < %(now)s::timestamp - %(window)s * interval '1 second' THEN 1
        ELSE guess.tries + 1
    END,
    since = CASE
        WHEN guess.since < %(now)s::timestamp - %(window)s * interval '1 second'
            THEN %(now)s
        ELSE guess.since
    END
RETURNING tries;
