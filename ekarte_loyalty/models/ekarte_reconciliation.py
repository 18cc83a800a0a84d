"""The reconciliation page: every check with its figures, and a way behind them."""

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..units import from_minor
from .account_keys import ACCOUNT_KEYS
from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR
from .ekarte_settlement_checks import WHOLE

CHECKS = [
    ("V1", "What is owed to holders is what is left on their cards"),
    ("V2", "Local credit is what cards owe"),
    ("TND", "Nothing is left on the card tender account"),
    ("V3", "What one company claims in clearing, the other owes"),
    ("V4", "Clearing in the books is the sum of its open lines"),
    ("V5", "Clearing cycles sum to zero, and what is paid is settled"),
    ("V6", "What crosses issuers has two equal and opposite clearing lines"),
    ("V7", "No part of a purse is below zero, and no empty one has a value"),
    ("V8", "Points given are left, used, converted or ended"),
    ("V9", "Nothing is given back twice, nor more than was bought"),
    ("V10", "Documents and operations are booked once"),
    ("V11", "Tax in the books is the tax of the settled lines"),
    ("V12", "What is settled is in the books, on its day"),
    ("V13", "Documents and statements are as they were sent"),
    ("V14", "Opening and movements give the closing balance of each month"),
    ("V15", "Sealed history is unchanged"),
]
MONEY = ("gl", "expected", "on_the_way", "difference")


class EkarteReconciliation(models.TransientModel):
    _name = "ekarte.reconciliation"
    _description = "E-karte Reconciliation"
    # What differs comes first.
    _order = "ok, id"

    code = fields.Char("Check", readonly=True)
    check_kind = fields.Selection(CHECKS, string="What Must Hold", readonly=True)
    account_key = fields.Selection(
        [(key, key) for key in ("VATO", *ACCOUNT_KEYS)], string="Account", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    partner_id = fields.Many2one("res.partner", string="With", readonly=True)
    gl = fields.Monetary(string="General Ledger", readonly=True, aggregator=None)
    expected = fields.Monetary(
        string="Should Be",
        readonly=True,
        aggregator=None,
        help="What the card ledger, or the other side of clearing, says.",
    )
    on_the_way = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="In the card ledger, but not settled and posted yet.",
    )
    difference = fields.Monetary(readonly=True, aggregator=None)
    faults = fields.Integer(
        readonly=True, aggregator=None, help="How many things are wrong."
    )
    note = fields.Char(string="Where", readonly=True)
    targets = fields.Json(readonly=True)
    ok = fields.Boolean(string="Agrees", readonly=True)

    @api.depends("code")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.code

    @api.model
    def action_open(self):
        """Compare now; accountants see the rows of the companies they have chosen.

        What was found whole before, and is sealed or paid, is not walked again: see
        `action_open_whole`, and what is done each night.
        """
        if not self.env.user.has_group(ACCOUNTANT):
            raise AccessError(self.env._("The reconciliation is for accountants."))
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        if not self.env.user.has_group(ADMINISTRATOR):
            rows = [row for row in rows if row["company_id"] in self.env.companies.ids]
        shown = self.sudo().create([self._vals(row) for row in rows])
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reconciliation"),
            "res_model": self._name,
            "view_mode": "list",
            "domain": [("id", "in", shown.ids)],
            "help": self.env._(
                "<p class='o_view_nocontent_smiling_face'>Nothing to compare</p>"
                "<p>Choose a company that is an issuer, at the top right.</p>"
            ),
            "target": "main",
        }

    def action_open_whole(self):
        """Compare everything, as each night: all seals, and what was paid long ago."""
        return self.with_context(**{WHOLE: True}).action_open()

    @api.model
    def _vals(self, row):
        company = self.env["res.company"].sudo().browse(row["company_id"] or [])
        return {
            "code": row["check"],
            "check_kind": row["check"],
            "account_key": row["account"],
            "company_id": company.id,
            # Rows that count have no currency, and so no sums.
            "currency_id": row["account"] and company.currency_id.id,
            "partner_id": row["partner_id"],
            "faults": row["faults"],
            "note": row["note"] or self._partner_name(row),
            "targets": row["targets"],
            "ok": row["ok"],
            **{name: from_minor(row[name]) for name in MONEY},
        }

    def _partner_name(self, row):
        return self.env["res.partner"].sudo().browse(row["partner_id"] or []).name
