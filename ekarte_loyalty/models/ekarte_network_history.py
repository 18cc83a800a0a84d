"""Some months of trade in the demo network: dashboards need something to show."""

import random
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models

from ekarte_core import CardRef, Original, Request, Tender, execute, find_card

from ..keyring import server_keyring

BATCH = 9
"""Of the demo network's desks in Odoo; their own operations have other batches."""

SERIAL_FIRST = 650_000  # above the cards of the demonstration
BRANCHES = ("G1", "G1", "G2", "F1", "G3", "F2")  # the first sells most
AT_ONCE = 200


def _club_number(serial):
    body = f"999000100{serial:06d}"
    digits = [int(digit) for digit in reversed(body)]
    doubled = [2 * digit for digit in digits[::2]]
    total = sum(map(sum, (divmod(number, 10) for number in doubled)))
    return f"{body}{-(total + sum(digits[1::2])) % 10}"


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    @api.model
    def _load_demo_history(self, days=75, cards=60, until=None):
        """Let customers of the demo network buy for some months; always the same ones.

        Run once on a demo network that nobody works on yet; never on a real one.
        """
        chance = random.Random(19)  # noqa: S311 - invented customers, nothing secret
        until = until or fields.Date.today()
        live = {part["id"] for part in self._live_document()["terminals"]}
        desks = self._demo_desks(live)
        wealth = [chance.choice((1, 1, 2, 2, 3, 5)) for _card in range(cards)]
        number = 0
        for back in range(days, -1, -1):
            day = until - timedelta(days=back)
            busy = (2 if day.weekday() >= 5 else 1) * (days + 60 - back)
            buyers = [
                card
                for card in range(cards * (days - back + 20) // (days + 20))
                if chance.random() < wealth[card] * busy / (16 * days)
            ]
            requests = []
            for card in buyers:
                number += 2
                requests += _visit(chance, card, chance.choice(desks), number)
            self._buy(requests, datetime.combine(day, time(10), timezone.utc))
        self._load_demo_subscriber()

    def _demo_desks(self, live):
        """Return the desks of Odoo at the branches, as often as they sell."""
        branches = self.env["ekarte.branch"].search([("code", "in", BRANCHES)])
        desks = {branch.code: branch._sale_terminal_id() for branch in branches}
        return [desks[code] for code in BRANCHES if desks.get(code) in live]

    @api.model
    def _load_demo_subscriber(self, cards=3):
        """Give the demo network's subscriber the first cards that have bought."""
        user = self.env.ref("ekarte_loyalty.user_subscriber_demo", False)
        for serial in range(SERIAL_FIRST, SERIAL_FIRST + cards if user else 0):
            reference = CardRef(value=_club_number(serial))
            found = find_card(self.env.cr, server_keyring(self.env), reference)
            card = self.env["ekarte.card"].browse(found or ())
            for issuer in card.membership_ids.issuer_id:
                self.env["ekarte.holder"]._give(card.id, issuer, user.partner_id)

    def _buy(self, requests, moment):
        self.env.flush_all()
        network = self.env["ekarte.desk"]._network()
        for first in range(0, len(requests), AT_ONCE):
            execute(
                self.env.cr,
                requests[first : first + AT_ONCE],
                network,
                server_keyring(self.env),
                moment,
            )
        self.env.invalidate_all()


def _visit(chance, card, desk, number):
    """Return what a customer does: mostly a purchase, now and then given back."""
    amount = chance.randrange(300, 6500)
    parts = {
        "terminal": desk,
        "batch": BATCH,
        "card": CardRef(value=_club_number(SERIAL_FIRST + card)),
        "slip": "none",
    }
    points = Tender(bonus=100) if chance.random() < 0.3 else None
    requests = [
        Request(command="sale", operation=number, amount=amount, tender=points, **parts)
    ]
    if chance.random() < 0.03:
        requests.append(
            Request(
                command="refund",
                operation=number + 1,
                amount=amount // 2,
                original=Original(batch=BATCH, operation=number),
                **parts,
            )
        )
    return requests
