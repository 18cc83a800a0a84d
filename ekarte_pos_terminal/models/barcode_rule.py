from odoo import fields, models


class BarcodeRule(models.Model):
    _inherit = "barcode.rule"

    type = fields.Selection(
        selection_add=[("ekarte_card", "Customer Card")],
        ondelete={"ekarte_card": "set default"},
    )
