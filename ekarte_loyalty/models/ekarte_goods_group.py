from odoo import fields, models

from ..units import to_basis_points


class EkarteGoodsGroup(models.Model):
    _name = "ekarte.goods.group"
    _description = "Goods group"
    _inherit = ["ekarte.network.part.mixin"]
    _order = "sequence, code"

    _network_room = "goods_groups"
    _network_field_names = {"tax_rate_bp": "tax_rate"}
    _ledger_columns = (("purse", "goods_group"), ("sale_line", "goods_group"))

    sequence = fields.Integer(default=10)
    code = fields.Char(required=True, help="As terminals name it, such as fuel.")
    name = fields.Char(required=True)
    tax_rate = fields.Float("Tax Rate, %", digits=(5, 2), default=21)
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "This goods group code is taken.")

    def _network_part(self):
        return {
            "code": self.code,
            "name": self.name,
            "tax_rate_bp": to_basis_points(self.tax_rate),
        }

    def _as_parameter(self):
        return self.mapped("code")
