"""Signals of fraud: found in the ledger, looked at by people. Nothing is refused."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..queries import fetch
from ..units import from_minor
from .ekarte_signal_rule import KINDS

DAYS = 3
"""How far back each look goes: days that were not seen whole the last time."""

COMMANDS = {
    "refunds": ("refund", "reverse"),
    "till_card": ("sale", "confirm", "accrue"),
    "fast": ("sale", "confirm", "accrue"),
    "far": ("sale", "confirm", "accrue", "check_in"),
}


class EkarteSignal(models.Model):
    _name = "ekarte.signal"
    _description = "Signal"
    _order = "day desc, id desc"
    _rec_name = "kind"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, index=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer", "Seller", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True, index=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True, ondelete="cascade")
    terminal = fields.Char(readonly=True)
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", readonly=True)
    found = fields.Integer("Times", readonly=True)
    amount = fields.Monetary("Sum", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    state = fields.Selection(
        [("new", "To look at"), ("fine", "Explained"), ("fraud", "Fraud")],
        required=True,
        default="new",
        readonly=True,
        index=True,
    )
    user_id = fields.Many2one("res.users", "Looked At By", readonly=True)
    note = fields.Text(help="What was found out.")

    _signal_uniq = models.UniqueIndex(
        "(issuer_id, kind, day, coalesce(terminal, ''), coalesce(card_id, 0))",
        "This signal is known already.",
    )

    def write(self, vals):
        if not self.env.su and set(vals) - {"note"}:
            raise AccessError(
                self.env._("Only the note of a signal is written by hand.")
            )
        return super().write(vals)

    @api.model
    def _look(self, issuers, since):
        """Look at what sellers' tills did from a day on; return the new signals."""
        by_code = {issuer.code: issuer for issuer in issuers}
        branches = {
            branch.code: branch.id
            for branch in self.env["ekarte.branch"].search(
                [("issuer_id", "in", issuers.ids)]
            )
        }
        network = self.env["ekarte.network"]._get()
        new = self.browse()
        for kind, _label in KINDS:
            limits = self.env["ekarte.signal.rule"]._limits(kind, issuers)
            rows = fetch(
                self.env.cr,
                "signals.sql",
                kind,
                issuers=list(limits),
                limits=list(limits.values()),
                since=since,
            )
            for code, branch, terminal, card, day, found, amount in rows:
                issuer = by_code[code]
                new |= self._note(
                    {
                        "kind": kind,
                        "issuer_id": issuer.id,
                        "day": day,
                        "terminal": terminal or False,
                        "card_id": card or False,
                    },
                    {
                        "branch_id": branches.get(branch, False),
                        "found": found,
                        "amount": from_minor(amount),
                        "currency_id": (
                            issuer.books_currency_id or network.currency_id
                        ).id,
                    },
                )
        return new

    def _note(self, key, figures):
        """Keep a signal's figures; return it if it was not known."""
        known = self.search([(name, "=", value) for name, value in key.items()])
        if known:
            known.filtered(lambda one: one.state == "new").write(figures)
            return self.browse()
        return self.create({**key, **figures})

    @api.model
    def _cron_look(self):
        since = fields.Date.context_today(self) - timedelta(days=DAYS)
        self._look(self.env["ekarte.issuer"].search([]), since)

    def action_look_now(self):
        """Look again now, at the own issuers' last days."""
        issuers = self.env["ekarte.issuer"].search([])
        since = fields.Date.context_today(self) - timedelta(days=DAYS)
        self.sudo()._look(issuers.sudo(), since)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_signal_action"
        )

    def action_explain(self):
        """Note that there is nothing to it."""
        self._judge("fine")

    def action_confirm_fraud(self):
        """Note that it was what it looked like."""
        self._judge("fraud")

    def _judge(self, state):
        self.check_access("write")
        self.sudo().write({"state": state, "user_id": self.env.uid})

    def action_open_operations(self):
        """List what the signal counts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_operation_action"
        )
        domain = [
            ("business_day", "=", self.day),
            ("issuer_id", "=", self.issuer_id.id),
        ]
        if self.card_id:
            domain.append(("card_id", "=", self.card_id.id))
        if self.terminal:
            domain.append(("terminal", "=", self.terminal))
        if self.kind == "wrong":
            domain.append(("rc", "in", ("14", "55", "75")))
        else:
            domain.append(("command", "in", COMMANDS[self.kind]))
        action["domain"] = domain
        action["context"] = {}
        return action
