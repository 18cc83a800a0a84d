-- Whom a segment means: each query returns partners, for `id IN (...)`. `own` is the
-- query own_cards, put in as a sub-select; limits that are NULL do not limit.

-- own_cards --
-- Who holds which card at which issuer. A card that took over from a holder's card is
-- the holder's too, until the issuer says that another one holds it: as `heirs` in
-- holder.sql says it, for all at once. Cards of a pool that share its account are not.
SELECT
    holder.issuer_id,
    holder.partner_id,
    card.id AS card_id,
    card.account_id
FROM ekarte_holder AS holder
INNER JOIN ekarte.card AS card ON card.id = holder.card_id
WHERE holder.active
UNION
SELECT
    heir.issuer_id,
    heir.partner_id,
    card.id,
    card.account_id
FROM (
    WITH RECURSIVE line AS (
        SELECT
            holder.issuer_id,
            holder.partner_id,
            holder.card_id
        FROM ekarte_holder AS holder
        INNER JOIN ekarte.card AS gone
            ON gone.id = holder.card_id AND gone.state = 'replaced'
        WHERE holder.active
        UNION
        SELECT
            line.issuer_id,
            line.partner_id,
            newer.card_id
        FROM line
        INNER JOIN ekarte.card AS gone
            ON gone.id = line.card_id AND gone.state = 'replaced'
        CROSS JOIN LATERAL (
            SELECT operation.other_card_id AS card_id
            FROM ekarte.operation AS operation
            WHERE
                operation.card_id = gone.id
                AND operation.command = 'replace'
                AND operation.rc = '00'
            ORDER BY operation.id DESC
            LIMIT 1
        ) AS newer
        WHERE
            NOT EXISTS (
                SELECT 1
                FROM ekarte_holder AS other
                WHERE
                    other.card_id = newer.card_id
                    AND other.issuer_id = line.issuer_id
                    AND other.active
            )
    )

    SELECT
        line.issuer_id,
        line.partner_id,
        line.card_id
    FROM line
) AS heir
INNER JOIN ekarte.card AS card ON card.id = heir.card_id
WHERE card.state <> 'replaced';

-- customers --
SELECT own.partner_id
FROM (%(own)s) AS own
WHERE own.issuer_id = %(issuer)s;

-- answer --
-- Who answered a question so; which limit is asked for goes by the question's kind.
SELECT answer.partner_id
FROM ekarte_questionnaire_answer AS answer
INNER JOIN ekarte_questionnaire_answer_line AS line ON line.answer_id = answer.id
WHERE
    answer.issuer_id = %(issuer)s
    AND answer.partner_id IS NOT NULL
    AND line.field_id = %(field)s
    AND (%(text)s::text IS NULL OR line.value_text ILIKE %(text)s)
    AND (%(number_from)s::integer IS NULL OR line.value_number >= %(number_from)s)
    AND (%(number_to)s::integer IS NULL OR line.value_number <= %(number_to)s)
    AND (%(date_from)s::date IS NULL OR line.value_date >= %(date_from)s)
    AND (%(date_to)s::date IS NULL OR line.value_date <= %(date_to)s)
    AND (
        %(choices)s::integer [] IS NULL
        OR EXISTS (
            SELECT 1
            FROM ekarte_answer_line_choice_rel AS chosen
            WHERE chosen.line_id = line.id AND chosen.choice_id = any(%(choices)s)
        )
    );

-- purchases --
-- What was bought at the issuer's branches between two days, less what came back.
SELECT own.partner_id
FROM (%(own)s) AS own
LEFT JOIN ekarte_daily_sale AS sale
    ON
        sale.card_id = own.card_id
        AND sale.issuer_id = own.issuer_id
        AND sale.day BETWEEN %(date_from)s AND %(date_to)s
