from odoo import fields, models


class EkarteHold(models.Model):
    _name = "ekarte.hold"
    _description = "Reserved value"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _order = "id desc"
    _depends = {
        "ekarte.branch": ["code"],
        "ekarte.issuer": ["code"],
    }

    name = fields.Char("Operation", readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    at = fields.Datetime("Time", readonly=True)
    expires_at = fields.Datetime("Expires", readonly=True)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("captured", "Confirmed"),
            ("released", "Released"),
            ("expired", "Expired"),
        ],
        readonly=True,
    )
    terminal = fields.Char(readonly=True)
    branch_id = fields.Many2one("ekarte.branch", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", "Seller", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary("Purchase", readonly=True)
