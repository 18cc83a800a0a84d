from odoo import fields, models


class EkarteStatement(models.Model):
    _name = "ekarte.statement"
    _description = "Statement of a credit card"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "made_on"
    _order = "made_on desc, id desc"
    _depends = {
        "ekarte.issuer": ["code"],
        "ekarte.network": ["currency_id"],
        "ekarte.program": ["code"],
    }

    card_id = fields.Many2one("ekarte.card", readonly=True)
    purse_id = fields.Many2one("ekarte.purse", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    made_on = fields.Date("Made", readonly=True)
    due_on = fields.Date("To Pay Until", readonly=True)
    amount = fields.Monetary(readonly=True, help="The debt on that day.")
    paid = fields.Monetary(
        readonly=True, help="Payments and returned goods since, up to the amount."
    )
    unpaid = fields.Monetary("Open", readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("paid", "Paid"), ("overdue", "Overdue")], readonly=True
    )
