from odoo import api, fields, models


class EkarteVoucher(models.Model):
    _name = "ekarte.voucher"
    _description = "Voucher of a card"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "code"
    _order = "id desc"
    _depends = {
        "ekarte.issuer": ["code"],
        "ekarte.network": ["currency_id"],
        "ekarte.program": ["code"],
    }

    code = fields.Char(readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    kind = fields.Selection(
        [("money", "Money off"), ("goods", "Goods for nothing")],
        "Voucher For",
        readonly=True,
    )
    value = fields.Monetary(readonly=True)
    product = fields.Char(readonly=True)
    issued_at = fields.Datetime("Issued", readonly=True)
    valid_until = fields.Datetime(readonly=True, help="Empty: it never ends.")
    state = fields.Selection(
        [
            ("open", "May be used"),
            ("used", "Used"),
            ("moved", "On another card"),
            ("taken_back", "Taken back with a refund"),
            ("ended", "Ended"),
        ],
        readonly=True,
    )

    @api.depends("code", "product", "value", "currency_id")
    def _compute_display_name(self):
        for voucher in self:
            what = voucher.product or voucher.currency_id.format(voucher.value)
            voucher.display_name = f"{voucher.code} · {what}"
