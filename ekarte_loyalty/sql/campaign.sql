-- What a campaign did: those who got its letter beside those who did not.

-- effect --
-- What both groups bought in the days after the letter, and in as many days before it.
-- A person's cards are those of today; the day of the letter counts as after.
SELECT
    min(member.id) AS id,
    campaign.id AS campaign_id,
    campaign.issuer_id,
    campaign.company_id,
    campaign.started_day,
    coalesce(
        issuer.books_currency_id,
        (SELECT network.currency_id FROM ekarte_network AS network LIMIT 1)
    ) AS currency_id,
    CASE WHEN member.hold_out THEN 'without' ELSE 'with' END AS side,
    count(*) AS customers,
    count(*) FILTER (WHERE bought.purchases > 0) AS buyers,
    coalesce(sum(bought.purchases), 0)::bigint AS purchases,
    coalesce(sum(bought.amount), 0) AS amount,
    coalesce(sum(bought.amount_before), 0) AS amount_before,
    round(coalesce(sum(bought.amount), 0) / count(*), 2) AS amount_each,
    round(coalesce(sum(bought.amount_before), 0) / count(*), 2) AS amount_before_each,
    -- Two standard errors of the mean: 19 of 20 groups of this size differ by less.
    round(
        2 * sqrt(coalesce(var_samp(coalesce(bought.amount, 0)), 0) / count(*)), 2
    ) AS chance_each
FROM ekarte_campaign AS campaign
INNER JOIN ekarte_issuer AS issuer ON issuer.id = campaign.issuer_id
INNER JOIN ekarte_campaign_member AS member ON member.campaign_id = campaign.id
LEFT JOIN (
    -- All members' cards at once: asked member by member, 50,000 took minutes.
    SELECT
        meant.id,
        meant.campaign_id,
        sum(sale.purchases) FILTER (WHERE sale.day >= sent.started_day) AS purchases,
        sum(sale.amount) FILTER (WHERE sale.day >= sent.started_day) AS amount,
        sum(sale.amount) FILTER (WHERE sale.day < sent.started_day) AS amount_before
    FROM ekarte_campaign AS sent
    INNER JOIN ekarte_campaign_member AS meant ON meant.campaign_id = sent.id
    INNER JOIN (%(own)s) AS own
        ON own.partner_id = meant.partner_id AND own.issuer_id = sent.issuer_id
    INNER JOIN ekarte_daily_sale AS sale
        ON sale.card_id = own.card_id AND sale.issuer_id = own.issuer_id
    WHERE
        sale.day >= sent.started_day - sent.days
        AND sale.day < sent.started_day + sent.days
    GROUP BY meant.id, meant.campaign_id
) AS bought ON bought.id = member.id AND bought.campaign_id = campaign.id
WHERE campaign.started_day IS NOT NULL
GROUP BY campaign.id, issuer.id, member.hold_out;
