"""The back offices of a year: accountants settle with holders in Odoo's dialogs."""

import random
from collections import Counter

from odoo.exceptions import UserError

from .year_network import IN_ODOO

RESTORED = ("gift_spend", "bonus_spend", "voucher_spend", "credit_spend")
UNDONE_OF_TEN = 2

# A back office finds what it deals with as people would: something recent, of its own.
NOT_UNDONE = """
    AND NOT EXISTS (
        SELECT FROM ekarte.operation AS u
        WHERE u.original_id = o.id AND u.rc IN ('00', '10')
    )
"""
GIFT_PURSES = """
SELECT p.card_id, p.id, p.posted - p.held
FROM ekarte.purse AS p
INNER JOIN ekarte.card AS c ON c.id = p.card_id AND c.state = 'active'
WHERE
    p.issuer = %(issuer)s AND p.program LIKE '%%-GIFT' AND p.unit = 'EUR'
    AND p.posted > p.held
ORDER BY p.id
"""
DEBTS = """
SELECT p.card_id, p.id, -p.posted
FROM ekarte.purse AS p
WHERE p.issuer = %(issuer)s AND p.unit = 'credit' AND p.posted < 0
ORDER BY p.posted, p.id LIMIT 50
"""
LOADS = (
    """
SELECT o.card_id, o.terminal, o.batch, o.number
FROM ekarte.operation AS o
INNER JOIN ekarte.entry AS e ON e.operation_id = o.id AND e.event = 'gift_load'
INNER JOIN ekarte.purse AS p ON p.id = e.purse_id AND p.issuer = o.issuer
WHERE
    o.issuer = %(issuer)s AND o.command IN ('activate', 'top_up') AND o.rc = '00'
"""
    + NOT_UNDONE
    + "ORDER BY o.id DESC LIMIT 100"
)
USES = (
    """
SELECT o.card_id, o.terminal, o.batch, o.number
FROM ekarte.operation AS o
WHERE
    o.issuer = %(issuer)s AND o.command IN ('sale', 'confirm')
    AND o.rc IN ('00', '10') AND EXISTS (
        SELECT FROM ekarte.entry AS e
        WHERE
            e.operation_id = o.id AND e.event = %(event)s AND e.posted < 0
            AND e.purse_id IS NOT NULL
    )
"""
    + NOT_UNDONE
    + "ORDER BY o.id DESC LIMIT 100"
)


class Office:
    """What accountants of all companies do on an evening, each for its own cards."""

    def __init__(self, case, seed):
        self.case, self.dice = case, random.Random(seed)
        self.done, self.refused = Counter(), Counter()
        self._booked = []  # (issuer, card, operation), to be undone

    def evening(self):
        """Some of everything, at each issuer."""
        for issuer in IN_ODOO:
            self._of_purse(issuer, "pay_out", GIFT_PURSES)
            self._of_purse(issuer, "pay", DEBTS)
            self._of_purse(issuer, "write_off", DEBTS)
            self._of_operation(issuer, "charge_back", LOADS)
            for event in RESTORED:
                self._of_operation(issuer, "restore", USES, event=event)
        self._undo()

    def _found(self, query, **values):
        self.case.env.flush_all()
        self.case.env.cr.execute(query, values)
        rows = self.case.env.cr.fetchall()
        return self.dice.choice(rows) if rows else None

    def _of_purse(self, issuer, command, query):
        found = self._found(query, issuer=issuer)
        if found:
            card, purse, most = found
            part = self.dice.randint(1, most) if self.dice.random() < 0.5 else most
            self._do(issuer, card, command, purse_id=purse, amount=part / 100)

    def _of_operation(self, issuer, command, query, **values):
        found = self._found(query, issuer=issuer, **values)
        if found:
            card, *key = found
            self._do(issuer, card, command, original="/".join(map(str, key)))

    def _undo(self):
        for place in reversed(range(len(self._booked))):
            if self.dice.randint(1, 10) <= UNDONE_OF_TEN:
                issuer, card, original = self._booked[place]
                self._do(issuer, card, "reverse", original=original)
        self._booked.clear()

    def _do(self, issuer, card, command, **values):
        """Press the dialog's button; what the ledger refuses leaves nothing behind."""
        company = self.case.companies[issuer]
        office = (
            self.case.env["ekarte.card.office"]
            .with_user(self.case.accountant)
            .with_company(company)
            .with_context(lang="en_US")
            .create({"card_id": card, "command": command, "reason": "a year", **values})
        )
        try:
            with self.case.env.cr.savepoint():
                office.action_do()
        except UserError as refusal:
            self.refused[command, str(refusal)] += 1
            return
        self.done[command] += 1
        if command != "reverse":
            key = f"{office._terminal()}/1/{office.number}"
            self._booked.append((issuer, card, key))
