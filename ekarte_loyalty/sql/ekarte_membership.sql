-- Through which card type a card takes part in an issuer's programs.
-- The id is made of both keys: no table of Odoo points at it.
SELECT
    membership.card_id,
    membership.card_type AS card_type_code,
    membership.issuer AS issuer_code,
    card_type.id AS card_type_id,
    issuer.id AS issuer_id,
    membership.since AT TIME ZONE 'UTC' AS since,
    membership.issuer || ':questionnaire' = ANY(card.facts) AS questionnaire,
    (
        SELECT string_agg(split_part(fact, ':', 2), ', ' ORDER BY fact)
        FROM unnest(card.facts) AS fact
        WHERE
            split_part(fact, ':', 1) = membership.issuer
            AND split_part(fact, ':', 2) <> 'questionnaire'
    ) AS consents,
    membership.card_id::bigint * 1048576 + coalesce(card_type.id, 0) AS id
FROM ekarte.membership AS membership
INNER JOIN ekarte.card AS card ON card.id = membership.card_id
LEFT JOIN ekarte_card_type AS card_type ON card_type.code = membership.card_type
LEFT JOIN ekarte_issuer AS issuer ON issuer.code = membership.issuer
