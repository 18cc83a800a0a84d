from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    ekarte_goods_group_id = fields.Many2one(
        "ekarte.goods.group",
        "E-karte Goods Group",
        ondelete="restrict",
        index="btree_not_null",
        help="Programs give discounts and points by goods group. Empty: that of the"
        " category above, else none.",
    )

    def _ekarte_goods_group(self):
        """Return the group of the category, or of the nearest one above it."""
        category = self
        while category and not category.ekarte_goods_group_id:
            category = category.parent_id
        return category.ekarte_goods_group_id
