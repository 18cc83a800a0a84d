from odoo import api, fields, models


class EkarteLot(models.Model):
    _name = "ekarte.lot"
    _description = "Part of a purse with its own end"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _order = "valid_until, id"
    _depends = {"ekarte.issuer": ["code"]}

    purse_id = fields.Many2one("ekarte.purse", readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    valid_until = fields.Datetime(readonly=True, help="Empty: it never ends.")
    issued = fields.Float("Put In Amount", digits=(16, 2), readonly=True)
    balance = fields.Float("Left Amount", digits=(16, 2), readonly=True)
    held = fields.Float("Reserved Amount", digits=(16, 2), readonly=True)
    carry = fields.Monetary(
        "Liability in the Books",
        readonly=True,
        groups="ekarte_loyalty.ekarte_loyalty_group_accountant",
    )
    issued_text = fields.Char("Put In", compute="_compute_texts")
    balance_text = fields.Char("Left", compute="_compute_texts")
    held_text = fields.Char("Reserved", compute="_compute_texts")

    @api.depends("valid_until")
    def _compute_display_name(self):
        for lot in self:
            lot.display_name = fields.Date.to_string(lot.valid_until) or str(lot.id)

    @api.depends("issued", "balance", "held", "purse_id.measure")
    def _compute_texts(self):
        for lot in self:
            lot.issued_text = lot.purse_id._in_words(lot.issued)
            lot.balance_text = lot.purse_id._in_words(lot.balance)
            lot.held_text = lot.purse_id._in_words(lot.held)
