-- What the general ledger holds on one clearing account, by the partner named.
SELECT item.partner_id, round(sum(item.balance) * 100)::bigint
FROM account_move_line AS item
WHERE
    item.parent_state = 'posted' AND item.account_id = %(account)s
    AND item.company_id = %(company)s
GROUP BY item.partner_id
