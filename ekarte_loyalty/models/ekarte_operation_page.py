"""What the subscriber's pages show of operations: purchases and why they came so."""

from odoo import models
from odoo.fields import Domain

BOUGHT = ("sale", "confirm", "accrue", "voucher")
SHOWN = (
    *BOUGHT,
    *("refund", "reverse", "activate", "top_up", "check_in", "redeem", "enroll"),
    *("replace", "pool", "block", "unblock", "pay_out", "charge_back", "restore"),
    *("lapse", "turn", "statement", "charge", "write_off"),
)
ICONS = {
    "refund": "fa-undo",
    "reverse": "fa-undo",
    "activate": "fa-gift",
    "top_up": "fa-plus",
    "check_in": "fa-map-marker",
    "redeem": "fa-exchange",
    "lapse": "fa-hourglass-end",
    "turn": "fa-calendar",
    "block": "fa-lock",
    "unblock": "fa-unlock",
    "replace": "fa-credit-card",
    "pool": "fa-users",
    "voucher": "fa-ticket",
    "enroll": "fa-pencil-square-o",
}
# What rules look at; people have no use for it.
INSIDE = ("turnover", "purchase", "visit", "earned", "hold", "release")


class EkarteOperation(models.Model):
    _inherit = "ekarte.operation"

    def _page_domain(self, card, kind="all"):
        """Return which operations of a card its subscriber sees."""
        commands = (*BOUGHT, "refund") if kind == "purchases" else SHOWN
        return Domain(
            [
                ("card_id", "=", card.id),
                ("command", "in", commands),
                ("rc", "in", ("00", "10")),
            ]
        )

    def _page_key(self, operation_id):
        return Domain("id", "=", operation_id)

    def _page_icon(self):
        return ICONS.get(self.command, "fa-shopping-basket")

    def _page_title(self):
        names = dict(self._fields["command"]._description_selection(self.env))
        names.update(
            sale=self.env._("Purchase"),
            confirm=self.env._("Purchase"),
            accrue=self.env._("Purchase"),
        )
        return names.get(self.command, "")

    def _page_where(self):
        """Return the place; what the ledger does by itself has none."""
        return self.branch_id.name or self.issuer_id.name or ""

    def _page_entries(self):
        """Return what moved on the purses of the card, as people understand it."""
        return self.entry_ids.filtered(
            lambda entry: entry.purse_id and entry.posted and entry.event not in INSIDE
        ).sorted("line")

    def _page_gains(self):
        """Return in short what an operation changed: [(text, whether it is more)]."""
        units = self.env["ekarte.card"]._page_units()
        gains = {}
        for entry in self._page_entries():
            gains.setdefault(entry.purse_id, []).append(entry.posted)
        return [
            (f"{purse._in_words_signed(sum(moves))} {units.get(purse.measure, '')}", up)
            for purse, moves in gains.items()
            if purse.measure in ("money", "points", "visits", "credit") and sum(moves)
            for up in [sum(moves) > 0]
        ]


class EkartePurse(models.Model):
    _inherit = "ekarte.purse"

    def _in_words_signed(self, value):
        sign = "+" if value > 0 else "−"
        return f"{sign}{self._in_words(abs(value))}"
