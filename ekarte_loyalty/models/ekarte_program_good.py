from odoo import fields, models

from ..units import to_minor


class EkarteProgramGood(models.Model):
    _name = "ekarte.program.good"
    _description = "Goods for points"
    _inherit = ["ekarte.published.mixin"]
    _order = "product"
    _rec_name = "product"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    product = fields.Char(required=True, help="Code of the goods, as tills send it.")
    points = fields.Integer("Points a Unit", required=True, default=1)
    unit = fields.Char(required=True, help="Such as litre or piece.")
    price = fields.Monetary(
        "Pays the Seller", required=True, help="What the issuer pays for each unit."
    )
    currency_id = fields.Many2one(related="program_id.currency_id")

    _product_uniq = models.Constraint(
        "UNIQUE(program_id, product)", "These goods stand there already."
    )

    def _as_parameter(self):
        return [
            {
                "product": good.product,
                "points": good.points,
                "unit": good.unit,
                "price": to_minor(good.price),
            }
            for good in self.sorted("product")
        ]