WHERE own.issuer_id = %(issuer)s
GROUP BY own.partner_id
HAVING
    coalesce(sum(sale.amount), 0) >= coalesce(%(amount_from)s::numeric, '-Infinity')
    AND coalesce(sum(sale.amount), 0) <= coalesce(%(amount_to)s::numeric, 'Infinity')
    AND coalesce(sum(sale.purchases), 0) >= %(number_from)s
    AND (
        %(number_to)s::integer IS NULL
        OR coalesce(sum(sale.purchases), 0) <= %(number_to)s
    );

-- balance --
-- What a program's purses hold; an account that two cards share counts once.
SELECT account.partner_id
FROM (
    SELECT DISTINCT
        own.partner_id,
        own.account_id
    FROM (%(own)s) AS own
    WHERE own.issuer_id = %(issuer)s
) AS account
LEFT JOIN ekarte_purse AS purse
    ON
        purse.card_id = account.account_id
        AND purse.issuer_id = %(issuer)s
        AND purse.program_id = %(program)s
        AND purse.measure = %(measure)s
GROUP BY account.partner_id
HAVING
    coalesce(sum(purse.balance), 0) >= coalesce(%(amount_from)s::numeric, '-Infinity')
    AND coalesce(sum(purse.balance), 0) <= coalesce(%(amount_to)s::numeric, 'Infinity');

-- card_type --
SELECT own.partner_id
FROM (%(own)s) AS own
INNER JOIN ekarte_membership AS membership ON membership.card_id = own.card_id
WHERE own.issuer_id = %(issuer)s AND membership.card_type_id = %(card_type)s;

-- visit --
SELECT own.partner_id
FROM (%(own)s) AS own
INNER JOIN ekarte_daily_sale AS sale
    ON sale.card_id = own.card_id AND sale.issuer_id = own.issuer_id
WHERE
    own.issuer_id = %(issuer)s
    AND sale.day >= %(date_from)s
    AND (sale.purchases > 0 OR sale.visits > 0);

-- birthday --
-- Whose birthday is on one of these days, MM-DD; kept for each company apart.
SELECT partner.id
FROM res_partner AS partner
WHERE
    to_char((partner.ekarte_birthday ->> %(company)s)::date, 'MM-DD') = any(%(days)s);

-- profession --
-- Whose profession is one of these: as chosen in the questionnaire, or in words.
SELECT partner.id
FROM res_partner AS partner
WHERE lower(trim(partner.ekarte_profession ->> %(company)s)) = any(%(words)s)
UNION
SELECT answer.partner_id
FROM ekarte_questionnaire_answer AS answer
INNER JOIN ekarte_questionnaire_answer_line AS line ON line.answer_id = answer.id
INNER JOIN ekarte_answer_line_choice_rel AS chosen ON chosen.line_id = line.id
WHERE
    answer.issuer_id = %(issuer)s
    AND answer.partner_id IS NOT NULL
    AND chosen.choice_id = any(%(choices)s);

-- consented --
-- Who lets the issuer write for a purpose, today.
SELECT consent.partner_id
FROM ekarte_consent AS consent
WHERE
    consent.purpose_id = %(purpose)s
    AND consent.withdrawn_at IS NULL
    AND consent.partner_id IS NOT NULL;

-- ending --
-- Parts of purses that end soon, and who holds a card of their account: not yet told.
SELECT DISTINCT
    own.partner_id,
    notice.id
FROM ekarte_notice AS notice
INNER JOIN (%(own)s) AS own
    ON own.account_id = notice.card_id AND own.issuer_id = notice.issuer_id
WHERE
    notice.issuer_id = %(issuer)s
    AND notice.state = 'soon'
    AND NOT EXISTS (
        SELECT 1
        FROM ekarte_greeting_sent AS sent
        WHERE
            sent.greeting_id = %(greeting)s
            AND sent.partner_id = own.partner_id
            AND sent.key = 'lot ' || notice.id
    )
ORDER BY own.partner_id, notice.id;
